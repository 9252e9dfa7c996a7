/** Wrong tokens from one address in a window, and its length in ms. */
const MOST_TRIES = 10;
const WINDOW_MS = 60_000;
/** Addresses that are kept count of. */
const MOST_ADDRESSES = 1_000;

/** Counts wrong tokens, so that none is found by trying. */
export interface Tries {
  /** How long this address may not try, in ms; 0 where it may now. */
  waitMs(address: string): number;
  failed(address: string): void;
}

/** Makes the count of a server. `now` in ms. */
export function createTries(now: () => number): Tries {
  const failures = new Map<string, { count: number; until: number }>();

  function recent(address: string) {
    const known = failures.get(address);
    if (known && known.until > now()) return known;
    failures.delete(address);
    return undefined;
  }

  return {
    waitMs(address) {
      const known = recent(address);
      return known && known.count >= MOST_TRIES ? known.until - now() : 0;
    },
    failed(address) {
      const known = recent(address);
      if (known) {
        known.count += 1;
        return;
      }
      const [oldest = ''] = failures.keys();
      if (failures.size >= MOST_ADDRESSES) failures.delete(oldest);
      failures.set(address, { count: 1, until: now() + WINDOW_MS });
    },
  };
}
