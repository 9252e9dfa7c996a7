import { createFeed } from '../../src/inspector/feed.ts';
import { createLogLines } from '../../src/inspector/log-lines.ts';
import { createMetrics } from '../../src/inspector/metrics.ts';
import { createTimelines } from '../../src/inspector/timelines.ts';
import { createWatch as createWholeWatch, type Watch, type WatchOptions } from '../../src/inspector/watch.ts';

type PlainWatch = Omit<Watch, 'overheard'> & { overheard: undefined };

/** What stands in for the watch of calls in the server whose steps go to the log, timelines and metrics alone. */
export function createWatch(options: WatchOptions): PlainWatch {
  const feed = createFeed(options.clock.now, (err) => options.log.error({ err }, 'A watcher failed'));
  const metrics = createMetrics(options.liveCalls);
  for (const hear of [createTimelines(options.stateName).hear, metrics.hear, createLogLines(options.log)]) {
    feed.listen(hear);
  }
  return {
    ...createWholeWatch(options),
    metrics: metrics.read,
    opened: feed.observe,
    overheard: undefined,
    closed({ callId }) {
      feed.forget(callId);
    },
  };
}
