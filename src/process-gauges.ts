import { readdirSync, readFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';

/** What a process can tell of how it bears its load. */
export interface ProcessGauges {
  /** How late timers were since this was last asked, ms: 99 of 100 were not later. */
  loopLagMs(): number;
  /** JavaScript's heap in use, and what it can grow to, in bytes. */
  heap(): { usedBytes: number; limitBytes: number };
  /** Files and sockets that are open, and how many can be; nothing where the system does not tell. */
  files(): { open: number; most: number } | undefined;
}

/** How often the event loop is looked at, ms; Node does so without running JavaScript. */
const RESOLUTION_MS = 10;

/** The most files that this process may open, as Linux tells; nothing elsewhere. */
function mostFiles(): number | undefined {
  try {
    const limits = readFileSync('/proc/self/limits', 'utf8');
    const most = Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1]);
    return Number.isFinite(most) ? most : undefined;
  } catch {
    return undefined;
  }
}

/** The gauges of this very process, read at times told in ms by `now`. The one place that reads them. */
export function createProcessGauges(now: () => number): ProcessGauges {
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delays.enable();
  let askedAt = now();
  const most = mostFiles();

  return {
    loopLagMs() {
      // What spans a reset is not counted. If nothing else is either, the loop has stood still since.
      const longMs = delays.count === 0 ? now() - askedAt : delays.percentile(99) / 1e6;
      delays.reset();
      askedAt = now();
      return Math.max(0, longMs - RESOLUTION_MS);
    },
    heap() {
      const { used_heap_size: usedBytes, heap_size_limit: limitBytes } = getHeapStatistics();
      return { usedBytes, limitBytes };
    },
    files() {
      if (most === undefined) return undefined;
      try {
        return { open: readdirSync('/proc/self/fd').length, most };
      } catch {
        // Looking takes a handle itself.
        return { open: most, most };
      }
    },
  };
}
