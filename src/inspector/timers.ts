import type { Timer } from './messages.ts';

/** A delay that runs, with what XState knows it by. */
export interface RunningTimer extends Timer {
  id: string;
  /** The type of the event that it ends with. */
  event: string;
}

/** What the ids of `after` delays begin with; the delay's name and the state's id follow: `xstate.after.<delay>.<state>`. */
const AFTER = 'xstate.after.';

type Named = Pick<Timer, 'delay' | 'state'>;

/** The same few ids come back for every call. */
const named = new Map<string, Named>();

function readAfter(id: string): Named | undefined {
  const known = named.get(id);
  if (known || !id.startsWith(AFTER)) return known;
  const end = id.indexOf('.', AFTER.length);
  const made = { delay: id.slice(AFTER.length, end), state: id.slice(end + 1) };
  named.set(id, made);
  return made;
}

/**
 * `timers` and the one that runs from `from` on, in ms since the call's start. One that the machine `machineId` arms
 * by a name of its own is the machine's.
 */
export function withTimer(
  timers: readonly RunningTimer[],
  { id, event, from, delayMs }: { id: string; event: string; from: number; delayMs: number },
  machineId: string,
): readonly RunningTimer[] {
  const { delay, state } = readAfter(id) ?? { delay: id, state: machineId };
  return [...cancelled(timers, id), { id, event, delay, state, from, due: from + delayMs }];
}

/** `timers` without the one of that id; the same array where there is none. */
export function cancelled(timers: readonly RunningTimer[], id: string): readonly RunningTimer[] {
  return timers.some((timer) => timer.id === id) ? timers.filter((timer) => timer.id !== id) : timers;
}

/** `timers` without the one that ended with an event of this type; the same array where none did. */
export function fired(timers: readonly RunningTimer[], event: string): readonly RunningTimer[] {
  return timers.some((timer) => timer.event === event)
    ? timers.filter((timer) => timer.event !== event)
    : timers;
}
