import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createGovernor, type Place, type TurnedAway } from '../../src/agent/governor.ts';
import { createVirtualClock } from '../support/virtual-clock.ts';

const UNHURRIED = 1_000;

function createStage(perSecond = UNHURRIED) {
  const clock = createVirtualClock();
  const governor = createGovernor({ clock, perSecond });
  const { signal: never } = new AbortController();

  const isPlace = (entered: Place | TurnedAway): entered is Place => !('refusal' in entered);

  async function enter(): Promise<Place> {
    const entered = await governor.enter(never);
    if (!isPlace(entered)) throw new Error(entered.words);
    return entered;
  }
  async function refusal(): Promise<string> {
    const entered = await governor.enter(never);
    return isPlace(entered) ? 'none' : entered.refusal;
  }
  /** Asks so often at once, and notes when each had its turn. */
  function crowd(count: number, signal = never) {
    const turns: (number | string)[] = [];
    for (let i = 0; i < count; i += 1)
      void governor
        .enter(signal)
        .then((entered) => turns.push(isPlace(entered) ? clock.now() : entered.refusal));
    return turns;
  }
  return { clock, governor, enter, refusal, crowd, isPlace, never };
}

describe('slots', () => {
  it('are not counted against anybody before Vapi tells how many there are', async () => {
    const { governor, enter } = createStage();
    for (let i = 0; i < 50; i += 1) await enter();
    expect(governor.slots).toEqual({ used: 50, cap: undefined });
  });

  it('are as many as Vapi has left beside those that are ours', async () => {
    const { governor, enter, refusal } = createStage();
    (await enter()).made({ concurrencyLimit: 10, remainingConcurrentCalls: 1 });
    expect(governor.slots).toEqual({ used: 1, cap: 2 });
    const second = await enter();
    expect(await refusal()).toBe('outOfSlots');
    second.made({ concurrencyLimit: 10, remainingConcurrentCalls: 0 });
    expect(await refusal()).toBe('outOfSlots');
    second.leave();
    second.leave();
    (await enter()).made({ concurrencyLimit: 10, remainingConcurrentCalls: 8 });
    expect(governor.slots).toEqual({ used: 2, cap: 10 });
  });

  it('are those that are taken when Vapi blocks one more', async () => {
    const { governor, enter, refusal } = createStage();
    const first = await enter();
    first.made({});
    const blocked = await enter();
    blocked.blocked();
    blocked.leave();
    expect(governor.slots).toEqual({ used: 1, cap: 1 });
    expect(await refusal()).toBe('outOfSlots');
    first.leave();
    expect(await refusal()).toBe('none');
  });

  it('are tried for once more, and one at a time, when nothing was heard of them for 10 s', async () => {
    const { clock, enter, refusal } = createStage();
    (await enter()).made({ remainingConcurrentCalls: 0 });
    clock.advance(9_999);
    expect(await refusal()).toBe('outOfSlots');
    clock.advance(1);
    const trial = await enter();
    expect(await refusal()).toBe('outOfSlots');
    trial.made({ remainingConcurrentCalls: 3 });
    for (let i = 0; i < 3; i += 1) await enter();
    expect(await refusal()).toBe('outOfSlots');
  });

  it('are not counted any more when that one had room and Vapi tells no numbers', async () => {
    const { clock, governor, enter, refusal } = createStage();
    const blocked = await enter();
    blocked.blocked();
    blocked.leave();
    expect(await refusal()).toBe('outOfSlots');
    clock.advance(10_000);
    (await enter()).made({});
    for (let i = 0; i < 5; i += 1) await enter();
    expect(governor.slots).toEqual({ used: 6, cap: undefined });
  });

  it('are told of in words', async () => {
    const { enter, governor, never } = createStage();
    (await enter()).made({ remainingConcurrentCalls: 0 });
    const entered = await governor.enter(never);
    expect('words' in entered && entered.words).toMatch(/no slot free .* 1 are in use.*MAX_CALLS/);
  });

  it('are never more in use than the cap that was known when they were taken', async () => {
    const step = fc.oneof(
      fc.constant({ kind: 'enter' } as const),
      fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 6_000 }) }),
      fc.record({
        kind: fc.constantFrom('made' as const, 'blocked' as const, 'leave' as const),
        which: fc.nat(30),
        left: fc.option(fc.nat(5), { nil: undefined }),
      }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const { clock, governor, isPlace, never } = createStage();
        const places: Place[] = [];
        for (const told of steps) {
          if (told.kind === 'pass') clock.advance(told.ms);
          else if (told.kind === 'enter') {
            const entered = await governor.enter(never);
            const { used, cap } = governor.slots;
            if (isPlace(entered)) {
              places.push(entered);
              expect(used).toBeLessThanOrEqual(cap ?? used);
            } else expect(used).toBeGreaterThanOrEqual(cap ?? Number.POSITIVE_INFINITY);
          } else {
            const at = told.which % Math.max(1, places.length);
            const place = places[at];
            if (told.kind === 'made') place?.made({ remainingConcurrentCalls: told.left });
            else {
              if (told.kind === 'blocked') place?.blocked();
              place?.leave();
              places.splice(at, 1);
            }
          }
          expect(governor.slots.used).toBe(places.length);
        }
        // Whatever was believed of them, there is one again for somebody.
        clock.advance(10_000);
        expect(isPlace(await governor.enter(never))).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});

