import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createBreaker, type Leave, type Verdict } from '../../src/agent/breaker.ts';
import { createVirtualClock } from '../support/virtual-clock.ts';

function createStage() {
  const clock = createVirtualClock();
  const told: string[] = [];
  const breaker = createBreaker({ clock, tell: (words) => told.push(words) });

  function enter(): Leave {
    const leave = breaker.enter();
    if ('words' in leave) throw new Error(`It is shut: ${leave.words}`);
    return leave;
  }
  /** One request, answered at once. */
  function ask(verdict: Verdict): void {
    enter().report(verdict, `The words of ${verdict}.`);
  }
  return { clock, told, breaker, enter, ask };
}

describe('the breaker', () => {
  it.each(['keyRefused', 'unpaid'] as const)('opens at the first answer of %s, for a minute', (trouble) => {
    const { clock, told, breaker, ask } = createStage();
    ask(trouble);
    expect(breaker.shut).toEqual({
      trouble,
      words: `Vapi was not asked for this call: one in 60 s tries again. The words of ${trouble}.`,
    });
    expect(breaker.enter()).toEqual(breaker.shut);
    clock.advance(59_999);
    expect(breaker.shut).toBeDefined();
    clock.advance(1);
    expect(breaker.shut).toBeUndefined();
    expect(told).toEqual([
      `No more calls are asked for until one gets through, one in 60 s tries again. The words of ${trouble}.`,
    ]);
  });

  it('opens at the fifth failure within 30 s, for 30 s', () => {
    const { clock, breaker, ask } = createStage();
    for (let i = 0; i < 4; i += 1) ask('failing');
    clock.advance(30_000);
    ask('failing');
    expect(breaker.state).toBe('closed');
    for (let i = 0; i < 4; i += 1) {
      clock.advance(5_000);
      expect(breaker.state).toBe('closed');
      ask('failing');
    }
    expect(breaker.shut?.trouble).toBe('failing');
    clock.advance(29_999);
    expect(breaker.shut).toBeDefined();
    clock.advance(1);
    expect(breaker.shut).toBeUndefined();
  });

  it('stays closed while some succeed: half an agent service is better than none', () => {
    const { breaker, ask } = createStage();
    for (let i = 0; i < 20; i += 1) ask(i % 5 === 4 ? 'well' : 'failing');
    expect(breaker.state).toBe('closed');
  });

  it('does not count what shows nothing', () => {
    const { breaker, ask } = createStage();
    for (let i = 0; i < 20; i += 1) ask('unclear');
    expect(breaker.state).toBe('closed');
  });

  it('lets one through to try, and closes when that goes well', () => {
    const { clock, told, breaker, enter, ask } = createStage();
    ask('keyRefused');
    clock.advance(60_000);
    const probe = enter();
    expect(breaker.state).toBe('probing');
    clock.advance(600_000);
    expect(breaker.enter()).toHaveProperty('trouble', 'keyRefused');
    probe.report('well');
    expect(breaker.state).toBe('closed');
    expect(told.at(-1)).toBe('Calls are asked for again, after 660 s.');
    ask('well');
  });

  it('stays open when the one that tries is refused, and says so once', () => {
    const { clock, told, breaker, ask } = createStage();
    ask('unpaid');
    for (let i = 0; i < 3; i += 1) {
      clock.advance(60_000);
      ask('unpaid');
      expect(breaker.shut?.trouble).toBe('unpaid');
    }
    expect(told).toHaveLength(1);
    clock.advance(60_000);
    ask('keyRefused');
    expect(breaker.shut?.trouble).toBe('keyRefused');
    expect(told).toHaveLength(2);
  });

  it('lets the next one try when the first was given up', () => {
    const { clock, breaker, ask } = createStage();
    ask('keyRefused');
    clock.advance(60_000);
    ask('unclear');
    expect(breaker.shut).toBeUndefined();
    ask('well');
    expect(breaker.state).toBe('closed');
  });

  it('takes late answers for what they are: only the one that tries closes it', () => {
    const { clock, breaker, enter, ask } = createStage();
    const [early, late] = [enter(), enter()];
    ask('keyRefused');
    early.report('well');
    expect(breaker.state).toBe('open');
    clock.advance(60_000);
    const probe = enter();
    late.report('keyRefused');
    probe.report('well');
    probe.report('keyRefused');
    expect(breaker.state).toBe('closed');
  });

  it('lets no more than one try at a time, and none before its time, whatever happens', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('ask' as const) }),
      fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 40_000 }) }),
      fc.record({
        kind: fc.constant('answer' as const),
        which: fc.nat(20),
        verdict: fc.constantFrom<Verdict>('well', 'keyRefused', 'unpaid', 'failing', 'unclear'),
      }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const { clock, breaker } = createStage();
        const asked: { leave: Leave; isProbe: boolean }[] = [];
        let shutSince = 0;
        for (const told of steps) {
          if (told.kind === 'pass') clock.advance(told.ms);
          if (told.kind === 'ask') {
            const before = breaker.state;
            const leave = breaker.enter();
            if ('words' in leave) expect(before).not.toBe('closed');
            else {
              expect(before).not.toBe('probing');
              asked.push({ leave, isProbe: before === 'open' });
            }
          }
          if (told.kind === 'answer') {
            const [answered] = asked.splice(told.which % Math.max(1, asked.length), 1);
            const before = breaker.state;
            answered?.leave.report(told.verdict);
            if (before === 'closed' && breaker.state === 'open') shutSince = clock.now();
            if (before !== 'closed' && breaker.state === 'closed') {
              expect(answered?.isProbe && told.verdict).toBe('well');
              expect(clock.now() - shutSince).toBeGreaterThanOrEqual(30_000);
            }
          }
          const probes = asked.filter(({ isProbe }) => isProbe).length;
          expect(probes).toBe(breaker.state === 'probing' ? 1 : 0);
        }
      }),
      { numRuns: 300 },
    );
  });
});
