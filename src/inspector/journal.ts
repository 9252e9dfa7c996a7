import type { Overheard } from '../ports.ts';
import { MACHINE_OF } from './actors.ts';
import type { Place, Step } from './feed.ts';
import type { ActorName, JournalRecord, LevelSample } from './messages.ts';
import {
  type Change,
  type Context,
  createRecordWriter,
  type JournalActor,
  type Kept,
  type Known,
  NOTHING,
} from './records.ts';
import type { Redactor } from './redact.ts';

/** What a journal holds at most; when it is full, the oldest half becomes one record for each actor. */
export const MOST_RECORDS = 1_000;
/** Five minutes of levels at ten a second. */
const MOST_LEVELS = 3_000;
/** Steps that begin within one another and wait for the outermost to be told. */
const MOST_WAITING = 100;

/** What happened in one call, in order, as far back as there is room. */
export interface Journal {
  step(step: Step): void;
  hear(heard: Overheard, place: Place): void;
  /** All of it; `dropped` older records are gone. */
  read(): { dropped: number; records: readonly JournalRecord[] };
  /** The records after the one of this number, which is 0 for all. */
  since(seq: number): readonly JournalRecord[];
  /** The number of the newest record, 0 before the first. */
  readonly newest: number;
  /** Every actor as it is now, the call's own first. */
  actors(): readonly JournalActor[];
  addLevels(sample: LevelSample): void;
  readonly levels: readonly LevelSample[];
}

/** Makes the journal of one call, with room for so many records. It hears every step, so it only notes; records are written when they are read. */
export function createJournal(redactor: Redactor, room = MOST_RECORDS): Journal {
  const writer = createRecordWriter(redactor);
  let records: Kept[] = [];
  let newest = 0;
  let newestAt = 0;
  /** How many records there is no room for any more. */
  let dropped = 0;
  let waiting: Kept[] = [];
  /** The actors after the newest record, and before the oldest. */
  const latest = new Map<ActorName, Known>();
  const levels: LevelSample[] = [];

  function note(record: Kept, settled: boolean): void {
    if (settled && waiting.length === 0) {
      append(record);
      return;
    }
    waiting.push(record);
    if (settled || waiting.length > MOST_WAITING) settle();
  }

  /** What began first comes first. */
  function settle(): void {
    if (waiting.length === 0) return;
    const settled = waiting;
    waiting = [];
    settled.sort((one, other) => one.seq - other.seq);
    for (const record of settled) append(record);
  }

  function append(record: Kept): void {
    newest += 1;
    record.seq = newest;
    // What is heard beside the machines is dated by itself, and may come a moment late.
    newestAt = Math.max(newestAt, record.at);
    record.at = newestAt;
    records.push(record);
    if (records.length >= room) makeRoom();
  }

  /** Marks go first: there are six a second and more, and nothing that follows needs them. */
  function makeRoom(): void {
    const half = room >> 1;
    const left = records.filter(({ what }, place) => place >= half || !isMark(what));
    dropped += records.length - left.length;
    records = left;
    if (records.length > room - (room >> 3)) fold(half);
  }

  /** Makes of the oldest records one for each actor, so that those that are left can be told from there on. */
  function fold(count: number): void {
    const old = records.splice(0, count);
    const actors = new Map<ActorName, Known>();
    for (const { what } of old) {
      if (what.kind === 'actor') actors.set(what.actor, what);
      if (what.kind !== 'change') continue;
      const { context, timers } = actors.get(what.actor) ?? { context: NOTHING, timers: [] };
      actors.set(what.actor, {
        value: what.value,
        context: what.changed === NOTHING ? context : { ...context, ...what.changed },
        timers: what.timers ?? timers,
      });
    }
    const { at = 0, seq = 0 } = old.at(-1) ?? {};
    const fresh = [...actors].map(
      ([actor, { value, context, timers }], place): Kept => ({
        seq: seq - actors.size + place + 1,
        at,
        what: { kind: 'actor', actor, value, context, timers },
      }),
    );
    dropped += old.length - fresh.length;
    records.unshift(...fresh);
  }

  function since(seq: number): readonly JournalRecord[] {
    settle();
    return records.slice(placeAfter(records, seq)).map(writer.record);
  }

  return {
    step(step) {
      const {
        actor,
        beganAt: at,
        order: seq,
        settled,
        event,
        edges,
        to: value,
        context,
        timers,
        status,
      } = step;
      const before = latest.get(actor);
      if (!before) {
        latest.set(actor, { value, context, timers });
        note({ seq, at, what: { kind: 'actor', actor, value, context, timers } }, settled);
        return;
      }
      const changed = changedOf(before.context, context);
      const newTimers = timers === before.timers ? undefined : timers;
      before.value = value;
      before.context = context;
      before.timers = timers;
      const what: Change = { kind: 'change', actor, event, edges, value, changed, timers: newTimers, status };
      note({ seq, at, what }, settled);
    },
    hear: (heard, { order, settled }) =>
      note({ seq: order, at: heard.at, what: { kind: 'heard', heard } }, settled),
    read() {
      const all = since(0);
      return { dropped, records: all };
    },
    since,
    get newest() {
      settle();
      return newest;
    },
    actors() {
      const names = Object.keys(MACHINE_OF) as ActorName[];
      return names.flatMap((actor) => {
        const known = latest.get(actor);
        return known ? [writer.actor(actor, known)] : [];
      });
    },
    addLevels(sample) {
      levels.push(sample);
      if (levels.length > MOST_LEVELS) levels.splice(0, MOST_LEVELS / 2);
    },
    get levels() {
      return levels;
    },
  };
}

function isMark(what: Kept['what']): boolean {
  return what.kind === 'heard' && what.heard.type === 'wire' && what.heard.message === 'mark';
}

/** How many of the records, which are in order, have a number up to `seq`. */
function placeAfter(records: readonly Kept[], seq: number): number {
  let low = 0;
  let high = records.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((records[middle]?.seq ?? 0) <= seq) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The fields of a context that another value stands in; most steps change none. */
function changedOf(before: Context, after: Context): Context {
  if (before === after) return NOTHING;
  let changed: Record<string, unknown> | undefined;
  for (const name in after) {
    if (after[name] === before[name]) continue;
    changed ??= {};
    changed[name] = after[name];
  }
  return changed ?? NOTHING;
}