describe('turns', () => {
  it('are had at once in a burst, then one by one, and nobody waits longer than a second', async () => {
    const { clock, crowd } = createStage(4);
    crowd(17);
    const turns = crowd(10);
    await clock.settle();
    expect(turns).toEqual([0, 0, 0, 'rateLimited', 'rateLimited', 'rateLimited']);
    await clock.run(1_000);
    expect(turns.slice(6)).toEqual([250, 500, 750, 1_000]);
  });

  it('are given back by whoever gives up waiting', async () => {
    const { clock, governor, crowd } = createStage(1);
    crowd(5);
    const giving = new AbortController();
    const givenUp = crowd(1, giving.signal);
    await clock.run(400);
    giving.abort();
    await clock.settle();
    expect(givenUp).toEqual(['rateLimited']);
    expect(clock.armed).toBe(0);
    expect(governor.slots.used).toBe(5);
    const turns = crowd(1);
    await clock.run(1_000);
    expect(turns).toEqual([1_000]);
  });

  it('F04 are nobody’s for as long as Vapi asks for, and then come one by one', async () => {
    const { clock, governor, crowd, refusal } = createStage(10);
    governor.slowDown(5_000);
    expect(await refusal()).toBe('rateLimited');
    await clock.run(4_500);
    const turns = crowd(3);
    await clock.run(1_000);
    expect(turns).toEqual([5_000, 5_100, 5_200]);
  });

  it('are lost by those who wait when Vapi asks for a pause', async () => {
    const { clock, governor, crowd } = createStage(1);
    crowd(4);
    const turns = crowd(2);
    await clock.run(500);
    governor.slowDown(20_000);
    await clock.run(600);
    expect(turns).toEqual([0, 'rateLimited']);
  });

  it('come again after a minute, however long a pause was asked for', async () => {
    const { clock, governor, refusal } = createStage();
    governor.slowDown(86_400_000);
    await clock.run(59_999 - 1_000);
    expect(await refusal()).toBe('rateLimited');
    await clock.run(1_001);
    expect(await refusal()).toBe('none');
  });

  it('are never more than the burst and what time adds to it', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ after: fc.nat(700), count: fc.integer({ min: 1, max: 12 }) }), {
          maxLength: 20,
        }),
        async (crowds) => {
          const [perSecond, burst] = [2, 10];
          const { clock, crowd } = createStage(perSecond);
          const all: (number | string)[][] = [];
          for (const { after, count } of crowds) {
            all.push(crowd(count));
            await clock.run(after);
          }
          await clock.run(2_000);
          const times = all.flat().filter((turn) => typeof turn === 'number');
          times.sort((one, other) => one - other);
          for (let i = burst; i < times.length; i += 1) {
            const spanMs = (times[i] ?? 0) - (times[i - burst] ?? 0);
            expect(spanMs).toBeGreaterThanOrEqual(1_000 / perSecond - 1e-6);
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});
