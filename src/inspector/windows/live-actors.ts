import type { ActorRecord, TransitionRecord } from '../messages.ts';
import type { Actor, WindowFeed } from './window.ts';

/** What is told of the actors that live. */
export interface ActorsEar {
  /** Does the work of a turn of the event loop in which nobody else would hear of an error. */
  safely(work: () => void): void;
  began(actor: Actor): void;
  /** `actor` is as it is after the step. */
  stepped(actor: Actor, step: TransitionRecord): void;
  ended(actor: Actor): void;
}

export interface LiveActors {
  /** The actors that live, as of what has been told so far. */
  list(): Iterable<Actor>;
  /** Tells now what has happened and was not told yet. */
  flush(): void;
  stop(): void;
}

/** What is followed of one call. */
interface Followed {
  callId: string;
  actors: Map<string, Actor>;
  /** The number of the last record that was read. */
  seq: number;
}

/**
 * Follows the statecharts of all live calls while somebody looks, and keeps nothing of those that are over. Journals are
 * read in a later turn of the event loop than the one that wrote them, in which a call is at work.
 */
export function followActors(feed: WindowFeed, ear: ActorsEar): LiveActors {
  const calls = new Map<string, Followed>();
  /** The calls in which something happened, and whether they are over. */
  const news = new Map<string, 'happened' | 'closed'>();
  const finals = new Set(
    feed.machines.flatMap(({ states }) => states.filter(({ kind }) => kind === 'final').map(({ id }) => id)),
  );
  let waiting: NodeJS.Immediate | undefined;

  function note(callId: string, what: 'happened' | 'closed'): void {
    if (news.get(callId) !== 'closed') news.set(callId, what);
    waiting ??= setImmediate(() => ear.safely(flush));
  }

  function flush(): void {
    clearImmediate(waiting);
    waiting = undefined;
    const noted = [...news];
    news.clear();
    for (const [callId, what] of noted) {
      read(callId);
      if (what === 'closed') forget(callId);
    }
  }

  function read(callId: string): void {
    const followed = calls.get(callId) ?? { callId, actors: new Map(), seq: 0 };
    // Statecharts that are stopped have last words after their call is closed.
    if (!calls.has(callId) && !feed.isLive(callId)) return;
    calls.set(callId, followed);
    for (const record of feed.journalOf(callId)?.since(followed.seq) ?? []) {
      followed.seq = record.seq;
      if (record.type === '@xstate.actor') begin(followed, record);
      else if (record.type === '@xstate.transition') step(followed, record);
    }
  }

  function begin({ callId, actors }: Followed, { actor, machine, value, context }: ActorRecord): void {
    const known = actors.has(actor);
    const begun: Actor = { callId, actor, machine, value, context };
    actors.set(actor, begun);
    // A journal that has no more room tells again of those that it told of before.
    if (!known) ear.began(begun);
  }

  function step(followed: Followed, record: TransitionRecord): void {
    const { actor, value, changed, status } = record;
    const before = followed.actors.get(actor);
    if (!before) return;
    const after = { ...before, value, context: { ...before.context, ...changed } };
    followed.actors.set(actor, after);
    ear.stepped(after, record);
    if (status === 'active') return;
    // A call's children end with it.
    if (actor === 'call') endAll(followed);
    else end(followed, after);
  }

  function end({ actors }: Followed, actor: Actor): void {
    actors.delete(actor.actor);
    ear.ended(actor);
  }

  /** The children first, as they would stop. */
  function endAll(followed: Followed): void {
    for (const actor of [...followed.actors.values()].reverse()) end(followed, actor);
  }

  function forget(callId: string): void {
    const followed = calls.get(callId);
    if (followed) endAll(followed);
    calls.delete(callId);
  }

  /** A call that was there before. Those of its actors that have come to their end are not told of. */
  function join(callId: string): void {
    const journal = feed.journalOf(callId);
    if (!journal) return;
    const followed: Followed = { callId, actors: new Map(), seq: journal.newest };
    calls.set(callId, followed);
    for (const actor of journal.actors()) {
      const isOver = finals.has(`${actor.machine}.${actor.value}`);
      if (!isOver) followed.actors.set(actor.actor, { callId, ...actor });
    }
  }

  for (const callId of feed.calls()) join(callId);
  const stopListening = feed.listen({
    happened: (callId) => note(callId, 'happened'),
    closed: (callId) => note(callId, 'closed'),
  });

  return {
    *list() {
      for (const { actors } of calls.values()) yield* actors.values();
    },
    flush,
    stop() {
      stopListening();
      clearImmediate(waiting);
      news.clear();
      calls.clear();
    },
  };
}
