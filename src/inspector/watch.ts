import type { InspectionEvent } from 'xstate';
import { createFeed, type Feed } from './feed.ts';
import { createLogLines, type LineSink } from './log-lines.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { createTimelines, type Timelines } from './timelines.ts';

export interface WatchOptions {
  /** The clock of the calls, in ms. */
  now(): number;
  log: LineSink & { error(fields: Record<string, unknown>, line: string): void };
  /** Makes one word of a state value of the call's chart. */
  stateName(value: unknown): string;
  liveCalls(): number;
}

/** What is known of a call once it is over. */
export interface ClosedCall {
  callId: string;
  callSid: string | null;
  streamSid: string | null;
  ending: { reason: string } | null;
}

/** Everything that looks on, and what calls tell it. */
export interface Watch {
  feed: Feed;
  timelineOf: Timelines['of'];
  metrics: Metrics['read'];
  /** A call opens: the observer of its statecharts. */
  opened(call: { callId: string; openedAt: number }): (event: InspectionEvent) => void;
  closed(call: ClosedCall): void;
  forgotten(callId: string): void;
  failed(call: { callId: string; callSid: string | null }, error: unknown): void;
}

/** Sets up all that watches calls: the log, the timelines and the figures over all calls, on one feed. */
export function createWatch({ now, log, stateName, liveCalls }: WatchOptions): Watch {
  const feed = createFeed(now, (err) => log.error({ err }, '[Bug] A watcher of calls failed'));
  const timelines = createTimelines(stateName);
  const metrics = createMetrics(liveCalls);
  feed.listen(timelines.hear);
  feed.listen(metrics.hear);
  feed.listen(createLogLines(log));

  return {
    feed,
    timelineOf: timelines.of,
    metrics: metrics.read,
    opened: feed.observe,
    closed({ callId, callSid, streamSid, ending }) {
      metrics.ended(ending?.reason ?? 'internalError');
      const words = `[Cleanup] Session ${streamSid ?? callSid ?? callId} removed`;
      log.info({ callId, callSid, streamSid, ending: ending?.reason }, words);
    },
    forgotten: timelines.forget,
    failed: (call, err) => log.error({ ...call, err }, '[Bug] A call ended by a mistake of the bridge'),
  };
}
