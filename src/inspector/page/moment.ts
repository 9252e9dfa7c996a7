import type {
  ActorName,
  ActorRecord,
  Facts,
  JournalRecord,
  MachineName,
  StateValue,
  Timer,
  TransitionRecord,
} from '../messages.ts';

/** One actor at a moment. */
export interface ActorMoment {
  value: StateValue;
  /** The ids of the states that are active, with all that are around them. The same set for the same value. */
  active: ReadonlySet<string>;
  context: Facts;
  timers: readonly Timer[];
  /** What it was told last, and the edges that it took then; `null`: nothing yet. */
  last: Told | null;
  /** What it was told when its state last became another one; `null`: it is in its first. */
  arrived: Told | null;
  status: string;
}

/** An event, and the edges that were taken for it, by their places in the machine's list. */
export interface Told {
  event: string;
  edges: readonly number[];
  at: number;
  seq: number;
}

/** A whole call at a moment. `at` in ms since its start; `seq` is that of the last record until then, 0 before any. */
export interface CallMoment {
  at: number;
  seq: number;
  actors: Partial<Record<ActorName, ActorMoment>>;
}

/** What a call was at any moment of it, from its journal. */
export interface Moments {
  /** Takes the records that follow, in their order; those that it has already are passed over. */
  add(records: readonly JournalRecord[]): void;
  at(atMs: number): CallMoment;
  /** The moment of the last record. */
  latest(): CallMoment;
}

type Actors = CallMoment['actors'];

/** Seeking replays at most this many records. */
const RECORDS_BETWEEN_CHECKPOINTS = 200;

export const MACHINE_OF: Readonly<Record<ActorName, MachineName>> = {
  call: 'call',
  twilioSocket: 'twilio-socket',
  vapiSocket: 'vapi-socket',
  callerBuffer: 'jitter-buffer',
  agentBuffer: 'jitter-buffer',
};

/** Makes the moments of one call, of no record yet. */
export function createMoments(): Moments {
  const records: JournalRecord[] = [];
  /** What was true before the record whose place is the checkpoint's times the distance. */
  const checkpoints: Actors[] = [];
  const activeOf = createActiveSets();
  let newest: Actors = {};

  function step(actors: Actors, record: JournalRecord): Actors {
    switch (record.type) {
      case '@xstate.actor':
        return { ...actors, [record.actor]: appeared(record) };
      case '@xstate.transition':
        return { ...actors, [record.actor]: moved(actors[record.actor], record) };
      default:
        return actors;
    }
  }

  function appeared({ machine, value, context, timers }: ActorRecord): ActorMoment {
    const active = activeOf(machine, value);
    return { value, active, context, timers, last: null, arrived: null, status: 'active' };
  }

  function moved(before: ActorMoment | undefined, record: TransitionRecord): ActorMoment {
    const { actor, event, edges, value, changed, at, seq, status } = record;
    const timers = record.timers ?? before?.timers ?? [];
    const active = activeOf(MACHINE_OF[actor], value);
    const last = { event: event.type, edges, at, seq };
    return {
      value,
      active,
      context: { ...before?.context, ...changed },
      timers: status === 'active' ? timers : [],
      last,
      arrived: active === before?.active ? before.arrived : last,
      status,
    };
  }

  return {
    add(more) {
      for (const record of more) {
        if (record.seq <= (records.at(-1)?.seq ?? 0)) continue;
        if (records.length % RECORDS_BETWEEN_CHECKPOINTS === 0) checkpoints.push(newest);
        records.push(record);
        newest = step(newest, record);
      }
    },
    at(atMs) {
      const end = placeAfter(records, atMs);
      const seq = records[end - 1]?.seq ?? 0;
      if (end === records.length) return { at: atMs, seq, actors: newest };
      const checkpoint = Math.floor(end / RECORDS_BETWEEN_CHECKPOINTS);
      const since = records.slice(checkpoint * RECORDS_BETWEEN_CHECKPOINTS, end);
      return { at: atMs, seq, actors: since.reduce(step, checkpoints[checkpoint] ?? {}) };
    },
    latest() {
      const last = records.at(-1);
      return { at: last?.at ?? 0, seq: last?.seq ?? 0, actors: newest };
    },
  };
}

/** How many records there are until `atMs`, that moment included. */
export function placeAfter(records: readonly { readonly at: number }[], atMs: number): number {
  let low = 0;
  let high = records.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((records[middle]?.at ?? 0) <= atMs) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The ids of a value's states, those around them first: `call`, `call.live`, `call.live.streaming`. */
export function activeIds(machine: string, value: StateValue): string[] {
  const within = (around: string, inner: StateValue | undefined): string[] => {
    if (inner === undefined) return [];
    if (typeof inner === 'string') return [`${around}.${inner}`];
    return Object.entries(inner).flatMap(([key, deeper]) => [
      `${around}.${key}`,
      ...within(`${around}.${key}`, deeper),
    ]);
  };
  return [machine, ...within(machine, value)];
}

/** A call is in few different values, again and again. */
function createActiveSets() {
  const known = new Map<string, ReadonlySet<string>>();
  return (machine: MachineName, value: StateValue): ReadonlySet<string> => {
    const key = `${machine} ${JSON.stringify(value)}`;
    const active = known.get(key) ?? new Set(activeIds(machine, value));
    known.set(key, active);
    return active;
  };
}
