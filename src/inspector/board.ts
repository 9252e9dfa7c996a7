import type { Step } from './feed.ts';
import type { ActorName, CallRow } from './messages.ts';
import type { Redactor } from './redact.ts';
import { isIn, warningsOf } from './warnings.ts';

/** A call as it opens. The numbers are kept only where the operator asked for them. */
export interface OpenedCall {
  callId: string;
  /** By the clock of the calls, in ms. */
  openedAt: number;
  callSid?: string | null;
  callerNumber?: string | undefined;
  calledNumber?: string | undefined;
}

/** What is known of a call once it is over. */
export interface ClosedCall {
  callId: string;
  callSid: string | null;
  streamSid: string | null;
  ending: { reason: string; words?: string } | null;
}

/** All calls at a glance: the living, and the last that ended. */
export interface Board {
  opened(call: OpenedCall): void;
  step(step: Step): void;
  closed(call: ClosedCall): void;
  forget(callId: string): void;
  row(callId: string): CallRow | undefined;
  rows(): readonly CallRow[];
  /** The rows that are new or have changed since this was asked last. */
  changes(): readonly CallRow[];
}

export interface BoardOptions {
  now(): number;
  epochMs(): number;
  /** Makes one word of a state value of the call's chart. */
  stateName(value: unknown): string;
  showsNumbers: boolean;
  redactor: Redactor;
}

type Draft = { -readonly [Field in keyof CallRow]: CallRow[Field] };

interface Entry {
  row: Draft;
  /** Of the call's start: by the clock of the calls, and since 1970. What is told in ms since then is counted from here. */
  openedAt: number;
  startEpochMs: number;
  /** What the row is to be made of when it is read next. */
  values: Partial<Record<ActorName, unknown>>;
  context: Step['context'] | null;
  timers: Step['timers'] | null;
  /** Since when a ping is out, by the clock of the calls. */
  pingedAt: Partial<Record<ActorName, number>>;
}

/** A ping that is answered sooner is no news, in ms. */
const PATIENCE_MS = 1_500;

/**
 * Folds what the calls' machines do into a row for each call. It hears every step of every call and is read a few times
 * a second, or never: a step is only noted, but for what the next would hide, and the row is made when it is read.
 */
