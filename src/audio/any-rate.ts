import { kaiserSinc } from './kaiser.ts';

const TELEPHONE_RATE = 8_000;

/** Half-amplitude frequency and reach of the filter, counted in the lower of the two rates: it is flat to 3.4 kHz of 8. */
const CUT_OFF = 3_700 / TELEPHONE_RATE;
const HALF_WIDTH = 34;
const BETA = 8;

/** Points of the filter per sample of the lower rate; a straight line between two of them is exact to -100 dB. */
const POINTS = 256;

const FILTER = Float64Array.from({ length: HALF_WIDTH * POINTS + 2 }, (_, i) =>
  kaiserSinc(i / POINTS, CUT_OFF, HALF_WIDTH, BETA),
);

/**
 * A whole recording at `rate` samples a second as a whole recording at 8000, without delay. For files: what is heard in
 * a call goes through the stateful resamplers. At 8000 the samples come back as they are.
 */
export function toTelephoneRate(samples: Int16Array, rate: number): Int16Array {
  if (rate === TELEPHONE_RATE) return samples;
  const step = rate / TELEPHONE_RATE;
  const scale = Math.min(rate, TELEPHONE_RATE) / rate;
  const reach = HALF_WIDTH / scale;

  return Int16Array.from({ length: Math.ceil(samples.length / step) }, (_, i) => {
    const at = i * step;
    const last = Math.min(samples.length - 1, Math.floor(at + reach));
    let sum = 0;
    for (let k = Math.max(0, Math.ceil(at - reach)); k <= last; k += 1) {
      sum += (samples[k] as number) * filterAt(Math.abs(k - at) * scale);
    }
    return Math.max(-32_768, Math.min(32_767, Math.round(sum * scale)));
  });
}

function filterAt(position: number): number {
  const point = position * POINTS;
  const index = Math.floor(point);
  const before = FILTER[index] as number;
  return before + (point - index) * ((FILTER[index + 1] as number) - before);
}
