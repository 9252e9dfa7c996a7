import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { violationLine } from './invariants.ts';
import { drawPlan, FAULT_KINDS, FAULTS, type Fault, LATEST_FAULT_MS, type WorldPlan } from './plan.ts';
import { PLANTED, type Planted } from './planted.ts';
import { REGRESSIONS } from './regressions.ts';
import { storyOf } from './story.ts';
import { runWorld } from './world.ts';

const FRESH_WORLDS = 12;
/** Worlds of ten calls within which a planted mistake has to be found. */
const WORLDS_PER_MISTAKE = 40;

/** What is wrong with a world and how it came about: the violations, then the story of the calls that they concern. */
async function troubleOf(plan: WorldPlan): Promise<string> {
  const { violations, story } = await runWorld(plan);
  const concerned = [...new Set(violations.map(({ call }) => call))];
  return [
    ...violations.map(violationLine),
    ...concerned.flatMap((call) => (call === null ? [] : storyOf(story, call))),
  ].join('\n');
}

describe('A world of calls', () => {
  // A seed that fails is printed with its story; as a regression it is told for ever.
  const fresh = Math.floor(Math.random() * 1_000_000_000);

  it(`holds every invariant in ${FRESH_WORLDS} worlds from seed ${fresh} on`, {
    timeout: 60_000,
  }, async () => {
    for (let seed = fresh; seed < fresh + FRESH_WORLDS; seed += 1) {
      expect(
        await troubleOf(drawPlan(seed, 10)),
        `npm run simulate -- --seed ${seed} --calls 10 --story`,
      ).toBe('');
    }
  });

  it('tells the same story for the same seed, to the byte', { timeout: 60_000 }, async () => {
    const first = await runWorld(drawPlan(77, 10));
    const second = await runWorld(drawPlan(77, 10));
    expect(second.story).toEqual(first.story);
    expect((await runWorld(drawPlan(78, 10))).story).not.toEqual(first.story);
  });

  it.each(REGRESSIONS)('$title', async ({ plan }) => {
    expect(await troubleOf(plan)).toBe('');
  });
});

/** One fault, of any kind that there is. */
const anyFault: fc.Arbitrary<Fault> = fc.constantFrom(...FAULT_KINDS).chain((kind) => {
  const recipe: { standing?: true; ms?: readonly [number, number]; as?: readonly string[] } = FAULTS[kind];
  const { standing, ms, as } = recipe;
  return fc.record({
    at: standing ? fc.constant(0) : fc.integer({ min: 1, max: LATEST_FAULT_MS }),
    target: fc.constant(0),
    kind: fc.constant(kind),
    args: fc.record({
      ...(ms && { ms: fc.integer({ min: ms[0], max: ms[1] }) }),
      ...(as && { as: fc.constantFrom(...as) }),
    }),
  });
});

describe('A call', () => {
  it.each([1, 2])(
    'holds every invariant under %i faults drawn at random',
    { timeout: 60_000 },
    async (faults) => {
      await fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 1, max: 1_000_000 }),
          fc.array(anyFault, { minLength: faults, maxLength: faults }),
          async (seed, drawn) => {
            expect(await troubleOf({ ...drawPlan(seed, 1), faults: drawn })).toBe('');
          },
        ),
        { numRuns: 40 },
      );
    },
  );
});

describe('A mistake planted in the bridge', () => {
  const planted: [string, Planted][] = Object.entries(PLANTED);

  it.each(planted)(
    `is found within ${WORLDS_PER_MISTAKE} worlds: %s`,
    { timeout: 60_000 },
    async (_name, mistake) => {
      let found = 0;
      for (let seed = 1; seed <= WORLDS_PER_MISTAKE && found === 0; seed += 1) {
        found = (await runWorld(drawPlan(seed, 10), mistake)).violations.length;
      }
      expect(found, mistake.words).toBeGreaterThan(0);
    },
  );
});
