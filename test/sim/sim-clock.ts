import type { Clock } from '../../src/ports.ts';

/** A clock that only a simulation moves: from timer to timer, in the order in which they are due. */
export interface SimClock extends Clock {
  /** A promise may have something to say: it is let speak before the next timer. */
  stir(): void;
  /** Runs until no timer is armed, or until `limitMs`. Answers whether all was quiet by then. */
  runUntilQuiet(limitMs: number): Promise<boolean>;
  readonly armed: number;
  /** Another way to set timers on this clock, which counts its own. */
  scope(): Clock & { readonly armed: number };
}

interface Timer {
  due: number;
  order: number;
  fn: (() => void) | null;
}

const EPOCH_MS = Date.UTC(2026, 0, 1, 14, 23, 1, 234);

/**
 * A discrete-event clock over a binary heap, for worlds of many timers. Promises settle only after timers that stirred
 * something: a turn of the real event loop after each timer would cost more than the simulation itself.
 */
export function createSimClock(): SimClock {
  const heap: Timer[] = [];
  let now = 0;
  let order = 0;
  let armed = 0;
  let stirred = false;

  const before = (a: Timer, b: Timer) => a.due < b.due || (a.due === b.due && a.order < b.order);

  function push(timer: Timer): void {
    let at = heap.length;
    heap.push(timer);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent] as Timer;
      if (!before(timer, above)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = timer;
  }

  function pop(): Timer | undefined {
    const first = heap[0];
    const last = heap.pop();
    if (!first || !last || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1] as Timer, heap[child] as Timer)) child += 1;
      if (!before(heap[child] as Timer, last)) break;
      heap[at] = heap[child] as Timer;
      at = child;
    }
    heap[at] = last;
    return first;
  }

  function setTimer(fn: () => void, ms: number): Timer {
    order += 1;
    armed += 1;
    const timer = { due: now + Math.max(0, ms), order, fn };
    push(timer);
    return timer;
  }

  /** A cleared timer stays in the heap without its function until its time comes. */
  function clearTimer(id: unknown): boolean {
    const timer = id as Timer | null | undefined;
    if (!timer?.fn) return false;
    timer.fn = null;
    armed -= 1;
    return true;
  }

  const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

  return {
    now: () => now,
    epochMs: () => EPOCH_MS + now,
    setTimeout: setTimer,
    clearTimeout: clearTimer,
    stir() {
      stirred = true;
    },
    async runUntilQuiet(limitMs) {
      while (armed > 0) {
        const timer = pop();
        if (!timer) break;
        if (!timer.fn) continue;
        if (timer.due > limitMs) return false;
        now = timer.due;
        armed -= 1;
        const { fn } = timer;
        timer.fn = null;
        fn();
        if (stirred) {
          stirred = false;
          await settle();
        }
      }
      return true;
    },
    get armed() {
      return armed;
    },
    scope() {
      let own = 0;
      return {
        now: () => now,
        epochMs: () => EPOCH_MS + now,
        setTimeout(fn, ms) {
          own += 1;
          return setTimer(() => {
            own -= 1;
            fn();
          }, ms);
        },
        clearTimeout(id) {
          if (clearTimer(id)) own -= 1;
        },
        get armed() {
          return own;
        },
      };
    },
  };
}
