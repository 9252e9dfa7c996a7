import type { Call } from '../../src/call/open-call.ts';
import { stateName } from '../../src/call/state-name.ts';
import type { Step } from '../../src/inspector/feed.ts';
import type { ExpectedState } from '../../src/inspector/story.ts';

/** What became of a call: what a story's expectation is held against. */
export interface SeenCall {
  states: readonly ExpectedState[];
  ending: string;
  bargeIns: readonly string[];
}

/** Notes what becomes of the one call of a world. */
export function createSeenCall() {
  const states: ExpectedState[] = [];
  let ending = 'none';
  let bargeIns: readonly string[] = [];

  return {
    step({ actor, at, to }: Step): void {
      if (actor !== 'call') return;
      const state = stateName(to);
      if (state !== states.at(-1)?.state) states.push({ at, state });
    },
    ended(call: Call): void {
      ending = call.ending?.reason ?? 'none';
      bargeIns = call.figures.bargeIns.map(({ outcome }) => outcome);
    },
    read: (): SeenCall => ({ states, ending, bargeIns }),
  };
}
