import type { Clock } from '../ports.ts';

/** What an answer told of the account's slots, as far as it did. */
export interface SlotsTold {
  /** Calls that the account may have at once. */
  concurrencyLimit?: number | undefined;
  /** How many more it may have now. */
  remainingConcurrentCalls?: number | undefined;
}

/** A slot for one agent, from before it is asked for until it is gone. */
export interface Place {
  /** The agent's call was made. */
  made(told: SlotsTold): void;
  /** Vapi had no slot for it. */
  blocked(): void;
  /** Only the first time counts. */
  leave(): void;
}

/** Why Vapi must not be asked now. */
export interface TurnedAway {
  refusal: 'outOfSlots' | 'rateLimited';
  words: string;
}

/** Keeps one server within what its account may have: agents at once, and requests in a second. */
export interface Governor {
  /** A slot and a turn to ask, or why there is none. Waits a second at most; `signal` gives up waiting. */
  enter(signal: AbortSignal): Promise<Place | TurnedAway>;
  /** Vapi received too many requests: nobody asks for so long; without a time, no more than a few in a second do. */
  slowDown(forMs?: number): void;
  /** `cap` is undefined as long as nothing is known of it. */
  readonly slots: { used: number; cap: number | undefined };
}

/** Requests for calls in a second, and how many seconds' worth may come at once: some 200 have been seen to be too many. */
const USUAL_PER_SECOND = 20;
const BURST_SECONDS = 5;

/** No caller waits longer than this for a turn. */
const LONGEST_WAIT_MS = 1_000;
/** Whatever Vapi says, somebody asks again after this. */
const LONGEST_SLEEP_MS = 60_000;
/**
 * What Vapi told of its slots is believed for so long; then one more may be asked for, and its answer tells anew, or
 * that there is room.
 */
const CAP_TRUST_MS = 10_000;

/** Makes a governor that knows nothing of the account's slots yet. */
export function createGovernor({
  clock,
  perSecond = USUAL_PER_SECOND,
}: {
  clock: Pick<Clock, 'now' | 'setTimeout' | 'clearTimeout'>;
  perSecond?: number | undefined;
}): Governor {
  const slots = createSlots(clock);
  const turns = createTurns(clock, perSecond);
  return {
    async enter(signal) {
      const place = slots.take();
      if (!place) {
        const words = `Vapi has no slot free for another call: ${slots.used} are in use. It was not asked. End calls that are stuck, raise the account's concurrency limit, or lower MAX_CALLS to it.`;
        return { refusal: 'outOfSlots', words };
      }
      if (await turns.take(signal)) return place;
      place.leave();
      const words =
        'Vapi was not asked for this call: too many were asked for at once, or Vapi received too many requests. Create calls more slowly, over more accounts.';
      return { refusal: 'rateLimited', words };
    },
    slowDown: turns.slowDown,
    get slots() {
      return { used: slots.used, cap: slots.cap };
    },
  };
}

/** Counts the agents of this server. Others may use the account too, so how many it may have is only ever told. */
function createSlots(clock: Pick<Clock, 'now'>) {
  let used = 0;
  let made = 0;
  let cap: number | undefined;
  let toldAt = 0;

  function learn(atMost: number): void {
    cap = atMost;
    toldAt = clock.now();
  }

  return {
    take(): Place | undefined {
      if (cap !== undefined && used >= cap) {
        if (clock.now() - toldAt < CAP_TRUST_MS) return undefined;
        learn(used + 1);
      }
      used += 1;
      let stage: 'asking' | 'made' | 'left' = 'asking';
      return {
        made({ concurrencyLimit = Number.POSITIVE_INFINITY, remainingConcurrentCalls }) {
          if (stage !== 'asking') return;
          stage = 'made';
          made += 1;
          // Of those that are being asked for it is not known whether Vapi has counted them.
          const most = Math.min(
            concurrencyLimit,
            made + (remainingConcurrentCalls ?? Number.POSITIVE_INFINITY),
          );
          if (Number.isFinite(most)) learn(most);
          // There was room, and nobody tells how much.
          else cap = undefined;
        },
        blocked: () => learn(made),
        leave() {
          if (stage === 'left') return;
          if (stage === 'made') made -= 1;
          stage = 'left';
          used -= 1;
        },
      };
    },
    get used() {
      return used;
    },
    get cap() {
      return cap;
    },
  };
}

/** A bucket of turns that fills with time, kept as the moment from which it is full again. */
function createTurns(clock: Pick<Clock, 'now' | 'setTimeout' | 'clearTimeout'>, perSecond: number) {
  const everyMs = 1000 / perSecond;
  const roomMs = (BURST_SECONDS * perSecond - 1) * everyMs;
  let fullAt = Number.NEGATIVE_INFINITY;
  let asleepUntil = Number.NEGATIVE_INFINITY;

  function passed(waitMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const over = () => {
        clock.clearTimeout(timer);
        signal.removeEventListener('abort', over);
        resolve();
      };
      const timer = clock.setTimeout(over, waitMs);
      signal.addEventListener('abort', over);
    });
  }

  return {
    /** Whether it is somebody's turn, at the latest in a second. */
    async take(signal: AbortSignal): Promise<boolean> {
      const now = clock.now();
      const waitMs = Math.max(0, fullAt - roomMs - now, asleepUntil - now);
      if (signal.aborted || waitMs > LONGEST_WAIT_MS) return false;
      fullAt = Math.max(fullAt, now) + everyMs;
      if (waitMs === 0) return true;
      await passed(waitMs, signal);
      if (!signal.aborted && clock.now() >= asleepUntil) return true;
      fullAt -= everyMs;
      return false;
    },
    slowDown(forMs = 0): void {
      asleepUntil = Math.max(asleepUntil, clock.now() + Math.min(forMs, LONGEST_SLEEP_MS));
      fullAt = Math.max(fullAt, asleepUntil + roomMs);
    },
  };
}
