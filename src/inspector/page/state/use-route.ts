import { useMemo, useSyncExternalStore } from 'react';
import { hashOf, type Route, routeOf } from './route.ts';

function subscribe(hear: () => void): () => void {
  window.addEventListener('hashchange', hear);
  return () => window.removeEventListener('hashchange', hear);
}

/** Where the page is, kept up to date. */
export function useRoute(): Route {
  const hash = useSyncExternalStore(subscribe, () => window.location.hash);
  return useMemo(() => routeOf(hash), [hash]);
}

/** Goes somewhere; the browser's back button leads back. */
export function goTo(route: Route): void {
  window.location.hash = hashOf(route);
}

/** Writes into the address where the page already is, without a step to go back to. */
export function noteRoute(route: Route): void {
  window.history.replaceState(null, '', hashOf(route));
}