export function createBoard(options: BoardOptions): Board {
  const { now, epochMs, stateName, redactor } = options;
  const entries = new Map<string, Entry>();
  /** Calls whose rows are to be told, and calls that something was noted of. */
  const changed = new Set<string>();
  const noted = new Set<string>();
  /** Calls whose warnings change with time. */
  const passing = new Set<string>();

  function noteCall(entry: Entry, { from, to, context, timers, at }: Step): void {
    const { row, startEpochMs } = entry;
    entry.context = context;
    if (timers !== entry.timers) {
      entry.timers = timers;
      const session = timers.find(({ delay }) => delay === 'sessionTtl');
      if (session) row.endsBy = startEpochMs + session.due;
    }
    if (from === to) return;
    const state = stateName(to);
    if (state === row.state) return;
    row.state = state;
    row.stateSince = startEpochMs + at;
    changed.add(row.callId);
  }

  function notePing(entry: Entry, { actor, to }: Step): void {
    if (isProbing(to)) entry.pingedAt[actor] ??= now();
    else if (entry.pingedAt[actor] !== undefined) delete entry.pingedAt[actor];
  }

  const textOf = (value: unknown) => (typeof value === 'string' ? redactor.words(value) : null);

  function set<Field extends keyof Draft>(row: Draft, field: Field, value: Draft[Field]): void {
    if (row[field] === value) return;
    row[field] = value;
    changed.add(row.callId);
  }

  function refresh(entry: Entry): void {
    const { row, context } = entry;
    if (row.endedAt !== null) return;
    if (context) refreshFigures(row, context);
    set(row, 'muted', isIn(entry.values.agentBuffer, 'muted'));
    refreshWarnings(entry);
  }

  function refreshFigures(row: Draft, context: Step['context']): void {
    set(row, 'callSid', textOf(context.callSid));
    set(row, 'streamSid', textOf(context.streamSid));
    const { figures } = context;
    if (!isRecord(figures)) return;
    if (Array.isArray(figures.bargeIns)) set(row, 'bargeIns', figures.bargeIns.length);
    const last: unknown = Array.isArray(figures.responsesMs) ? figures.responsesMs.at(-1) : undefined;
    if (typeof last === 'number') set(row, 'lastResponseMs', Math.round(last));
  }

  function refreshWarnings({ row, values, context, pingedAt, openedAt }: Entry): void {
    const unanswered = (actor: ActorName) => {
      const at = pingedAt[actor];
      return at !== undefined && now() - at >= PATIENCE_MS;
    };
    const heedsVoiceFrom = context?.heedsVoiceFrom;
    const backedOff = typeof heedsVoiceFrom === 'number' && openedAt + heedsVoiceFrom > now();
    const warnings = warningsOf(values, { unanswered, backedOff });
    if (backedOff || Object.keys(pingedAt).length > 0) passing.add(row.callId);
    else passing.delete(row.callId);
    if (warnings.join() === row.warnings.join()) return;
    row.warnings = warnings;
    changed.add(row.callId);
  }

  function read(entry: Entry): CallRow {
    refresh(entry);
    return { ...entry.row };
  }

  function close(entry: Entry, ending: ClosedCall['ending']): void {
    refresh(entry);
    const { row } = entry;
    row.endedAt = epochMs();
    if (row.state !== 'closed') row.stateSince = row.endedAt;
    row.state = 'closed';
    row.ending = ending && { reason: ending.reason, words: redactor.words(ending.words ?? '') };
    row.warnings = [];
    passing.delete(row.callId);
    changed.add(row.callId);
  }

  return {
    opened({ callId, openedAt, callSid = null, callerNumber, calledNumber }) {
      const startEpochMs = epochMs() - (now() - openedAt);
      const row: Draft = {
        callId,
        callSid,
        streamSid: null,
        ...(options.showsNumbers && callerNumber !== undefined && { caller: callerNumber }),
        ...(options.showsNumbers && calledNumber !== undefined && { called: calledNumber }),
        state: 'connecting',
        openedAt: startEpochMs,
        stateSince: startEpochMs,
        endsBy: startEpochMs,
        endedAt: null,
        ending: null,
        bargeIns: 0,
        lastResponseMs: null,
        muted: false,
        warnings: [],
      };
      entries.set(callId, {
        row,
        openedAt,
        startEpochMs,
        values: {},
        context: null,
        timers: null,
        pingedAt: {},
      });
      changed.add(callId);
    },
    step(step) {
      const entry = entries.get(step.callId);
      // What the children still do when the call is over changes nothing of its row.
      if (!entry || entry.row.endedAt !== null) return;
      entry.values[step.actor] = step.to;
      noted.add(step.callId);
      if (step.actor === 'call') noteCall(entry, step);
      else notePing(entry, step);
    },
    closed({ callId, ending }) {
      const entry = entries.get(callId);
      if (entry) close(entry, ending);
    },
    forget(callId) {
      entries.delete(callId);
      for (const calls of [changed, noted, passing]) calls.delete(callId);
    },
    row(callId) {
      const entry = entries.get(callId);
      return entry && read(entry);
    },
    rows: () => [...entries.values()].map(read),
    changes() {
      for (const callId of [...noted, ...passing]) {
        const entry = entries.get(callId);
        if (entry) refresh(entry);
      }
      noted.clear();
      const rows = [...changed].flatMap((callId) => entries.get(callId)?.row ?? []);
      changed.clear();
      return rows.map((row) => ({ ...row }));
    },
  };
}

function isProbing(value: unknown): boolean {
  if (!isRecord(value)) return false;
  const { open, line } = value;
  const linked = isRecord(line) && isRecord(line.linked) ? line.linked : {};
  return open === 'probing' || linked.open === 'probing';
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
