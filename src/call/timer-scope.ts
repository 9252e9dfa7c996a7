import type { Clock } from '../ports.ts';
import { type Failed, guarded } from './guard.ts';

/** A clock for one call, which owns the timers that are set on it. */
export interface TimerScope extends Clock {
  /** Disarms all timers; none is armed here any more. */
  release(): void;
}

/**
 * A statechart whose action throws is left in `error` with its children alive and their timers armed
 * (statelyai/xstate#5153). Whatever happens to it, its timers end with the call; what one of them throws, `failed` is
 * told.
 */
export function createTimerScope(clock: Clock, failed: Failed): TimerScope {
  const armed = new Set<unknown>();
  let released = false;

  return {
    now: clock.now,
    epochMs: clock.epochMs,
    setTimeout(fn, ms) {
      if (released) return undefined;
      const wake = guarded(fn, failed);
      const id = clock.setTimeout(() => {
        armed.delete(id);
        wake();
      }, ms);
      armed.add(id);
      return id;
    },
    clearTimeout(id) {
      if (armed.delete(id)) clock.clearTimeout(id);
    },
    release() {
      released = true;
      for (const id of armed) clock.clearTimeout(id);
      armed.clear();
    },
  };
}
