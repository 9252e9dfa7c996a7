import type { Step } from './feed.ts';

/** One change of a call's state. `at` is in ms since the call's start. */
export interface TimelineEntry {
  at: number;
  event: string;
  from: string;
  to: string;
}

/** A call changes state a few times in each turn; whoever wants more than this many has a recording. */
const MOST_ENTRIES = 2_000;

export interface Timelines {
  hear(step: Step): void;
  of(callId: string): readonly TimelineEntry[];
  forget(callId: string): void;
}

/** Keeps, for each call, the states it went through. `nameOf` makes one word of a state value. */
export function createTimelines(nameOf: (value: unknown) => string): Timelines {
  const timelines = new Map<string, TimelineEntry[]>();

  return {
    hear({ callId, actor, at, event, from, to }) {
      if (actor !== 'call' || from === to) return;
      const fromName = from === null ? '' : nameOf(from);
      const toName = nameOf(to);
      if (fromName === toName) return;
      const timeline = timelines.get(callId) ?? [];
      if (timeline.length === 0) timelines.set(callId, timeline);
      if (timeline.length < MOST_ENTRIES) {
        timeline.push({ at: Math.round(at), event: event.type, from: fromName, to: toName });
      }
    },
    of: (callId) => timelines.get(callId) ?? [],
    forget: (callId) => timelines.delete(callId),
  };
}
