import type { Random } from '../../test/sim/random.ts';
import type { Plan } from './calls.ts';
import { FAULTS, REFUSALS_EVERY_MS } from './faults.ts';

/** Times are drawn from between these, in ms. */
const TALK_MS = [8_000, 30_000] as const;
const FAULT_FOR_MS = [1_000, 8_000] as const;
const FAULT_NOT_BEFORE_MS = 2_000;
/** Of all faults on a line, so many are there from its first word on. */
const FROM_THE_FIRST_WORD = 0.15;
/** Of all calls that may have a fault, so many have none. */
const WITHOUT_FAULT = 0.1;
/** Callers on these first lines are never harmed: they tell what the others' faults cost. */
export const MEASURED_LINES = 2;

/**
 * Draws what the next call on each of so many telephone lines is to be like. It follows from the seed, the line and how
 * many calls it had; only a refusal that would come too soon after another is left out. Each kind of fault comes about
 * as often as any other.
 */
export function createPlans(random: Random, lines: number): (line: number, now: number) => Plan {
  const calls = new Map<number, number>();
  const names = shuffled(Object.keys(FAULTS), random.fork(0));
  let refusedAt = Number.NEGATIVE_INFINITY;

  function allowed(name: string, now: number): string | undefined {
    if (FAULTS[name]?.refuses === undefined) return name;
    if (now - refusedAt < REFUSALS_EVERY_MS) return undefined;
    refusedAt = now;
    return name;
  }

  return (line, now) => {
    const had = calls.get(line) ?? 0;
    calls.set(line, had + 1);
    const number = had * lines + line + 1;
    const own = random.fork(number);
    const talkMs = own.int(...TALK_MS);
    const measured = line < MEASURED_LINES;
    const harmed = !measured && !own.chance(WITHOUT_FAULT);
    const fault = harmed ? allowed(names[number % names.length] ?? '', now) : undefined;
    const fromTheStart = FAULTS[fault ?? '']?.spoils !== undefined && own.chance(FROM_THE_FIRST_WORD);
    return {
      number,
      callSid: `CA${own.bytes(16).toString('hex')}`,
      talkMs,
      fault,
      faultAtMs: fromTheStart ? 0 : own.int(FAULT_NOT_BEFORE_MS, talkMs - 2_000),
      faultForMs: own.int(...FAULT_FOR_MS),
      measured,
      random: own,
    };
  };
}

function shuffled(names: string[], random: Random): string[] {
  for (let at = names.length - 1; at > 0; at -= 1) {
    const other = random.int(0, at);
    [names[at], names[other]] = [names[other] ?? '', names[at] ?? ''];
  }
  return names;
}
