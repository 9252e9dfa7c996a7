/** A value that is looked at from many places. Those who look are told once a picture, however often it changes. */
export interface Store<T> {
  get(): T;
  set(next: T | ((before: T) => T)): void;
  /** Returns what ends it. */
  subscribe(hear: () => void): () => void;
}

/** Makes a store; `schedule` calls back with the next picture. */
export function createStore<T>(initial: T, schedule: (fn: () => void) => void): Store<T> {
  let value = initial;
  let scheduled = false;
  const ears = new Set<() => void>();

  function tell(): void {
    scheduled = false;
    for (const hear of [...ears]) hear();
  }

  return {
    get: () => value,
    set(next) {
      const after = typeof next === 'function' ? (next as (before: T) => T)(value) : next;
      if (Object.is(after, value)) return;
      value = after;
      if (scheduled) return;
      scheduled = true;
      schedule(tell);
    },
    subscribe(hear) {
      ears.add(hear);
      return () => ears.delete(hear);
    },
  };
}
