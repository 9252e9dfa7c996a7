import { MULAW_SILENCE, PCM_TO_MULAW } from '../audio/mulaw.ts';

/** Uniform noise between -45 and 45 has an RMS of 26 of 32768: -62 dBFS, the hiss of a quiet telephone line. */
const PEAK = 45;
/** The other code of zero; Twilio's lines send 0xff. */
const NEGATIVE_ZERO = 0x7f;

/** Makes `bytes` of faint noise, never the same twice, the same for the same `seed`. */
export function createLineNoise(seed: number): (bytes: number) => Buffer {
  let state = seed >>> 0;

  // Mulberry32: 32 bits of state, good enough that no two frames are alike.
  function random(): number {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }

  function sample(): number {
    const code = PCM_TO_MULAW[Math.round((random() * 2 - 1) * PEAK) & 0xffff] ?? MULAW_SILENCE;
    return code === NEGATIVE_ZERO ? MULAW_SILENCE : code;
  }

  return (bytes) => Buffer.from(Uint8Array.from({ length: bytes }, sample));
}
