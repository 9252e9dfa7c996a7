import { describe, expect, it } from 'vitest';
import {
  moved,
  showing,
  type View,
  windowOf,
  zoomed,
} from '../../src/inspector/page/views/timeline/window.ts';

describe('The window of the timeline', () => {
  it('zooms around the pointer', () => {
    const view = zoomed('all', 10_000, 2_500, 0.5);
    expect(windowOf(view, 10_000)).toEqual({ from: 1_250, to: 6_250 });
  });

  it('is the whole call again when there is no more to see', () => {
    expect(zoomed({ length: 6_000, until: 8_000 }, 10_000, 5_000, 2)).toBe('all');
  });

  it('stays at the end of a live call once it is there', () => {
    const view = moved({ length: 2_000, until: 5_000 }, 10_000, 99_000);
    expect(windowOf(view, 10_000)).toEqual({ from: 8_000, to: 10_000 });
    expect(windowOf(view, 11_000)).toEqual({ from: 9_000, to: 11_000 });
  });

  it('does not go before the beginning', () => {
    expect(windowOf(moved({ length: 2_000, until: 5_000 }, 10_000, -99_000), 10_000)).toEqual({
      from: 0,
      to: 2_000,
    });
  });

  it('follows a moment that leaves it, and no further', () => {
    const view: View = { length: 2_000, until: 5_000 };
    expect(showing(view, 10_000, 4_000)).toBe(view);
    expect(windowOf(showing(view, 10_000, 5_100), 10_000)).toEqual({ from: 3_100, to: 5_100 });
    expect(windowOf(showing(view, 10_000, 2_900), 10_000)).toEqual({ from: 2_900, to: 4_900 });
  });
});
