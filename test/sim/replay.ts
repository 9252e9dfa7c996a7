import type { Expectation, ExpectedState, Story } from '../../src/inspector/story.ts';
import { violationLine } from './invariants.ts';
import type { Planted } from './planted.ts';
import { createSeenCall, type SeenCall } from './seen-call.ts';
import { clockTime } from './story.ts';
import { planOf } from './told.ts';
import { runWorld, type WorldResult } from './world.ts';

/** Replays a story in a world of its own. */
export async function replay(
  story: Story,
  planted?: Planted,
): Promise<{ world: WorldResult; trouble: string }> {
  const seen = createSeenCall();
  const world = await runWorld(planOf(story), planted, seen);
  const difference = firstDifference(story.expect, seen.read());
  const trouble = [...(difference ? [difference] : []), ...world.violations.map(violationLine)].join('\n');
  return { world, trouble };
}

/** The first thing that is otherwise than expected, in words; nothing where all is as expected. */
export function firstDifference(expected: Expectation, seen: SeenCall): string | undefined {
  return (
    differentState(expected, seen) ?? differentBargeIn(expected, seen) ?? differentEnding(expected, seen)
  );
}

function differentState({ states, ignores, toleranceMs }: Expectation, seen: SeenCall): string | undefined {
  const due = without(ignores, states);
  const came = without(ignores, seen.states);
  let i = 0;
  let j = 0;
  while (i < due.length || j < came.length) {
    const [one, other] = [due[i], came[j]];
    if (one?.state === other?.state && Math.abs((one?.at ?? 0) - (other?.at ?? 0)) <= toleranceMs) {
      i += 1;
      j += 1;
    } else if (isMoment(due, i, toleranceMs)) i += skipped(due, i);
    else if (isMoment(came, j, toleranceMs)) j += skipped(came, j);
    else
      return [
        `State ${i + 1} is another than expected${i === 0 ? '' : `, after ${due[i - 1]?.state}`}.`,
        `  expected  ${one ? `${placed(one)} (± ${toleranceMs} ms)` : 'nothing more'}`,
        `  seen      ${other ? placed(other) : 'nothing more'}`,
      ].join('\n');
  }
  return undefined;
}

/** A moment of `streaming` between two things that happen at about the same time: which comes first is chance. */
function isMoment(states: readonly ExpectedState[], i: number, toleranceMs: number): boolean {
  const [one, next] = [states[i], states[i + 1]];
  return one?.state === 'streaming' && next !== undefined && next.at - one.at <= toleranceMs;
}

/** With the moment goes what it interrupted: the same state goes on after it. */
function skipped(states: readonly ExpectedState[], i: number): number {
  return states[i - 1]?.state === states[i + 1]?.state ? 2 : 1;
}

const placed = ({ at, state }: ExpectedState) => `${clockTime(at)}  ${state}`;

/** What is left of `states` once some are taken out: a state that goes on after one of them is one state. */
function without(ignores: readonly string[], states: readonly ExpectedState[]): ExpectedState[] {
  return states
    .filter(({ state }) => !ignores.includes(state))
    .filter(({ state }, i, left) => state !== left[i - 1]?.state);
}

function differentBargeIn({ bargeIns, ignores }: Expectation, seen: SeenCall): string | undefined {
  // Where a pause may come or not, so may an interruption that was no more than one.
  const kept = (outcomes: readonly string[]) =>
    ignores.includes('bargeIn.paused') ? outcomes.filter((outcome) => outcome !== 'resumed') : outcomes;
  const [due, came] = [kept(bargeIns).join(', '), kept(seen.bargeIns).join(', ')];
  if (due === came) return undefined;
  return `The interruptions came out otherwise.\n  expected  ${due || 'none'}\n  seen      ${came || 'none'}`;
}

function differentEnding({ ending }: Expectation, seen: SeenCall): string | undefined {
  if (ending === seen.ending) return undefined;
  return `The call ended for another reason.\n  expected  ${ending}\n  seen      ${seen.ending}`;
}
