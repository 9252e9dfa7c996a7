import type { Clock } from '../../src/ports.ts';

export interface VirtualClock extends Clock {
  /** Moves time on, visiting every timer in the order in which it is due; timers set on the way are visited too. */
  advance(ms: number): void;
  /** As `advance`, and lets promises settle after every timer. */
  run(ms: number): Promise<void>;
  /** Lets everything that promises have to say now be said; time stands still. */
  settle(): Promise<void>;
  /** Timers that are armed. */
  readonly armed: number;
}

interface Timer {
  due: number;
  order: number;
  fn: () => void;
}

/**
 * A discrete-event clock. XState's own `SimulatedClock` moves to the end of an increment before it fires, so that
 * chained timers come late; this one is at each timer's due moment when it fires.
 */
export function createVirtualClock(): VirtualClock {
  let now = 0;
  let order = 0;
  const timers = new Map<number, Timer>();

  function nextUpTo(end: number): [number, Timer] | undefined {
    let found: [number, Timer] | undefined;
    for (const entry of timers) {
      const timer = entry[1];
      if (timer.due > end) continue;
      const best = found?.[1];
      if (!best || timer.due < best.due || (timer.due === best.due && timer.order < best.order))
        found = entry;
    }
    return found;
  }

  function fireNext(end: number): boolean {
    const next = nextUpTo(end);
    if (!next) return false;
    const [id, timer] = next;
    timers.delete(id);
    now = Math.max(now, timer.due);
    timer.fn();
    return true;
  }

  // One turn of the real event loop lets every chain of settled promises run to its end.
  const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

  return {
    now: () => now,
    epochMs: () => Date.UTC(2026, 0, 1, 14, 23, 1, 234) + now,
    setTimeout(fn, ms) {
      order += 1;
      timers.set(order, { due: now + Math.max(0, ms), order, fn });
      return order;
    },
    clearTimeout(id) {
      timers.delete(id as number);
    },
    advance(ms) {
      const end = now + ms;
      while (fireNext(end));
      now = end;
    },
    async run(ms) {
      const end = now + ms;
      await settle();
      while (fireNext(end)) await settle();
      now = end;
    },
    settle,
    get armed() {
      return timers.size;
    },
  };
}
