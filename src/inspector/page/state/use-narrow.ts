import { useSyncExternalStore } from 'react';

function watchOf(query: string) {
  const list = window.matchMedia(query);
  return {
    subscribe(hear: () => void) {
      list.addEventListener('change', hear);
      return () => list.removeEventListener('change', hear);
    },
    get: () => list.matches,
  };
}

/** The page's widths; the style sheets have the same. */
const narrow = watchOf('(max-width: 760px)');
const roomy = watchOf('(min-width: 1360px)');

/** Whether the page is as wide as a phone. */
export const useNarrow = () => useSyncExternalStore(narrow.subscribe, narrow.get);

/** Whether three panels stand side by side. */
export const useRoomy = () => useSyncExternalStore(roomy.subscribe, roomy.get);
