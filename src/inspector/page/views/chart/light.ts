import { createContext, useCallback, useContext, useSyncExternalStore } from 'react';
import type { Timer } from '../../../messages.ts';
import type { ActorMoment } from '../../moment.ts';
import { createStore, type Store } from '../../state/store.ts';

/** What is lit in a drawing. Each box and arrow looks at its own share of it and is drawn again only when that changes. */
export interface Light {
  actor: ActorMoment | null;
  /** The moment that is shown, in ms since the call's start, and whether time goes on from there. */
  at: number;
  live: boolean;
}

export const createLight = (): Store<Light> =>
  createStore<Light>({ actor: null, at: 0, live: false }, (tell) => tell());

export const LightContext = createContext<Store<Light>>(createLight());

function useLight<T>(pick: (light: Light) => T): T {
  const store = useContext(LightContext);
  return useSyncExternalStore(store.subscribe, () => pick(store.get()));
}

export function useActive(stateId: string): boolean {
  return useLight(({ actor }) => actor?.active.has(stateId) ?? false);
}

/** The timer of a delay, while it runs. */
export function useTimer(stateId: string, delay: string | null): Timer | null {
  const isIt = useCallback(
    (timer: Timer) => timer.state === stateId && timer.delay === delay,
    [stateId, delay],
  );
  return useLight(({ actor }) => (delay === null ? null : (actor?.timers.find(isIt) ?? null)));
}

/** The first timer of a state to fire. */
export function useNextTimer(stateId: string): Timer | null {
  return useLight(({ actor }) => soonest(actor?.timers.filter(({ state }) => state === stateId) ?? []));
}

export function soonest(timers: readonly Timer[]): Timer | null {
  return timers.reduce<Timer | null>(
    (first, timer) => (first && first.due <= timer.due ? first : timer),
    null,
  );
}

/**
 * Whether an edge was taken: `now`, by what the actor was told last, or to arrive where it `arrived`. With the record's
 * number, so that taking it again is something new: `now 312`.
 */
export function useTaken(places: readonly number[]): string {
  return useLight(({ actor }) => {
    if (!actor) return '';
    const { last, arrived } = actor;
    const isIn = (edges: readonly number[] | undefined) =>
      edges?.some((edge) => places.includes(edge)) ?? false;
    if (isIn(last?.edges)) return `now ${last?.seq}`;
    return isIn(arrived?.edges) ? `arrived ${arrived?.seq}` : '';
  });
}

/** The moment that is shown, as it was when it last changed, and whether time goes on from there. */
export function useShown(): { at: number; live: boolean } {
  const at = useLight((light) => light.at);
  const live = useLight((light) => light.live);
  return { at, live };
}
