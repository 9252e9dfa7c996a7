import type { Clock } from '../ports.ts';
import { createRateLimit } from '../rate-limit.ts';

/**
 * More than 1,000 messages in 5 s, twenty times fifty, is a flood. Twilio sends 50 a second and some marks; what the
 * network held back for 15 s comes as 750 at once.
 */
const COUNTED_BY = 50;
const MOST_COUNTS = 20;
const FLOOD_MS = 5_000;

/** Messages in a second that cannot be read; whoever speaks Twilio's protocol sends none. */
const MOST_UNREADABLE = 50;
/** Keys in a second of which the agent is told: more than fingers can press. */
const MOST_KEYS = 20;
const SECOND_MS = 1_000;

/** What a caller's socket may bring, and how often. */
export interface CallerLimits {
  /** A message has come. True where that is one too many. */
  floods(): boolean;
  /** It could not be read. True where that is one too many. */
  isNonsense(): boolean;
  /** A key was pressed. True where that is one too many. */
  hammers(): boolean;
}

/** Counts what one caller's socket brings. Of fifty messages one costs a look at the clock, the others an addition. */
export function createCallerLimits(clock: Pick<Clock, 'now'>): CallerLimits {
  const fifties = createRateLimit(clock, MOST_COUNTS, FLOOD_MS);
  const unreadable = createRateLimit(clock, MOST_UNREADABLE, SECOND_MS);
  const keys = createRateLimit(clock, MOST_KEYS, SECOND_MS);
  let uncounted = 0;

  return {
    floods() {
      uncounted += 1;
      if (uncounted < COUNTED_BY) return false;
      uncounted = 0;
      return fifties.exceeded();
    },
    isNonsense: unreadable.exceeded,
    hammers: keys.exceeded,
  };
}
