import type { Clock } from '../ports.ts';
import type { CallRow, FeedMessage } from './messages.ts';
import { createTell, type Viewer, type ViewerEar, type ViewerLine } from './viewer.ts';
import { readViewerMessage } from './viewer-messages.ts';
import { createWatchedCalls, type ShownCall } from './watched-calls.ts';

/** What viewers are shown. */
export interface Shown extends ShownCall {
  hello(): FeedMessage;
  rows(): readonly CallRow[];
  /** Rows that have changed since this was asked last. */
  changes(): readonly CallRow[];
  /** Of a call that is alive. */
  levels(callId: string): readonly [callerDb: number, agentDb: number] | undefined;
}

/** Those who look on. */
export interface Viewers {
  /** A viewer has come, and is told everything from here on. */
  arrive(line: ViewerLine): ViewerEar;
  /** Whether somebody looks at this very call. */
  isWatched(callId: string): boolean;
  forgotten(callId: string): void;
  readonly count: number;
}

export interface ViewersOptions {
  clock: Clock;
  shown: Shown;
  /** A mistake of ours, which calls are not to pay for. */
  failed(error: unknown): void;
}

export const MOST_VIEWERS = 20;
/** As often as anything is told, in ms; what is told less often is told every so many ticks. */
const TICK_MS = 25;
const TICKS = { rows: 3, gauges: 4, levels: 8, patience: 40, ping: 400 };
/** What a viewer may say in a second. */
const MOST_SAID = 100;
/** Something is said at least this often, in ms, so that silence means a dead line. */
const LONGEST_SILENCE_MS = 5_000;

/** "Try again later" (IANA registry of WebSocket close codes). */
const TRY_AGAIN = 1013;

/** Makes the viewers of a server: one ticker for all, which runs while there are any. */
export function createViewers({ clock, shown, failed }: ViewersOptions): Viewers {
  const viewers = new Set<Viewer>();
  const tell = createTell(drop);
  const watched = createWatchedCalls(shown, tell);
  let forgotten: string[] = [];
  let ticks = 0;
  let saidAt = 0;
  let timer: unknown = null;

  function drop(viewer: Viewer, words: string): void {
    leave(viewer);
    viewer.line.close(TRY_AGAIN, words);
  }

  function leave(viewer: Viewer): void {
    if (!viewers.delete(viewer)) return;
    watched.show(viewer, null);
    if (viewers.size > 0) return;
    clock.clearTimeout(timer);
    timer = null;
  }

  function showWanted(): void {
    for (const viewer of viewers) {
      const { wanted } = viewer;
      viewer.wanted = undefined;
      if (wanted !== undefined) watched.show(viewer, wanted);
    }
  }

  function tellRows(): void {
    if (forgotten.length > 0) tell(viewers, { type: 'forgotten', callIds: forgotten });
    forgotten = [];
    const rows = shown.changes();
    const now = clock.now();
    if (rows.length === 0 && now - saidAt < LONGEST_SILENCE_MS) return;
    saidAt = now;
    tell(viewers, { type: 'rows', now: clock.epochMs(), rows });
  }

  function tellLevels(): void {
    const pulled = new Map<string, readonly [string, number, number] | undefined>();
    for (const viewer of viewers) {
      const of = viewer.metering.flatMap((callId) => {
        if (!pulled.has(callId)) {
          const levels = shown.levels(callId);
          pulled.set(callId, levels && [callId, ...levels]);
        }
        const known = pulled.get(callId);
        return known ? [known] : [];
      });
      if (of.length > 0) tell([viewer], { type: 'levels', of }, true);
    }
  }

  function pingAll(): void {
    for (const viewer of viewers) {
      if (viewer.awaitsPong) drop(viewer, 'You do not answer.');
      else {
        viewer.awaitsPong = true;
        viewer.line.ping();
      }
    }
  }

  function tellAll(): void {
    const isTimeFor = (what: keyof typeof TICKS) => ticks % TICKS[what] === 0;
    showWanted();
    watched.tellRecords();
    if (isTimeFor('rows')) tellRows();
    if (isTimeFor('gauges')) watched.tellReadings();
    if (isTimeFor('levels')) tellLevels();
    if (isTimeFor('patience')) for (const viewer of viewers) viewer.said = 0;
    if (isTimeFor('ping')) pingAll();
  }

  function tick(): void {
    timer = clock.setTimeout(tick, TICK_MS);
    ticks += 1;
    try {
      tellAll();
    } catch (error) {
      failed(error);
    }
  }

  function hear(viewer: Viewer, text: string): void {
    if (!viewers.has(viewer)) return;
    viewer.said += 1;
    if (viewer.said > MOST_SAID) {
      drop(viewer, 'You say too much.');
      return;
    }
    const said = readViewerMessage(text);
    if (said.type === 'watch') viewer.wanted = said.callId;
    else if (said.type === 'meter') viewer.metering = [...new Set(said.callIds)];
    else tell([viewer], { type: 'refused', words: said.words });
  }

  return {
    arrive(line) {
      if (viewers.size === MOST_VIEWERS) {
        line.close(TRY_AGAIN, `${MOST_VIEWERS} others look on already.`);
        return { heard() {}, ponged() {}, gone() {} };
      }
      if (viewers.size === 0) {
        // What changed while nobody looked is in the rows that each newcomer is told.
        shown.changes();
        forgotten = [];
        ticks = 0;
        timer = clock.setTimeout(tick, TICK_MS);
      }
      const viewer: Viewer = {
        line,
        watching: null,
        wanted: undefined,
        metering: [],
        awaitsPong: false,
        said: 0,
      };
      viewers.add(viewer);
      tell([viewer], shown.hello());
      tell([viewer], { type: 'rows', now: clock.epochMs(), rows: shown.rows() });
      return {
        heard: (text) => hear(viewer, text),
        ponged() {
          viewer.awaitsPong = false;
        },
        gone: () => leave(viewer),
      };
    },
    isWatched: watched.has,
    forgotten(callId) {
      if (viewers.size > 0) forgotten.push(callId);
      watched.forget(callId);
    },
    get count() {
      return viewers.size;
    },
  };
}
