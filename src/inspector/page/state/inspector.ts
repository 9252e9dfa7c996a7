import type {
  CallGauges,
  CallRow,
  Facts,
  FeedMessage,
  JournalRecord,
  LevelSample,
  MachineDefinition,
} from '../../messages.ts';
import type { Connection } from '../feed/connection.ts';
import { createMoments } from '../moment.ts';
import { createStore, type Store } from './store.ts';

export type Hello = Extract<FeedMessage, { type: 'hello' }>;
export type Moments = ReturnType<typeof createMoments>;

/** All calls at a glance. */
export interface Board {
  hello: Hello | null;
  /** Whether the rows have come since the page was opened. */
  known: boolean;
  rows: ReadonlyMap<string, CallRow>;
}

/** One call in full, from the feed or from a file. */
export interface CallFile {
  source: 'feed' | 'file';
  callId: string;
  row: CallRow | null;
  machines: readonly MachineDefinition[];
  /** Older records that are missing in front. */
  dropped: number;
  records: readonly JournalRecord[];
  levels: readonly LevelSample[];
  figures: Facts;
  gauges: CallGauges | null;
  moments: Moments;
  /** Of a call from a file: its text, to be kept again, and when it was saved, as ISO 8601 has it. */
  file: string | null;
  savedAt: string | null;
  /** Why the call is not to be had; `null` while that is not known. */
  missing: string | null;
  /** Whether its journal has come. */
  known: boolean;
}

export type Levels = ReadonlyMap<string, readonly [callerDb: number, agentDb: number]>;

/** What the page knows. */
export interface Inspector {
  connection: Store<Connection>;
  board: Store<Board>;
  levels: Store<Levels>;
  call: Store<CallFile | null>;
  /** The saved call that was opened last. */
  recording: Store<CallFile | null>;
  /** The server's clock, ms since 1970. Stands still while nothing is heard of it. */
  serverNow(): number;
  hear(messages: readonly FeedMessage[]): void;
  /** Begins to show a call of the feed. */
  show(callId: string): void;
  /** Keeps a saved call, to be shown as a recording. */
  keep(file: CallFile): void;
  close(): void;
}

/** Levels that are kept of the call that is shown: 25 minutes at ten a second. */
const MOST_LEVELS = 15_000;

export function emptyCall(callId: string): CallFile {
  return {
    source: 'feed',
    callId,
    row: null,
    machines: [],
    dropped: 0,
    records: [],
    levels: [],
    figures: {},
    gauges: null,
    moments: createMoments(),
    file: null,
    savedAt: null,
    missing: null,
    known: false,
  };
}

/** Makes what the page knows, from what the feed says. `now` is the browser's clock. */
export function createInspector(now: () => number, schedule: (fn: () => void) => void): Inspector {
  const connection = createStore<Connection>({ phase: 'connecting' }, schedule);
  const board = createStore<Board>({ hello: null, known: false, rows: new Map() }, schedule);
  const levels = createStore<Levels>(new Map(), schedule);
  const call = createStore<CallFile | null>(null, schedule);
  const recording = createStore<CallFile | null>(null, schedule);
  let ahead = 0;
  let heardAt = now();

  const change = (callId: string, fn: (shown: CallFile) => CallFile) =>
    call.set((shown) => (shown?.callId === callId ? fn(shown) : shown));

  function hearRows(message: Extract<FeedMessage, { type: 'rows' }>, first: boolean): void {
    ahead = message.now - now();
    if (message.rows.length === 0 && !first && board.get().known) return;
    board.set((before) => {
      const rows = new Map(first ? [] : before.rows);
      for (const row of message.rows) rows.set(row.callId, row);
      return { ...before, known: true, rows };
    });
    for (const row of message.rows) change(row.callId, (shown) => ({ ...shown, row }));
  }

  let rowsDue = true;

  function hearOne(message: FeedMessage): void {
    switch (message.type) {
      case 'hello':
        ahead = message.now - now();
        rowsDue = true;
        levels.set(new Map());
        board.set((before) => ({ ...before, hello: message }));
        change(call.get()?.callId ?? '', (shown) => ({
          ...shown,
          machines: message.machines,
          missing: null,
        }));
        return;
      case 'rows':
        hearRows(message, rowsDue);
        rowsDue = false;
        return;
      case 'forgotten':
        board.set((before) => {
          const rows = new Map(before.rows);
          for (const callId of message.callIds) rows.delete(callId);
          return { ...before, rows };
        });
        levels.set((before) => {
          const after = new Map(before);
          for (const callId of message.callIds) after.delete(callId);
          return after;
        });
        return;
      case 'levels':
        levels.set((before) => {
          const after = new Map(before);
          for (const [callId, callerDb, agentDb] of message.of) after.set(callId, [callerDb, agentDb]);
          return after;
        });
        return;
      case 'journal':
        change(message.callId, (shown) => {
          const moments = createMoments();
          moments.add(message.records);
          const { dropped, records, levels } = message;
          return { ...shown, dropped, records, levels, moments, missing: null, known: true };
        });
        return;
      case 'records':
        change(message.callId, (shown) => {
          shown.moments.add(message.records);
          return { ...shown, records: [...shown.records, ...message.records] };
        });
        return;
      case 'gauges':
        change(message.callId, (shown) => hearGauges(shown, message.gauges, message.figures));
        return;
      case 'refused':
        call.set((shown) => (shown ? { ...shown, missing: message.words } : shown));
    }
  }

  return {
    connection,
    board,
    levels,
    call,
    recording,
    serverNow: () => (connection.get().phase === 'live' ? now() : heardAt) + ahead,
    hear(messages) {
      heardAt = now();
      for (const message of messages) hearOne(message);
    },
    show(callId) {
      const { hello, rows } = board.get();
      call.set({ ...emptyCall(callId), row: rows.get(callId) ?? null, machines: hello?.machines ?? [] });
    },
    keep: (file) => recording.set(file),
    close: () => call.set(null),
  };
}

function hearGauges(shown: CallFile, gauges: CallGauges, figures: Facts): CallFile {
  const { at, callerDb, agentDb } = gauges;
  const last = shown.levels.at(-1)?.[0] ?? -1;
  if (at <= last) return { ...shown, gauges, figures };
  const kept = shown.levels.length < MOST_LEVELS ? shown.levels : shown.levels.slice(MOST_LEVELS / 10);
  return { ...shown, gauges, figures, levels: [...kept, [at, callerDb, agentDb]] };
}
