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
  id: number;
  due: number;
  fn: () => void;
}

/**
 * A discrete-event clock. XState's own `SimulatedClock` moves to the end of an increment before it fires, so that
 * chained timers come late; this one is at each timer's due moment when it fires.
 */
export function createVirtualClock(): VirtualClock {
  let now = 0;
  let lastId = 0;
  const armed = new Map<number, Timer>();
  /** The next to fire is the last; among those due at once, the one set first. Some are not armed any more. */
  const timers: Timer[] = [];

  function insert(timer: Timer): void {
    let low = 0;
    let high = timers.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((timers[middle] as Timer).due > timer.due) low = middle + 1;
      else high = middle;
    }
    timers.splice(low, 0, timer);
  }

  function fireNext(end: number): boolean {
    for (let next = timers.at(-1); next && next.due <= end; next = timers.at(-1)) {
      timers.pop();
      if (!armed.delete(next.id)) continue;
      now = Math.max(now, next.due);
      next.fn();
      return true;
    }
    return false;
  }

  // One turn of the real event loop lets every chain of settled promises run to its end.
  const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

  return {
    now: () => now,
    epochMs: () => Date.UTC(2026, 0, 1, 14, 23, 1, 234) + now,
    setTimeout(fn, ms) {
      lastId += 1;
      const timer = { id: lastId, due: now + Math.max(0, ms), fn };
      armed.set(lastId, timer);
      insert(timer);
      return lastId;
    },
    clearTimeout(id) {
      const timer = armed.get(id as number);
      // It keeps its place until it is due, but nothing that hangs on it.
      if (timer) timer.fn = () => {};
      armed.delete(id as number);
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
      return armed.size;
    },
  };
}
