import { useCallback, useSyncExternalStore } from 'react';
import type { Store } from './store.ts';

/** What a store holds, kept up to date. */
export function useStore<T>(store: Store<T>): T {
  return useSyncExternalStore(store.subscribe, store.get);
}

/** A part of what a store holds. Drawn again only when that part is another one, so `pick` must not make new objects. */
export function usePart<T, P>(store: Store<T>, pick: (value: T) => P): P {
  const get = useCallback(() => pick(store.get()), [store, pick]);
  return useSyncExternalStore(store.subscribe, get);
}
