import type { Clock } from './ports.ts';

/** The longest delay, ms, that Node's timers keep; a longer one would fire at once (node:timers documentation). */
const LONGEST_DELAY_MS = 2 ** 31 - 1;

/** The machine's own time. The one place that reads it. */
export const realClock: Clock = {
  now: () => performance.now(),
  epochMs: () => Date.now(),
  setTimeout: (fn, ms) => setTimeout(fn, Math.min(ms, LONGEST_DELAY_MS)),
  clearTimeout: (id) => clearTimeout(id as NodeJS.Timeout),
};
