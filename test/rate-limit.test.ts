import { describe, expect, it } from 'vitest';
import { createRateLimit } from '../src/rate-limit.ts';
import { createVirtualClock } from './support/virtual-clock.ts';

describe('a limit of three in a second', () => {
  function limited() {
    const clock = createVirtualClock();
    const limit = createRateLimit(clock, 3, 1_000);
    /** What becomes of so many at once. */
    const happen = (times: number) => Array.from({ length: times }, limit.exceeded);
    return { clock, happen };
  }

  it('lets three through at once, and the fourth not', () => {
    expect(limited().happen(4)).toEqual([false, false, false, true]);
  });

  it('lets the next through when the first is a second old, and not before', () => {
    const { clock, happen } = limited();
    happen(1);
    clock.advance(400);
    happen(2);
    clock.advance(599);
    expect(happen(1)).toEqual([true]);
    clock.advance(1);
    expect(happen(2)).toEqual([false, true]);
    clock.advance(400);
    expect(happen(3)).toEqual([false, false, true]);
  });

  it('never lets more than three through in any second, however they come', () => {
    const { clock, happen } = limited();
    const passed: number[] = [];
    for (let step = 0; step < 5_000; step += 1) {
      clock.advance((step * 37) % 91);
      if (happen(1)[0] === false) passed.push(clock.now());
    }
    expect(passed.length).toBeGreaterThan(500);
    for (const [at, time] of passed.entries())
      expect((passed[at + 3] ?? Infinity) - time).toBeGreaterThanOrEqual(1_000);
  });
});
