import { useEffect, useState } from 'react';

/** From one picture of a running number to the next, in ms. */
const EVERY_MS = 80;
const CALM_EVERY_MS = 500;

export const prefersCalm = (): boolean => window.matchMedia('(prefers-reduced-motion: reduce)').matches;

/** A moment that goes on by the clock while `live`, from `at` on; a few times a second. */
export function useTicking(at: number, live: boolean): number {
  const [now, setNow] = useState(at);
  useEffect(() => {
    setNow(at);
    if (!live) return;
    const every = prefersCalm() ? CALM_EVERY_MS : EVERY_MS;
    let begun: number | null = null;
    let shown = 0;
    let id = requestAnimationFrame(function tick(time) {
      begun ??= time;
      if (time - shown >= every) {
        shown = time;
        setNow(at + time - begun);
      }
      id = requestAnimationFrame(tick);
    });
    return () => cancelAnimationFrame(id);
  }, [at, live]);
  return live ? Math.max(now, at) : at;
}
