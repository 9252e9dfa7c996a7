import type { Clock } from './ports.ts';

/** Something that may happen so often and not more often. */
export interface RateLimit {
  /** It happens now. True where it has happened `most` times already within `withinMs`; this time then does not count. */
  exceeded(): boolean;
}

/** Lets `most` through in any stretch of `withinMs`. Costs a look at the clock each time, and keeps `most` numbers. */
export function createRateLimit({ now }: Pick<Clock, 'now'>, most: number, withinMs: number): RateLimit {
  /** When the last `most` happened; the oldest is the next to be written over. */
  const times = new Float64Array(most).fill(Number.NEGATIVE_INFINITY);
  let oldest = 0;

  return {
    exceeded() {
      const at = now();
      if (at - (times[oldest] ?? 0) < withinMs) return true;
      times[oldest] = at;
      oldest = (oldest + 1) % most;
      return false;
    },
  };
}
