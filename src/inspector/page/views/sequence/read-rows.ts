import type { Facts, JournalRecord, TransitionRecord } from '../../../messages.ts';
import { wait } from '../../format.ts';
import { type CallState, callStateOf, wordOf } from '../../state-words.ts';
import { shortPath, TITLE_OF } from '../words.ts';

/** One line of the sequence: a record in words. */
export interface Row {
  record: JournalRecord;
  seq: number;
  at: number;
  kind: 'wire' | 'call' | 'child' | 'sound';
  /** What happened: the message's name, or the event. */
  title: string;
  /** What there is to say about it in short: facts, or where it led. */
  note: string;
  /** Whether the state became another one. */
  moved: boolean;
  /** Whether it meant nothing to whoever was told. */
  ignored: boolean;
  /** The state of the call from here on. */
  state: CallState | null;
  /** Where an actor was before. */
  before: string;
  after: string;
  /** All words of it, to be searched, in small letters. */
  words: string;
}

/** Turns records into rows as they come. */
export interface Rows {
  readonly list: readonly Row[];
  /** Takes a journal that goes on from the one before, or another one. */
  follow(records: readonly JournalRecord[]): void;
}

export function createRows(): Rows {
  let list: Row[] = [];
  let lastTaken: JournalRecord | undefined;
  let paths = new Map<string, string>();
  let state: CallState | null = null;

  function take(record: JournalRecord): void {
    const row = rowOf(record);
    row.words =
      `${row.title} ${row.note} ${'actor' in record ? record.actor : ''} ${row.state ?? ''}`.toLowerCase();
    list.push(row);
    lastTaken = record;
  }

  function rowOf(record: JournalRecord): Row {
    const { seq, at } = record;
    const plain = { record, seq, at, state, moved: false, ignored: false, before: '', after: '', words: '' };
    switch (record.type) {
      case 'wire':
        return { ...plain, kind: 'wire', title: record.message, note: inShort(record.facts) };
      case 'sound': {
        const title = record.side === 'caller' ? 'caller spoke' : 'agent spoke';
        return { ...plain, kind: 'sound', title, note: wait(at - record.from) };
      }
      default:
        return actorRow(record, plain);
    }
  }

  function actorRow(
    record: Exclude<JournalRecord, { type: 'wire' | 'sound' }>,
    plain: Omit<Row, 'kind' | 'title' | 'note'>,
  ): Row {
    const { actor, value } = record;
    const before = paths.get(actor) ?? '';
    const after = shortPath(value);
    paths.set(actor, after);
    if (actor === 'call') state = callStateOf(wordOf(value));
    const who = actor === 'call' ? '' : TITLE_OF[actor];
    const same = {
      ...plain,
      state,
      before,
      after,
      kind: actor === 'call' ? ('call' as const) : ('child' as const),
    };
    if (record.type === '@xstate.actor')
      return { ...same, title: who || 'the call begins', note: after, moved: true };
    const event = eventOf(record);
    const moved = before !== after;
    return {
      ...same,
      title: event,
      note: moved ? after : who,
      moved,
      ignored: record.edges.length === 0 && !moved,
    };
  }

  return {
    get list() {
      return list;
    },
    follow(records) {
      const known = list.length;
      if (known > 0 && records[known - 1] !== lastTaken) {
        list = [];
        paths = new Map();
        state = null;
      } else list = [...list];
      for (const record of records.slice(list.length)) take(record);
    },
  };
}

/** An event as a person reads it. */
export function eventOf({ event }: TransitionRecord): string {
  const [, how, actor] = /^xstate\.(done|error)\.actor\.(.+)$/.exec(event.type) ?? [];
  if (actor) return `${actor} ${how === 'done' ? 'done' : 'failed'}`;
  const [, delay] = /^xstate\.after\.([^.]+)/.exec(event.type) ?? [];
  if (delay) return `after ${delay}`;
  return event.type.startsWith('xstate.done.state.') ? 'all done' : event.type.replace(/^xstate\./, '');
}

/** `user · started`, `ms 540`: what facts say, in a line. Words that were spoken stand as they are. */
export function inShort(facts: Facts): string {
  return Object.entries(facts)
    .flatMap(([name, fact]) => {
      if (fact === null || typeof fact === 'object') return [];
      if (typeof fact === 'boolean') return fact ? [name] : [];
      if (name === 'text') return [`“${fact}”`];
      return [typeof fact === 'number' ? `${name} ${fact}` : fact];
    })
    .join(' · ');
}
