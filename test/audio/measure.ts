import { kaiserSinc } from '../../src/audio/kaiser.ts';

export const FULL_SCALE = 32_767;

/** A ratio of amplitudes in decibels. */
export const decibels = (ratio: number): number => 20 * Math.log10(ratio);

/** A sine of `count` samples, rounded to 16 bits. */
export function sine(frequency: number, rate: number, count: number, amplitude: number): Int16Array {
  return Int16Array.from({ length: count }, (_, i) =>
    Math.round(amplitude * Math.sin((2 * Math.PI * frequency * i) / rate + 0.3)),
  );
}

/** The part of `samples` that is a sine of `frequency`: exact if they span whole periods. */
function partAt(samples: Int16Array, frequency: number, rate: number) {
  const angle = (i: number) => (2 * Math.PI * frequency * i) / rate;
  let cos = 0;
  let sin = 0;
  samples.forEach((sample, i) => {
    cos += (2 / samples.length) * sample * Math.cos(angle(i));
    sin += (2 / samples.length) * sample * Math.sin(angle(i));
  });
  return {
    amplitude: Math.hypot(cos, sin),
    at: (i: number) => cos * Math.cos(angle(i)) + sin * Math.sin(angle(i)),
  };
}

/** The amplitude of the sine of `frequency` in `samples`, which span whole periods. */
export function amplitudeAt(samples: Int16Array, frequency: number, rate: number): number {
  return partAt(samples, frequency, rate).amplitude;
}

/** Signal over everything that is not the sine of `frequency`, in decibels. `samples` span whole periods. */
export function sinad(samples: Int16Array, frequency: number, rate: number): number {
  const part = partAt(samples, frequency, rate);
  const rest = samples.reduce((sum, sample, i) => sum + (sample - part.at(i)) ** 2, 0) / samples.length;
  return 10 * Math.log10(part.amplitude ** 2 / 2 / rest);
}

/** How far `heard` is from `said`, sample by sample, as a ratio of powers in decibels. */
export function signalToError(said: Int16Array, heard: Int16Array): number {
  let signal = 0;
  let error = 0;
  said.forEach((sample, i) => {
    signal += sample ** 2;
    error += (sample - (heard[i] ?? 0)) ** 2;
  });
  return 10 * Math.log10(signal / error);
}

/** `samples` at 8 kHz without what lies above 3.4 kHz, in place; from 3.1 kHz down they are as they were. */
export function telephoneBand(samples: Int16Array): Int16Array {
  const reach = 96;
  const filter = Float64Array.from({ length: 2 * reach + 1 }, (_, k) =>
    kaiserSinc(k - reach, 3_250 / 8_000, reach, 8),
  );
  return samples.map((_, i) =>
    Math.round(filter.reduce((sum, tap, k) => sum + tap * (samples[i + reach - k] ?? 0), 0)),
  );
}

/** Joins the pieces of a stream. */
export function joined(pieces: Int16Array[]): Int16Array {
  const whole = new Int16Array(pieces.reduce((length, piece) => length + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/** Cuts `whole` into pieces of the given lengths, over and over, until it is used up. */
export function cut<T extends Int16Array | Buffer>(whole: T, lengths: number[]): T[] {
  const pieces: T[] = [];
  for (let at = 0, i = 0; at < whole.length; i += 1) {
    const length = lengths[i % lengths.length] ?? whole.length;
    pieces.push(whole.subarray(at, at + length) as T);
    at += length;
  }
  return pieces;
}
