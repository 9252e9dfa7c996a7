import { levelDb } from './level.ts';

const FRAME_BYTES = 160;
/** No more than so much is said again to another agent, in bytes: 3 s. */
const MOST_BYTES = 24_000;
/** Louder than this, in dBFS, is a voice and not the hiss of a line. */
const VOICE_DB = -45;
/** What comes before a voice is heard belongs to its first sound, in frames: 100 ms. */
const ONSET_FRAMES = 5;

/** Of the caller's `frames`, which nobody heard, the last three seconds from the first voice in them on. */
export function lastWords(frames: readonly Buffer[]): { frames: Buffer[]; bytes: number } {
  const latest = [...frames];
  let bytes = latest.reduce((sum, { length }) => sum + length, 0);
  while (latest[0] && bytes > MOST_BYTES) bytes -= latest.shift()?.length ?? 0;
  const voiced = latest.findIndex(
    (frame) => levelDb(frame, 0, Math.min(frame.length, FRAME_BYTES)) > VOICE_DB,
  );
  const kept = voiced < 0 ? [] : latest.slice(Math.max(0, voiced - ONSET_FRAMES));
  return { frames: kept, bytes: kept.reduce((sum, { length }) => sum + length, 0) };
}
