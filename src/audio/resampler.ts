import { kaiserSinc } from './kaiser.ts';

/**
 * Between the telephone's 8 kHz and the agent's 16 kHz, one stream at a time: a low-pass filter of 97 taps at 16 kHz
 * (Kaiser-windowed sinc, cut-off 3.7 kHz, β 6), computed only where its output is kept (polyphase). Each direction
 * delays by 48 samples of 16 kHz, which is 3.00 ms. Flat to 3.4 kHz, the telephone's band; what is above 4.6 kHz is gone.
 */
const TAPS = 97;
const CENTRE = (TAPS - 1) / 2;
const CUT_OFF = 3_700 / 16_000;
const BETA = 6;

/** Earlier samples that an output still hears. */
const UP_HISTORY = CENTRE;
const DOWN_HISTORY = TAPS - 1;

/** Samples in a 20 ms frame at 16 kHz: the size that the buffers start with. */
const USUAL_SAMPLES = 320;

/** A stateful resampler of one stream of signed 16-bit samples. */
export interface Resampler {
  /**
   * Takes the next samples of the stream, of any number, and returns what they give. The result is the same however
   * the stream is cut. It lies in a buffer of the resampler and is valid until the next call. What would leave the
   * 16-bit range stays at its edge.
   */
  process(input: Int16Array): Int16Array;
  /** Forgets the stream: what comes next is heard as if silence had gone before. */
  reset(): void;
}

/** Half of the filter and its centre: it is symmetric, tap `k` being tap `96 - k`. Sums to 1 over all taps. */
function designHalf(): Float64Array {
  const half = Float64Array.from({ length: CENTRE + 1 }, (_, k) =>
    kaiserSinc(k - CENTRE, CUT_OFF, CENTRE, BETA),
  );
  const sum = half.reduce((total, tap, k) => total + (k < CENTRE ? 2 * tap : tap), 0);
  return half.map((tap) => tap / sum);
}

const HALF = designHalf();

// Between two samples of 8 kHz stands a zero at 16 kHz, so that an output meets only every other tap; twice the gain
// makes up for it. The even phase has 24 pairs of equal taps and a centre, the odd phase 24 pairs.
const EVEN = HALF.filter((_, k) => k % 2 === 0).map((tap) => 2 * tap);
const ODD = HALF.filter((_, k) => k % 2 === 1).map((tap) => 2 * tap);

/** Makes an 8 → 16 kHz resampler: `n` samples in, `2n` samples out. */
export function createUpsampler(): Resampler {
  let line = new Float64Array(UP_HISTORY + USUAL_SAMPLES / 2);
  let output = new Int16Array(USUAL_SAMPLES);

  return {
    process(input) {
      const count = input.length;
      if (line.length < UP_HISTORY + count) line = grown(line, UP_HISTORY + count);
      if (output.length !== 2 * count) output = new Int16Array(2 * count);
      line.set(input, UP_HISTORY);
      upsample(line, count, output);
      line.copyWithin(0, count, count + UP_HISTORY);
      return output;
    },
    reset() {
      line.fill(0);
    },
  };
}

/**
 * Makes a 16 → 8 kHz resampler: of every two samples one is kept, at the first one's place. An odd sample at the end
 * waits for the next call.
 */
export function createDownsampler(): Resampler {
  let line = new Float64Array(DOWN_HISTORY + USUAL_SAMPLES + 1);
  let output = new Int16Array(USUAL_SAMPLES / 2);
  let carried = 0;

  return {
    process(input) {
      const total = carried + input.length;
      const count = total >> 1;
      if (line.length < DOWN_HISTORY + total) line = grown(line, DOWN_HISTORY + total);
      if (output.length !== count) output = new Int16Array(count);
      line.set(input, DOWN_HISTORY + carried);
      downsample(line, count, output);
      carried = total - 2 * count;
      line.copyWithin(0, 2 * count, 2 * count + DOWN_HISTORY + carried);
      return output;
    },
    reset() {
      line.fill(0);
      carried = 0;
    },
  };
}

// The two loops are functions of their own, and copy what they read to constants of their own: variables of a closure
// or a module are read anew at every step, which takes a third longer (measured).

/** Filters `count` samples, which stand in `line` after `UP_HISTORY` earlier ones, to twice as many. */
function upsample(line: Float64Array, count: number, output: Int16Array): void {
  const evenTaps = EVEN;
  const oddTaps = ODD;
  const history = UP_HISTORY;
  const pairs = history / 2;
  const middleTap = evenTaps[pairs] as number;
  for (let i = 0; i < count; i += 1) {
    let even = middleTap * (line[i + pairs] as number);
    let odd = 0;
    // Equal taps are met from both ends at once. The odd phase has a tap less, so its older end is a sample nearer.
    let older = line[i] as number;
    for (let k = 0; k < pairs; k += 1) {
      const newer = line[i + history - k] as number;
      const next = line[i + k + 1] as number;
      even += (evenTaps[k] as number) * (older + newer);
      odd += (oddTaps[k] as number) * (next + newer);
      older = next;
    }
    output[2 * i] = toSample(even);
    output[2 * i + 1] = toSample(odd);
  }
}

/** Filters `count` pairs of samples, which stand in `line` after `DOWN_HISTORY` earlier samples, to one each. */
function downsample(line: Float64Array, count: number, output: Int16Array): void {
  const taps = HALF;
  const history = DOWN_HISTORY;
  const pairs = history / 2;
  const middleTap = taps[pairs] as number;
  for (let i = 0; i < count; i += 1) {
    const oldest = 2 * i;
    const newest = oldest + history;
    // Two sums side by side: an addition need not wait for the one before it.
    let one = middleTap * (line[oldest + pairs] as number);
    let other = 0;
    for (let k = 0; k < pairs; k += 2) {
      const older = oldest + k;
      const newer = newest - k;
      one += (taps[k] as number) * ((line[older] as number) + (line[newer] as number));
      other += (taps[k + 1] as number) * ((line[older + 1] as number) + (line[newer - 1] as number));
    }
    output[i] = toSample(one + other);
  }
}

function toSample(value: number): number {
  if (value > 32_767) return 32_767;
  if (value < -32_768) return -32_768;
  return Math.round(value);
}

function grown(line: Float64Array, length: number): Float64Array<ArrayBuffer> {
  const longer = new Float64Array(length);
  longer.set(line);
  return longer;
}
