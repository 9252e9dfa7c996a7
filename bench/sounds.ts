import { FRAME_BYTES, FRAME_MS, type Sound } from './track.ts';

/** As many frames of hiss as differ from one another. */
const FRAMES = 997;
/** The codes of µ-law, all as likely: -10 dBFS. Drawn by the generator of Numerical Recipes, so that each run hears the same. */
const HISS = Uint8Array.from(drawn(FRAMES * FRAME_BYTES), (value) => value >>> 24);
const QUIET = new Uint8Array(FRAME_BYTES).fill(0xff);

function* drawn(count: number): Generator<number> {
  let value = 1;
  for (let i = 0; i < count; i += 1) {
    value = (Math.imul(value, 1_664_525) + 1_013_904_223) >>> 0;
    yield value;
  }
}

/** A loud hiss without end, which nobody takes for a voice. */
export function hiss(number: number): Sound {
  return (place) => frameOf(HISS, number + place);
}

/** The same with a quiet frame every so many ms. */
export function brokenHiss(number: number, everyMs: number): Sound {
  const every = everyMs / FRAME_MS;
  return (place) => (place % every === 0 ? QUIET : frameOf(HISS, number + place));
}

/** A recording over and over, from its first whole frame to its last. */
export function looped(mulaw: Uint8Array): Sound {
  return (place) => frameOf(mulaw, place);
}

function frameOf(mulaw: Uint8Array, place: number): Uint8Array {
  const start = (place % Math.floor(mulaw.length / FRAME_BYTES)) * FRAME_BYTES;
  return mulaw.subarray(start, start + FRAME_BYTES);
}
