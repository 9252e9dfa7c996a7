import type { Clock } from './ports.ts';

/** The longest delay, ms, that Node's timers keep; a longer one would fire at once (node:timers documentation). */
const LONGEST_DELAY_MS = 2 ** 31 - 1;

/** The machine's own time. The one place that reads it. */
export const realClock: Clock = {
  // Not `performance.now()`, whose origin is the process's own start: a ticket that one process issues may come to
  // another of the same machine. This counts from the machine's start (CLOCK_MONOTONIC) and costs as little.
  now() {
    const [seconds, nanoseconds] = process.hrtime();
    return seconds * 1_000 + nanoseconds / 1_000_000;
  },
  epochMs: () => Date.now(),
  setTimeout: (fn, ms) => setTimeout(fn, Math.min(ms, LONGEST_DELAY_MS)),
  clearTimeout: (id) => clearTimeout(id as NodeJS.Timeout),
};
