import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { isQuiet } from './audio/mulaw.ts';
import { readSpeech } from './audio/wav.ts';
import type { Clips } from './call/clip-player.ts';

/** Whose words: the bridge's own where nothing is named, those of a file, or, where that is empty, none. */
export type ClipChoice = Readonly<Record<keyof Required<Clips>, string | undefined>>;

/** Longer than this, in ms, a clip keeps the caller from the agent that waits behind it. */
const LONGEST_MS = 10_000;
const BYTES_PER_MS = 8;

const BUNDLED: Record<keyof ClipChoice, string> = { oneMoment: 'one-moment', lineLost: 'line-lost' };
const VARIABLES: Record<keyof ClipChoice, string> = {
  oneMoment: 'CLIP_ONE_MOMENT',
  lineLost: 'CLIP_LINE_LOST',
};

/** Reads the bridge's own words; `words` names what is wrong with a file that was named, and the remedy. */
export function loadClips(chosen: ClipChoice): { ok: true; clips: Clips } | { ok: false; words: string } {
  const clips: Partial<Record<keyof Clips, Buffer>> = {};
  for (const clip of ['oneMoment', 'lineLost'] as const) {
    const path = chosen[clip];
    if (path === '') continue;
    const read = path === undefined ? bundled(clip) : fromFile(path);
    if (!read.ok) return { ok: false, words: `${VARIABLES[clip]} ${read.words}` };
    clips[clip] = read.mulaw;
  }
  return { ok: true, clips };
}

function bundled(clip: keyof ClipChoice): { ok: true; mulaw: Buffer } {
  return { ok: true, mulaw: readFileSync(new URL(`./clips/${BUNDLED[clip]}.ulaw`, import.meta.url)) };
}

function fromFile(path: string): ReturnType<typeof readSpeech> {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch {
    return { ok: false, words: 'cannot be read. Set it to the path of a WAV file, or leave it out.' };
  }
  const read = readSpeech(bytes, basename(path));
  if (!read.ok) return { ok: false, words: `cannot be played: ${read.words}` };
  if (read.mulaw.length > LONGEST_MS * BYTES_PER_MS)
    return { ok: false, words: `is longer than ${LONGEST_MS / 1_000} s. Set it to a short recording.` };
  // The agent waits until its end was heard, which is never told of silence.
  if (isQuiet(read.mulaw)) return { ok: false, words: 'is silent. Set it to a recording that can be heard.' };
  return read;
}
