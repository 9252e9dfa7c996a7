import type { AnyStateMachine, InspectionEvent } from 'xstate';
import type { Clock, Overheard } from '../ports.ts';
import { type ClosedCall, createBoard, type OpenedCall } from './board.ts';
import { createDefinitions } from './definitions.ts';
import type { AgentDesk } from './desk-metrics.ts';
import { createFeed, type Feed } from './feed.ts';
import type { House } from './house-metrics.ts';
import { createLogLines, type LineSink } from './log-lines.ts';
import {
  type CallGauges,
  type CallRecording,
  type Facts,
  FEED_VERSION,
  type FeedMessage,
} from './messages.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { createNotebook } from './notebook.ts';
import { createRedactor } from './redact.ts';
import { createTimelines, type Timelines } from './timelines.ts';
import { createTraces, type TraceSink } from './traces.ts';
import { createViewers, type Viewers } from './viewers.ts';
import type { WindowFeed } from './windows/window.ts';

export interface WatchOptions {
  clock: Clock;
  log: LineSink & { error(fields: Record<string, unknown>, line: string): void };
  /** Makes one word of a state value of the call's chart. */
  stateName(value: unknown): string;
  liveCalls(): number;
  /** The statecharts that calls are made of, whose definitions are shown. */
  machines: readonly AnyStateMachine[];
  agentKind: 'vapi' | 'simulated';
  maxCalls: number;
  /** What the metrics tell of the house itself. */
  house?: House;
  /** What they tell of the requests for agents. */
  desk?(): AgentDesk;
  /** Whether operators can act on calls; they need a token for it. */
  mayAct: boolean;
  /** What the operator asked to be shown besides. */
  shows: { numbers: boolean; transcripts: boolean };
  /** Settings that decide how calls go, for whoever opens a saved one. */
  settings: Facts;
  /** Where a trace of each call goes, if anywhere. */
  traces?: TraceSink | undefined;
  /** The call of this id, as far as it can be read off; alive or ended. */
  callOf(callId: string): ReadableCall | undefined;
}

/** What can be read off a call at any moment. */
export interface ReadableCall {
  readonly ending: object | null;
  readonly gauges: CallGauges;
  /** `[caller, agent]` in dBFS, of what was last heard. */
  readonly levels: readonly [callerDb: number, agentDb: number];
  readonly figures: object;
}

/** Everything that looks on, and what calls tell it. */
export interface Watch {
  feed: Feed;
  timelineOf: Timelines['of'];
  metrics: Metrics['read'];
  metricNumbers: Metrics['numbers'];
  orphaned: Metrics['orphaned'];
  timed: Metrics['timed'];
  /** A caller without an agent is handed on: to another agent, a person, a voicemail, or an apology. */
  handedOn(callSid: string, to: 'agent' | 'person' | 'voicemail' | 'apology'): void;
  /** A caller has left a message. */
  leftMessage(message: { callSid: string; recordingSid: string; seconds?: number }): void;
  /** A call opens: the observer of its statecharts. */
  opened(call: OpenedCall): (event: InspectionEvent) => void;
  /** Something passed on a call's wires. */
  overheard(callId: string, record: Overheard): void;
  /** Whether somebody looks at this very call now. */
  isWatched(callId: string): boolean;
  readonly overhearsWords: boolean;
  closed(call: ClosedCall): void;
  forgotten(callId: string): void;
  failed(call: { callId: string; callSid: string | null }, error: unknown): void;
  /** A viewer of the inspector has come. */
  arrive: Viewers['arrive'];
  /** A call, to be kept in a file. */
  recordingOf(callId: string): CallRecording | undefined;
  /** For other windows on the same calls. */
  windowFeed: WindowFeed;
}

const HANDED_TO = {
  agent: 'Its stream broke: another one, and another agent, take its place',
  person: 'No agent: a person is dialled',
  voicemail: 'Nobody to answer: a message is taken',
  apology: 'Nobody to answer: an apology',
};

const NO_ACTING = 'Acting on calls needs a token: set ADMIN_TOKEN and sign in with it.';

function rounded(gauges: CallGauges): CallGauges {
  const tenths = Object.entries(gauges).map(([name, value]) => [name, Math.round(value * 10) / 10]);
  return Object.fromEntries(tenths);
}

