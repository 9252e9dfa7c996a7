import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scrollTo, windowOf } from '../../src/inspector/page/board/window-of.ts';

describe('the rows that are drawn', () => {
  it('are those in sight and some more on either side', () => {
    const view = { scrollTop: 4_400, height: 440, rowHeight: 44, count: 1_000, more: 8 };
    expect(windowOf(view)).toEqual({ from: 92, to: 118 });
  });

  it('begin at the first and end with the last', () => {
    const view = { scrollTop: 0, height: 440, rowHeight: 44, count: 5, more: 8 };
    expect(windowOf(view)).toEqual({ from: 0, to: 5 });
  });

  it('are some, still, when the list becomes shorter than the place it was scrolled to', () => {
    const { from, to } = windowOf({ scrollTop: 40_000, height: 440, rowHeight: 44, count: 20, more: 8 });
    expect(to).toBe(20);
    expect(from).toBeLessThanOrEqual(to);
  });

  it('always hold all that is in sight, and never many more', () => {
    const views = fc.record({
      scrollTop: fc.integer({ min: -50, max: 60_000 }),
      height: fc.integer({ min: 0, max: 3_000 }),
      rowHeight: fc.constantFrom(44, 92),
      count: fc.nat(1_500),
      more: fc.nat(10),
    });
    fc.assert(
      fc.property(views, (view) => {
        const { from, to } = windowOf(view);
        const top = Math.max(0, view.scrollTop);
        expect(from).toBeGreaterThanOrEqual(0);
        expect(to).toBeLessThanOrEqual(view.count);
        expect(to - from).toBeLessThanOrEqual(view.height / view.rowHeight + 2 + 2 * view.more);
        for (let index = 0; index < view.count; index += 1) {
          const seen = (index + 1) * view.rowHeight > top && index * view.rowHeight < top + view.height;
          if (seen) expect(index >= from && index < to).toBe(true);
        }
      }),
    );
  });
});

describe('scrolling to a row', () => {
  it.each([
    ['above', 2, 440, 88],
    ['in sight', 12, 440, 440],
    ['below', 30, 440, 924],
  ])('that is %s moves as little as is needed', (_, index, scrollTop, expected) => {
    expect(scrollTo(index, scrollTop, 440, 44)).toBe(expected);
  });
});
