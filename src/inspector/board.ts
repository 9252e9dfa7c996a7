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
  /** Since 1970, of the call's start: what is told in ms since then is counted from here. */
  startEpochMs: number;
  /** What the row was made of last. */
  values: Partial<Record<ActorName, unknown>>;
  context: Step['context'] | null;
  timers: Step['timers'] | null;
  /** Since when a ping is out, and until when only words interrupt, by the clock of the calls. */
  pingedAt: Partial<Record<ActorName, number>>;
  backedOffUntil: number;
}

/** A ping that is answered sooner is no news, in ms. */
const PATIENCE_MS = 1_500;

/** Folds what the calls' machines do into a row for each call. */
export function createBoard(options: BoardOptions): Board {
  const { now, epochMs, stateName, redactor } = options;
  const entries = new Map<string, Entry>();
  const changed = new Set<string>();
  /** Calls whose warnings change with time. */
  const passing = new Set<string>();

  function foldCall(entry: Entry, { callId, to, context, timers, at }: Step): void {
    const { row, startEpochMs } = entry;
    const state = stateName(to);
    if (state !== row.state) {
      row.state = state;
      row.stateSince = startEpochMs + at;
      changed.add(callId);
    }
    if (timers !== entry.timers) {
      entry.timers = timers;
      const session = timers.find(({ delay }) => delay === 'sessionTtl');
      if (session) row.endsBy = startEpochMs + session.due;
    }
    if (context === entry.context) return;
    entry.context = context;
    changed.add(callId);
    row.callSid = textOf(context.callSid);
    row.streamSid = textOf(context.streamSid);
    const { figures, heedsVoiceFrom } = context;
    if (typeof heedsVoiceFrom === 'number') noteBackOff(entry, callId, now() - at + heedsVoiceFrom);
    if (!isRecord(figures)) return;
    if (Array.isArray(figures.bargeIns)) row.bargeIns = figures.bargeIns.length;
    const last: unknown = Array.isArray(figures.responsesMs) ? figures.responsesMs.at(-1) : undefined;
    if (typeof last === 'number') row.lastResponseMs = Math.round(last);
  }

  function noteBackOff(entry: Entry, callId: string, until: number): void {
    if (until <= now() || until <= entry.backedOffUntil) return;
    entry.backedOffUntil = until;
    passing.add(callId);
    refreshWarnings(entry);
  }

  function textOf(value: unknown): string | null {
    return typeof value === 'string' ? redactor.words(value) : null;
  }

  function notePing(entry: Entry, { callId, actor, to }: Step): void {
    if (isProbing(to)) {
      entry.pingedAt[actor] ??= now();
      passing.add(callId);
    } else delete entry.pingedAt[actor];
  }

  function refreshWarnings(entry: Entry): void {
    const unanswered = (actor: ActorName) => {
      const at = entry.pingedAt[actor];
      return at !== undefined && now() - at >= PATIENCE_MS;
    };
    const warnings = warningsOf(entry.values, { unanswered, backedOff: entry.backedOffUntil > now() });
    if (warnings.join() === entry.row.warnings.join()) return;
    entry.row.warnings = warnings;
    changed.add(entry.row.callId);
  }

  function refreshPassing(): void {
    for (const callId of passing) {
      const entry = entries.get(callId);
      if (entry) refreshWarnings(entry);
      const isWaiting = entry && (Object.keys(entry.pingedAt).length > 0 || entry.backedOffUntil > now());
      if (!isWaiting) passing.delete(callId);
    }
  }

  const copyOf = ({ row }: Entry): CallRow => ({ ...row });

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
        startEpochMs,
        values: {},
        context: null,
        timers: null,
        pingedAt: {},
        backedOffUntil: 0,
      });
      changed.add(callId);
    },
    step(step) {
      const entry = entries.get(step.callId);
      // What the children still do when the call is over changes nothing of its row.
      if (!entry || entry.row.endedAt !== null) return;
      const { actor } = step;
      const wasThere = entry.values[actor];
      entry.values[actor] = step.to;
      if (actor === 'call') foldCall(entry, step);
      else notePing(entry, step);
      if (isSame(wasThere, step.to)) return;
      refreshWarnings(entry);
      const muted = isIn(entry.values.agentBuffer, 'muted');
      if (muted === entry.row.muted) return;
      entry.row.muted = muted;
      changed.add(step.callId);
    },
    closed({ callId, ending }) {
      const entry = entries.get(callId);
      if (!entry) return;
      const { row } = entry;
      row.endedAt = epochMs();
      if (row.state !== 'closed') row.stateSince = row.endedAt;
      row.state = 'closed';
      row.ending = ending && { reason: ending.reason, words: redactor.words(ending.words ?? '') };
      row.warnings = [];
      passing.delete(callId);
      changed.add(callId);
    },
    forget(callId) {
      entries.delete(callId);
      changed.delete(callId);
      passing.delete(callId);
    },
    row(callId) {
      const entry = entries.get(callId);
      return entry && copyOf(entry);
    },
    rows: () => [...entries.values()].map(copyOf),
    changes() {
      refreshPassing();
      const rows = [...changed].flatMap((callId) => {
        const entry = entries.get(callId);
        return entry ? [copyOf(entry)] : [];
      });
      changed.clear();
      return rows;
    },
  };
}

/** Whether two state values are the same. */
function isSame(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (!isRecord(one) || !isRecord(other)) return false;
  const [oneKeys, otherKeys] = [Object.keys(one), Object.keys(other)];
  return oneKeys.length === otherKeys.length && oneKeys.every((key) => isSame(one[key], other[key]));
}

function isProbing(value: unknown): boolean {
  if (!isRecord(value)) return false;
  const { open, linked } = value;
  return open === 'probing' || (isRecord(linked) && linked.open === 'probing');
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
