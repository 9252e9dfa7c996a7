import { MULAW_TO_PCM } from './mulaw.ts';

/** What silence counts as, in dBFS. */
export const SILENT_DB = -90;

const FULL_SCALE = 32_768;

/** How loud `mulaw` is from `start` up to `end`: the root of its mean square in dBFS, to a tenth, -90 at least. */
export function levelDb(mulaw: Uint8Array, start = 0, end = mulaw.length): number {
  let sum = 0;
  for (let i = start; i < end; i += 1) {
    const sample = MULAW_TO_PCM[mulaw[i] as number] as number;
    sum += sample * sample;
  }
  if (sum === 0) return SILENT_DB;
  const db = 10 * Math.log10(sum / (end - start) / (FULL_SCALE * FULL_SCALE));
  return Math.max(SILENT_DB, Math.round(db * 10) / 10);
}