/** Sets up all that watches calls, on one feed: the log, timelines, the figures over all calls, and the inspector. */
export function createWatch(options: WatchOptions): Watch {
  const { clock, log, shows, callOf } = options;
  const definitions = createDefinitions(options.machines);
  const redactor = createRedactor(shows);
  const failed = (err: unknown) => log.error({ err }, '[Bug] A watcher of calls failed');
  const feed = createFeed(clock.now, failed, definitions.placeOf);
  const timelines = createTimelines(options.stateName);
  const metrics = createMetrics(options.liveCalls, options.house, options.desk);
  const traces = options.traces && createTraces({ ...options.traces, clock, stateName: options.stateName });
  const board = createBoard({
    now: clock.now,
    epochMs: clock.epochMs,
    stateName: options.stateName,
    showsNumbers: shows.numbers,
    redactor,
  });
  const notebook = createNotebook({ redactor, placeOf: feed.placeOf, machines: definitions.machines });
  const viewers = createViewers({
    clock,
    failed,
    shown: {
      hello,
      rows: board.rows,
      changes: board.changes,
      journal: notebook.journal,
      readings(callId) {
        const call = callOf(callId);
        const isOver = call?.ending !== null;
        return call && { gauges: rounded(call.gauges), figures: redactor.facts(call.figures), isOver };
      },
      levels(callId) {
        const call = callOf(callId);
        return call?.ending === null ? call.levels : undefined;
      },
    },
  });
  feed.listen(timelines.hear);
  feed.listen(metrics.hear);
  feed.listen(createLogLines(log));
  feed.listen(board.step);
  feed.listen(notebook.step);
  if (traces) feed.listen(traces.hear);

  function hello(): FeedMessage {
    return {
      type: 'hello',
      version: FEED_VERSION,
      now: clock.epochMs(),
      agent: options.agentKind,
      maxCalls: options.maxCalls,
      acting: options.mayAct ? { allowed: true } : { allowed: false, words: NO_ACTING },
      shows,
      machines: definitions.machines,
    };
  }

  function forget(callId: string): void {
    board.forget(callId);
    feed.forget(callId);
    viewers.forgotten(callId);
  }

  return {
    feed,
    timelineOf: timelines.of,
    metrics: metrics.read,
    metricNumbers: metrics.numbers,
    orphaned: metrics.orphaned,
    timed: metrics.timed,
    handedOn(callSid, to) {
      metrics.handedOn(to);
      log.info({ callSid }, `[Handed On] ${HANDED_TO[to]}`);
    },
    leftMessage({ callSid, recordingSid, seconds }) {
      metrics.leftMessage();
      const length = seconds === undefined ? '' : ` of ${seconds} s`;
      log.info({ callSid, recordingSid }, `[Voicemail] Recording ${recordingSid}${length} is at Twilio`);
    },
    opened(call) {
      board.opened(call);
      notebook.opened(call.callId);
      return feed.observe(call);
    },
    overheard: notebook.hear,
    isWatched: viewers.isWatched,
    overhearsWords: shows.transcripts,
    closed(call) {
      const { callId, callSid, streamSid, ending } = call;
      metrics.ended(ending?.reason ?? 'internalError');
      const words = `[Cleanup] Session ${streamSid ?? callSid ?? callId} removed`;
      log.info({ callId, callSid, streamSid, ending: ending?.reason }, words);
      board.closed(call);
      traces?.closed(call, callOf(callId)?.figures ?? {});
      for (const oldest of notebook.closed(callId)) forget(oldest);
    },
    forgotten: timelines.forget,
    failed: (call, err) => log.error({ ...call, err }, '[Bug] A call ended by a mistake of the bridge'),
    arrive: viewers.arrive,
    recordingOf(callId) {
      const journal = notebook.journal(callId);
      const row = board.row(callId);
      if (!journal || !row) return undefined;
      // The number that was called may have a rule of its own.
      const bargeIn = journal.actors()[0]?.context.bargeIn;
      return {
        format: 'vapi-twilio-bridge.call',
        version: FEED_VERSION,
        savedAt: new Date(clock.epochMs()).toISOString(),
        machines: definitions.machines,
        row,
        figures: redactor.facts(callOf(callId)?.figures ?? {}),
        settings: bargeIn === undefined ? options.settings : { ...options.settings, bargeIn },
        ...journal.read(),
        levels: journal.levels,
      };
    },
    windowFeed: notebook.windowFeed,
  };
}
