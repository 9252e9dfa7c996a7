import type { Overheard } from '../ports.ts';
import { MACHINE_OF } from './actors.ts';
import type { Step } from './feed.ts';
import type { ActorName, ActorRecord, Facts, JournalRecord, StateValue, Timer } from './messages.ts';
import type { Redactor } from './redact.ts';
import type { RunningTimer } from './timers.ts';

/** What a machine knows. */
export type Context = Readonly<Record<string, unknown>>;

/** What is known of an actor at some place of the journal. */
export interface Known {
  value: unknown;
  context: Context;
  timers: readonly RunningTimer[];
}

/** A record as it is kept: what the machines hold, not copied and not yet made fit to be shown. */
export interface Kept {
  /** Its number, once it has its place; before that, the order in which it began. */
  seq: number;
  at: number;
  what: ({ kind: 'actor'; actor: ActorName } & Known) | Change | { kind: 'heard'; heard: Overheard };
}

/** A step that changed something, or nothing. */
export interface Change {
  kind: 'change';
  actor: ActorName;
  event: Step['event'];
  edges: readonly number[];
  value: unknown;
  changed: Context;
  timers: readonly RunningTimer[] | undefined;
  status: Step['status'];
}

/** One actor as it is now. */
export type JournalActor = Omit<ActorRecord, 'seq' | 'at'>;

/** What most steps change in a context. */
export const NOTHING: Context = Object.freeze({});

/** Writes records, for whoever looks. */
export interface RecordWriter {
  record(kept: Kept): JournalRecord;
  actor(actor: ActorName, known: Known): JournalActor;
}

/** Makes what is kept fit to be shown. */
export function createRecordWriter(redactor: Redactor): RecordWriter {
  function recordOf({ seq, at, what }: Kept): JournalRecord {
    const numbered = { seq, at: tenth(at) };
    switch (what.kind) {
      case 'actor':
        return { ...numbered, ...actorRecord(what.actor, what) };
      case 'change':
        return {
          ...numbered,
          type: '@xstate.transition',
          actor: what.actor,
          event: { ...redactor.facts(what.event), type: what.event.type },
          edges: what.edges,
          value: what.value as StateValue,
          changed: what.changed === NOTHING ? (NOTHING as Facts) : redactor.facts(what.changed),
          ...(what.timers && { timers: what.timers.map(timerOf) }),
          status: what.status,
        };
      case 'heard':
        return { ...numbered, ...heardRecord(what.heard) };
    }
  }

  function actorRecord(actor: ActorName, { value, context, timers }: Known) {
    return {
      type: '@xstate.actor' as const,
      actor,
      machine: MACHINE_OF[actor],
      value: value as StateValue,
      context: redactor.facts(context),
      timers: timers.map(timerOf),
    };
  }

  function heardRecord(heard: Overheard) {
    if (heard.type === 'sound') return { type: heard.type, side: heard.side, from: tenth(heard.from) };
    const { type, from, to, message, facts } = heard;
    return { type, from, to, message: redactor.words(message), facts: redactor.facts(facts) };
  }

  return { record: recordOf, actor: actorRecord };
}

function timerOf({ delay, state, from, due }: RunningTimer): Timer {
  return { delay, state, from: tenth(from), due: tenth(due) };
}

function tenth(ms: number): number {
  return Math.round(ms * 10) / 10;
}
