import { levelOf, MULAW_SAMPLES } from './loudness.ts';

const FRAME_BYTES = 160;
/** A one-pole high-pass at about 130 Hz: rumble and mains hum out, the voice in. */
const HIGH_PASS = 0.9;
/** The window of 30 ms, and the frame's part in it, in samples at 4 kHz. */
const WINDOW = 120;
const HALF_FRAME = 80;
/** Pitch periods of 400 and of 60 Hz, in samples at 4 kHz. */
const SHORTEST = 10;
const LONGEST = 66;

/** So many lags are measured in one pass: 57 lags are 19 passes, each of which reads the window once for all three. */
const AT_ONCE = 3;

/**
 * The energy of a window's samples before each, and the products of one pass: filled and used within one measurement,
 * so they do for all calls.
 */
const energyBefore = new Float64Array(WINDOW + 1);
const products = new Float64Array(AT_ONCE);

/** Hears in 20 ms of sound how loud it is, and how much it repeats itself at the pitch of a voice. */
export interface Voicing {
  /** Takes the frame of µ-law at `start` of `mulaw` and gives its level in dBFS, rumble apart. */
  level(mulaw: Uint8Array, start: number): number;
  /** The greatest normalised autocorrelation (-1…1) of the last 30 ms over the pitches of 60 to 400 Hz. */
  periodicity(): number;
  /** The pitch period that `periodicity` found last, in samples at 4 kHz. */
  readonly period: number;
}

/** Makes the ear of one call. It keeps the last 10 ms: `periodicity` is of a frame and the end of the one given before it. */
export function createVoicing(): Voicing {
  const window = new Float64Array(WINDOW);
  /** The last sample in, and the last after the high-pass. */
  const last = new Float64Array(2);
  let period = 0;

  return {
    level(mulaw, start) {
      window.copyWithin(0, HALF_FRAME);
      let input = last[0] as number;
      let output = last[1] as number;
      let sum = 0;
      for (let i = 0; i < HALF_FRAME; i += 1) {
        const even = MULAW_SAMPLES[mulaw[start + 2 * i] as number] as number;
        const odd = MULAW_SAMPLES[mulaw[start + 2 * i + 1] as number] as number;
        const before = output;
        const middle = even - input + HIGH_PASS * before;
        output = odd - even + HIGH_PASS * middle;
        input = odd;
        sum += middle * middle + output * output;
        // Every second sample of a weighted mean of three: the harmonics of a voice stay, the hiss above 2 kHz goes.
        window[WINDOW - HALF_FRAME + i] = before + 2 * middle + output;
      }
      last[0] = input;
      last[1] = output;
      return levelOf(sum / FRAME_BYTES);
    },
    periodicity() {
      for (let i = 0; i < WINDOW; i += 1) {
        const sample = window[i] as number;
        energyBefore[i + 1] = (energyBefore[i] as number) + sample * sample;
      }
      let best = -1;
      for (let lag = SHORTEST; lag <= LONGEST; lag += AT_ONCE) {
        correlate(window, lag);
        for (let more = 0; more < AT_ONCE; more += 1) {
          const alike = (products[more] as number) / Math.sqrt(energyAt(lag + more) + 1e-20);
          if (alike <= best) continue;
          best = alike;
          period = lag + more;
        }
      }
      return best;
    },
    get period() {
      return period;
    },
  };
}

/** Sums up the products of the samples that lie `lag` apart, of those one more, and of those two more. */
function correlate(window: Float64Array, lag: number): void {
  let sum = 0;
  let sumOfNext = 0;
  let sumOfLast = 0;
  let before1 = 0;
  let before2 = 0;
  for (let i = lag; i < WINDOW; i += 1) {
    const sample = window[i] as number;
    const before = window[i - lag] as number;
    sum += sample * before;
    sumOfNext += sample * before1;
    sumOfLast += sample * before2;
    before2 = before1;
    before1 = before;
  }
  products[0] = sum;
  products[1] = sumOfNext;
  products[2] = sumOfLast;
}

/** The product of the energies of the two pieces of the window that lie `lag` apart. */
function energyAt(lag: number): number {
  const later = (energyBefore[WINDOW] as number) - (energyBefore[lag] as number);
  return (energyBefore[WINDOW - lag] as number) * later;
}
