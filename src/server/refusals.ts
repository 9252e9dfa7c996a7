import type { Clock } from '../ports.ts';

/** Refusals told of in a window; of those beyond only the number is told. */
const MOST_TOLD = 20;
const WINDOW_MS = 10_000;

/** Tells of refusals in such a way that a stranger who knocks a thousand times a second fills no disk. */
export function createRefusals(clock: Clock, tell: (words: string) => void): (what: string) => void {
  let told = 0;
  let untold = 0;

  function nextWindow(): void {
    if (untold > 0) tell(`${untold} more in ${WINDOW_MS / 1000} s`);
    told = 0;
    untold = 0;
  }

  return (what) => {
    if (told === 0) clock.setTimeout(nextWindow, WINDOW_MS);
    if (told === MOST_TOLD) {
      untold += 1;
      return;
    }
    told += 1;
    tell(what);
  };
}
