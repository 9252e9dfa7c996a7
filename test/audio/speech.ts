import { readFileSync } from 'node:fs';
import { decodeMulaw } from '../../src/audio/mulaw.ts';

/** The corpus's short utterances and the agent's monologue. */
export const SPEECH = ['utt/u01', 'utt/u02', 'utt/u03', 'utt/u04', 'agent/a1'];

/** One item of the corpus as µ-law bytes. */
export function speechMulaw(id: string): Buffer {
  return readFileSync(new URL(`../corpus/${id}.ulaw`, import.meta.url));
}

/** One item of the corpus as 16-bit samples at 8 kHz. */
export function speechPcm(id: string): Int16Array {
  const mulaw = speechMulaw(id);
  const samples = new Int16Array(mulaw.length);
  decodeMulaw(mulaw, samples);
  return samples;
}
