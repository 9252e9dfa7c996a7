import { MULAW_TO_PCM, PCM_TO_MULAW } from '../src/audio/mulaw.ts';

/** One frame in both of its forms. Not to be written into. */
export interface Coded {
  /** 160 bytes of µ-law. */
  mulaw: Buffer;
  /** The same in 320 samples of 16 bits at 16 kHz. */
  wide: Buffer;
}

/**
 * A frame for an agent whose samples are resampled on the way, which no number in their lowest bits survives. It hisses,
 * and each of eight bits is two stretches of 1 ms of which one is louder: the first for 1, the second for 0.
 */
const BITS = 8;
const CODES = 1 << BITS;
/** Samples at 8 kHz in half a bit. */
const HALF = 8;
const FRAME_SAMPLES = 160;
const LOUD = 8_000;
const SOFT = 1_000;
/** What a stretch is louder by, in power, where it is known that one is. */
const CLEARLY = 4;
/** A mean power from which on something is to be heard. */
const AUDIBLE = 200 * 200;

const FRAMES: readonly Coded[] = Array.from({ length: CODES }, (_, code) => frameOf(code));

/** The frame that says its place, modulo 256. */
export function codedFrame(place: number): Coded {
  return FRAMES[place % CODES] as Coded;
}

/** The place nearest to the one that is expected of those that a code can mean. */
export function nearestPlace(code: number, expected: number): number {
  const ahead = (((code - expected) % CODES) + CODES) % CODES;
  const place = expected + (ahead < CODES / 2 ? ahead : ahead - CODES);
  return place < 0 ? place + CODES : place;
}

/** What a frame of µ-law says, that came out `delayMs` of sound later than it went in. */
export function readMulaw(bytes: Uint8Array, delayMs: number): number | 'silence' | 'foreign' {
  return read((i) => MULAW_TO_PCM[bytes[i] as number] as number, 1, delayMs);
}

/** The same of a frame in samples of 16 bits at 16 kHz. */
export function readWide(bytes: Buffer, delayMs: number): number | 'silence' | 'foreign' {
  return read((i) => bytes.readInt16LE(2 * i), 2, delayMs);
}

function read(sample: (i: number) => number, rate: 1 | 2, delayMs: number): number | 'silence' | 'foreign' {
  const from = delayMs * 8;
  let code = 0;
  let total = 0;
  let unclear = false;
  for (let bit = 0; bit < BITS; bit += 1) {
    const first = power(sample, rate, from + 2 * bit * HALF);
    const second = power(sample, rate, from + (2 * bit + 1) * HALF);
    total += first + second;
    if (Math.max(first, second) < CLEARLY * Math.min(first, second)) unclear = true;
    code = 2 * code + (first > second ? 1 : 0);
  }
  if (total < AUDIBLE * 2 * BITS) return 'silence';
  return unclear ? 'foreign' : code;
}

/** The mean power of the middle of half a bit. */
function power(sample: (i: number) => number, rate: number, start: number): number {
  let sum = 0;
  for (let i = rate * (start + 2); i < rate * (start + HALF - 2); i += 1) sum += sample(i) ** 2;
  return sum / (rate * (HALF - 4));
}

function frameOf(code: number): Coded {
  const mulaw = Buffer.alloc(FRAME_SAMPLES);
  const wide = Buffer.alloc(4 * FRAME_SAMPLES);
  let chance = code + 1;
  for (let i = 0; i < FRAME_SAMPLES; i += 1) {
    // The generator of Numerical Recipes, so that each run sends the same; every other sample, as 4 kHz is filtered away.
    if (i % 2 === 0) chance = (Math.imul(chance, 1_664_525) + 1_013_904_223) >>> 0;
    const bit = (code >> (BITS - 1 - Math.floor(i / (2 * HALF)))) & 1;
    const inFirst = Math.floor(i / HALF) % 2 === 0;
    const isLoud = i < 2 * HALF * BITS && inFirst === (bit === 1);
    const sample = (chance & 0x8000_0000 ? 1 : -1) * (isLoud ? LOUD : SOFT);
    mulaw[i] = PCM_TO_MULAW[sample & 0xffff] as number;
    wide.writeInt16LE(sample, 4 * i);
    wide.writeInt16LE(sample, 4 * i + 2);
  }
  return { mulaw, wide };
}
