/** A clock whose timers fire on command: each named delay of a test has a length of its own, by which it is called. */
export interface Conductor {
  setTimeout(fn: () => void, ms: number): number;
  clearTimeout(id: number): void;
  /** Fires the timer that was armed with this length. False if there is none. */
  fire(ms: number): boolean;
  /** The timers that are armed: each with a number of its own, and its length. */
  readonly armed: ReadonlyMap<number, number>;
}

export function createConductor(): Conductor {
  const timers = new Map<number, { ms: number; fn: () => void }>();
  let order = 0;
  return {
    setTimeout(fn, ms) {
      order += 1;
      timers.set(order, { ms, fn });
      return order;
    },
    clearTimeout(id) {
      timers.delete(id);
    },
    fire(ms) {
      for (const [id, timer] of timers) {
        if (timer.ms !== ms) continue;
        timers.delete(id);
        timer.fn();
        return true;
      }
      return false;
    },
    get armed() {
      return new Map([...timers].map(([id, { ms }]) => [id, ms]));
    },
  };
}
