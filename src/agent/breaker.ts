import type { Clock } from '../ports.ts';

/**
 * Why Vapi is not asked for calls:
 *
 * - `keyRefused`: it refused the key
 * - `unpaid`: the account cannot pay
 * - `failing`: it failed or could not be reached, again and again
 */
export type Trouble = 'keyRefused' | 'unpaid' | 'failing';

/** What a request showed of Vapi. `unclear`: nothing, as when it was given up before there was an answer. */
export type Verdict = 'well' | Trouble | 'unclear';

/** Leave for one request. */
export interface Leave {
  /** What came of it; only the first time counts. `words` are those of the refusal. */
  report(verdict: Verdict, words?: string): void;
}

export type BreakerState = 'closed' | 'open' | 'probing';

/** Why no leave is given. */
export interface Shut {
  trouble: Trouble;
  words: string;
}

/** Keeps requests from a service that would refuse them. */
export interface Breaker {
  /** Leave for one request, which has to be reported on. */
  enter(): Leave | Shut;
  /** Nothing where leave would be given, if only to try whether the trouble is over. */
  readonly shut: Shut | undefined;
  readonly state: BreakerState;
}

/** How long nobody asks, in ms, before one request tries again. A key and a bill are put right by people. */
const PROBE_AFTER_MS: Record<Trouble, number> = { keyRefused: 60_000, unpaid: 60_000, failing: 30_000 };

/** So many failures within so many ms, and no success between them. */
const MOST_FAILURES = 5;
const FAILURES_WITHIN_MS = 30_000;

/**
 * Makes a breaker that lets requests through. A refused key or an unpaid account opens it at once, failures only when
 * there are several; then one request at a time tries again, and what comes of that decides.
 *
 * @param tell what an operator should know: it opened, it closed
 */
export function createBreaker({
  clock,
  tell = () => {},
}: {
  clock: Pick<Clock, 'now'>;
  tell?: ((words: string) => void) | undefined;
}): Breaker {
  let failures: number[] = [];
  let open: { trouble: Trouble; words: string; since: number; probeAt: number } | null = null;
  let probing = false;

  function opens(trouble: Trouble, words: string): void {
    const now = clock.now();
    const again = open?.trouble === trouble;
    open = { trouble, words, since: open?.since ?? now, probeAt: now + PROBE_AFTER_MS[trouble] };
    failures = [];
    if (!again) tell(`No more calls are asked for until one gets through, ${tries(trouble)}. ${words}`);
  }

  function closes(): void {
    const seconds = Math.round((clock.now() - (open?.since ?? 0)) / 1000);
    open = null;
    tell(`Calls are asked for again, after ${seconds} s.`);
  }

  function probed(verdict: Verdict, words: string): void {
    probing = false;
    if (verdict === 'well') closes();
    // What is unclear leaves it to the next.
    else if (verdict !== 'unclear') opens(verdict, words);
  }

  /** Of a request that was made before there was any trouble; the answer may come when there is. */
  function noted(verdict: Verdict, words: string): void {
    if (probing || verdict === 'unclear' || open?.trouble === verdict) return;
    if (verdict === 'keyRefused' || verdict === 'unpaid') opens(verdict, words);
    else if (verdict === 'well') failures = [];
    else if (!open) {
      const now = clock.now();
      failures = [...failures.filter((at) => at > now - FAILURES_WITHIN_MS), now];
      if (failures.length >= MOST_FAILURES) opens('failing', words);
    }
  }

  function shut(): Shut | undefined {
    if (!open || (!probing && clock.now() >= open.probeAt)) return undefined;
    const { trouble, words } = open;
    return { trouble, words: `Vapi was not asked for this call: ${tries(trouble)}. ${words}` };
  }

  return {
    enter() {
      const refusal = shut();
      if (refusal) return refusal;
      const settle = open ? probed : noted;
      if (open) probing = true;
      let reported = false;
      return {
        report(verdict, words = '') {
          if (reported) return;
          reported = true;
          settle(verdict, words);
        },
      };
    },
    get shut() {
      return shut();
    },
    get state() {
      return probing ? 'probing' : open ? 'open' : 'closed';
    },
  };
}

function tries(trouble: Trouble): string {
  return `one in ${PROBE_AFTER_MS[trouble] / 1000} s tries again`;
}
