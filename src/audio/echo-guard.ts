import type { FarTrack } from './far-track.ts';
import { SILENCE_DBFS } from './loudness.ts';

/**
 * Echoes of 0 to 790 ms are looked for, 10 ms apart: both ways through the network, and the caller's loudspeaker and
 * room. At 20 ms apart, an echo half way between two is up to 9 dB louder than what is expected, and taken for a voice.
 */
const DELAYS = 80;
/** The echo that is expected of every delay before anything is known of it, in dB of what was played. */
const FIRST_RATIO = -20;
const LEAST_RATIO = -60;
/** Only what was played at least as loud teaches, in dBFS: the echo of less is lost in the noise. */
const LOUD = -45;
/** Steps, in dB a frame, that settle at the 20th percentile of what is measured. */
const UP = 0.2;
const DOWN = 0.8;
/** A frame this little above the background is background: an echo in it is at least 4 dB below that. */
const MASKED_BELOW = 3;
const MASKED_ECHO = -4;

/** Knows how much of what the caller's ear is given comes back in the caller's sound, and how late. */
export interface EchoGuard {
  /** The level, in dBFS, that echo has in the caller's frame around `atMs`; it may well be 6 dB more. */
  expect(atMs: number): number;
  /**
   * Learns from the frame that `expect` was asked about last: its level, and the level of the background. `alone`
   * when nobody seems to speak: the voice of the caller must not pass for an echo.
   */
  learn(level: number, background: number, alone: boolean): void;
}

/** Makes the guard of one call. For each delay it tracks the ratio of what is heard to what was played. */
export function createEchoGuard(far: FarTrack): EchoGuard {
  const ratios = new Float64Array(DELAYS).fill(FIRST_RATIO);
  const played = new Float64Array(DELAYS).fill(SILENCE_DBFS);

  return {
    expect(atMs) {
      far.levels(atMs, played);
      let greatest = SILENCE_DBFS;
      for (let delay = 0; delay < DELAYS; delay += 1) {
        const echo = (played[delay] as number) + (ratios[delay] as number);
        if (echo > greatest) greatest = echo;
      }
      return greatest;
    },
    learn(level, background, alone) {
      const masked = level < background + MASKED_BELOW;
      const atMost = masked ? background + MASKED_ECHO : level;
      for (let delay = 0; delay < DELAYS; delay += 1) {
        const loud = played[delay] as number;
        if (loud < LOUD) continue;
        const ratio = ratios[delay] as number;
        const seen = atMost - loud;
        if (seen < ratio) ratios[delay] = Math.max(LEAST_RATIO, seen, ratio - DOWN);
        else if (alone && !masked) ratios[delay] = Math.min(0, seen, ratio + UP);
      }
    },
  };
}
