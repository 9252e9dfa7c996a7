import type { AnyTransitionDefinition, InspectionEvent } from 'xstate';
import { MACHINE_OF } from './actors.ts';
import type { ActorName, TransitionRecord } from './messages.ts';
import { cancelled, fired, type RunningTimer, withTimer } from './timers.ts';

/** One step of one of a call's machines: what it was told, and where that led. */
export interface Step {
  callId: string;
  /** When it was over and when it began, in ms since the call's start. */
  at: number;
  beganAt: number;
  actor: ActorName;
  /** The event as the machine saw it. Events hold no secrets, no numbers and no words of the conversation. */
  event: { readonly type: string; readonly [field: string]: unknown };
  /** State values before and after; the same one where nothing but the context changed. */
  from: unknown;
  to: unknown;
  /** The machine's context after the step: facts, as they could be written on paper. */
  context: Readonly<Record<string, unknown>>;
  /** Places of the transitions taken, in order, in the machine's definition. */
  edges: readonly number[];
  /** The delays that run from now on; the same array as before when that did not change. */
  timers: readonly RunningTimer[];
  status: TransitionRecord['status'];
  /** Grows within a call. A step is told once all that it brought about has been told; by this the cause comes first. */
  order: number;
  /** Whether no step that began earlier is still to be told. */
  settled: boolean;
}

/** A place among the steps of a call. */
export type Place = Pick<Step, 'order' | 'settled'>;

export interface Feed {
  /** The observer of one call's actors. */
  observe(call: { callId: string; openedAt: number }): (event: InspectionEvent) => void;
  /** The place of something that happens to a call now, beside its machines. */
  placeOf(callId: string): Place;
  /** The call is over: its places are not asked for any more. */
  forget(callId: string): void;
  /** Tells `hear` every step from now on. Returns what ends that. */
  listen(hear: (step: Step) => void): () => void;
}

const NO_EDGES: readonly number[] = [];
const NO_TIMERS: readonly RunningTimer[] = [];

/** What is known of an actor between two of its steps. */
interface Track {
  actor: ActorName;
  value: unknown;
  timers: readonly RunningTimer[];
  /** Of the step that is under way. */
  edges: number[] | undefined;
  order: number | undefined;
  beganAt: number;
}

/** How far a call's steps are. */
interface Course {
  nextOrder: number;
  underWay: number;
}

/**
 * Turns what the statecharts do into steps, for the log, timelines, metrics, journals and whoever else looks on. It is
 * the one reader of XState's inspection, and runs for every event of every call: it copies nothing and writes no text.
 *
 * `now` is the clock of the calls. Whoever fails to hear a step, `failed` is told and the call goes on. `placeOf` finds
 * a transition in its machine's definition; without it no edges are told.
 */
export function createFeed(
  now: () => number,
  failed: (error: unknown) => void,
  placeOf: (transition: AnyTransitionDefinition) => number | undefined = () => undefined,
): Feed {
  const ears = new Set<(step: Step) => void>();
  const courses = new Map<string, Course>();

  function tell(step: Step): void {
    for (const hear of ears) {
      // An error that got back into the statechart would end the call, and with it whoever is on the phone.
      try {
        hear(step);
      } catch (error) {
        failed(error);
      }
    }
  }

  return {
    observe({ callId, openedAt }) {
      const course: Course = { nextOrder: 1, underWay: 0 };
      const tracks = new Map<unknown, Track | null>();
      courses.set(callId, course);

      function trackOf({ actorRef, rootId }: InspectionEvent): Track | null {
        const known = tracks.get(actorRef);
        if (known !== undefined) return known;
        const actor = actorRef.sessionId === rootId ? 'call' : 'id' in actorRef ? String(actorRef.id) : '';
        const track = isShown(actor)
          ? { actor, value: null, timers: NO_TIMERS, edges: undefined, order: undefined, beganAt: 0 }
          : null;
        tracks.set(actorRef, track);
        return track;
      }

      function begin(track: Track): number {
        if (track.order !== undefined) return track.order;
        track.order = course.nextOrder;
        track.beganAt = now() - openedAt;
        course.nextOrder += 1;
        course.underWay += 1;
        return track.order;
      }

      function noteTimer(track: Track, params: unknown): void {
        if (!isRecord(params)) return;
        const { id, delay: delayMs, sendId, event } = params;
        if (typeof sendId === 'string') track.timers = cancelled(track.timers, sendId);
        else if (typeof id === 'string' && typeof delayMs === 'number' && isRecord(event)) {
          const timer = { id, event: String(event.type), from: now() - openedAt, delayMs };
          track.timers = withTimer(track.timers, timer, MACHINE_OF[track.actor]);
        }
      }

      return (inspected) => {
        const track = trackOf(inspected);
        if (!track) return;
        switch (inspected.type) {
          case '@xstate.actor':
            begin(track);
            return;
          case '@xstate.event':
            track.timers = fired(track.timers, inspected.event.type);
            return;
          case '@xstate.microstep':
            begin(track);
            for (const transition of inspected._transitions) {
              const place = placeOf(transition);
              if (place === undefined) continue;
              if (track.edges) track.edges.push(place);
              else track.edges = [place];
            }
            return;
          case '@xstate.action': {
            const { type, params } = inspected.action;
            if (type === 'xstate.raise' || type === 'xstate.cancel') noteTimer(track, params);
            return;
          }
          case '@xstate.snapshot': {
            const { snapshot } = inspected;
            if (!('value' in snapshot) || !('context' in snapshot)) return;
            const order = begin(track);
            course.underWay -= 1;
            if (snapshot.status !== 'active') track.timers = NO_TIMERS;
            const step: Step = {
              callId,
              at: now() - openedAt,
              beganAt: track.beganAt,
              actor: track.actor,
              event: inspected.event,
              from: track.value,
              to: isSameValue(track.value, snapshot.value) ? track.value : snapshot.value,
              context: snapshot.context as Step['context'],
              edges: track.edges ?? NO_EDGES,
              timers: track.timers,
              status: snapshot.status,
              order,
              settled: course.underWay === 0,
            };
            track.value = step.to;
            track.edges = undefined;
            track.order = undefined;
            tell(step);
          }
        }
      };
    },
    placeOf(callId) {
      const course = courses.get(callId);
      if (!course) return { order: Number.POSITIVE_INFINITY, settled: true };
      const order = course.nextOrder;
      course.nextOrder += 1;
      return { order, settled: course.underWay === 0 };
    },
    forget: (callId) => courses.delete(callId),
    listen(hear) {
      ears.add(hear);
      return () => ears.delete(hear);
    },
  };
}

function isShown(actor: string): actor is ActorName {
  return Object.hasOwn(MACHINE_OF, actor);
}

function isSameValue(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (!isRecord(one) || !isRecord(other)) return false;
  for (const key in other) if (!isSameValue(one[key], other[key])) return false;
  return Object.keys(one).length === Object.keys(other).length;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
