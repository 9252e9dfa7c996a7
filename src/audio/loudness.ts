import { MULAW_TO_PCM } from './mulaw.ts';

/** The level of silence, in dBFS: nothing is quieter. */
export const SILENCE_DBFS = -90;

/** The sample, of -1…1, that each of the 256 codes of µ-law stands for. */
export const MULAW_SAMPLES: Float64Array = Float64Array.from(MULAW_TO_PCM, (sample) => sample / 32_768);

/** The square of each of these. */
export const MULAW_SQUARES: Float64Array = MULAW_SAMPLES.map((sample) => sample * sample);

/** The level, in dBFS, of a mean square of 0…1. */
export function levelOf(meanSquare: number): number {
  return Math.max(SILENCE_DBFS, 10 * Math.log10(meanSquare));
}
