/** Nothing on a telephone line is under way longer; what takes longer was held up. */
const LONGEST_ROUND_TRIP_MS = 1_000;
/** So many marks of one age make a generation of the round trip: the least of this one and the last is believed. */
const GENERATION = 20;
/** A mark is this much later than the quickest without meaning anything: messages are not equally long under way. */
const JITTER_MS = 5;

/**
 * How late the caller's ear runs behind the schedule of what it is given, learned from the marks of one call.
 *
 * The schedule says: audio sent to an empty queue is played from the moment at which it is sent, and the next follows
 * on it. Both that audio and a `clear` are one way under way, so a `clear` sent now finds the ear exactly where the
 * schedule has it, whatever the way. A mark is late by the way out and the way back: the least that was seen lately is the
 * round trip. What marks are late beyond that, the line stood still while Twilio had nothing to play.
 */
export interface PlayoutLag {
  /** The schedule begins anew, with audio for an empty queue. */
  restart(): void;
  /**
   * A mark is back, `lateMs` after the schedule has its audio played. `early`: soon after the schedule began, when the
   * line can hardly have stood still since.
   */
  marked(lateMs: number, early: boolean): void;
  /** By how much the ear is later than the schedule, in ms. */
  readonly behindMs: number;
}

/** Makes the lag of one call. */
export function createPlayoutLag(): PlayoutLag {
  let olderLeast = Number.POSITIVE_INFINITY;
  let newerLeast = Number.POSITIVE_INFINITY;
  let samples = 0;
  let lastLateMs = Number.POSITIVE_INFINITY;
  let behindMs = 0;

  function learn(lateMs: number): void {
    if (samples === GENERATION) {
      olderLeast = newerLeast;
      newerLeast = Number.POSITIVE_INFINITY;
      samples = 0;
    }
    newerLeast = Math.min(newerLeast, lateMs);
    samples += 1;
  }

  return {
    restart() {
      lastLateMs = Number.POSITIVE_INFINITY;
      behindMs = 0;
    },
    marked(lateMs, early) {
      if (early || lateMs < Math.min(olderLeast, newerLeast))
        learn(Math.min(LONGEST_ROUND_TRIP_MS, Math.max(0, lateMs)));
      // A mark can be held up on its own way back; of two in a row the better one tells.
      const leastLateMs = Math.min(lastLateMs, lateMs);
      lastLateMs = lateMs;
      const lateByMs = leastLateMs - Math.min(olderLeast, newerLeast) - JITTER_MS;
      behindMs = Math.min(LONGEST_ROUND_TRIP_MS, Math.max(0, lateByMs));
    },
    get behindMs() {
      return behindMs;
    },
  };
}
