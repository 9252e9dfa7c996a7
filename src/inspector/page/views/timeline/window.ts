import type { Span } from './read-timeline.ts';

/** Which part of a call's time is on the screen: all of it, or so much until a moment, or until now as it moves. */
export type View = 'all' | { length: number; until: number | 'now' };

/** The shortest stretch that fills the screen, in ms. */
const SHORTEST = 250;

export function windowOf(view: View, now: number): Span {
  if (view === 'all') return { from: 0, to: Math.max(now, 1_000) };
  const to = view.until === 'now' ? now : view.until;
  return { from: to - view.length, to };
}

/** Makes `factor` times as much of the time visible, with `at` staying where it is. */
export function zoomed(view: View, now: number, at: number, factor: number): View {
  const { from, to } = windowOf(view, now);
  const length = Math.max(SHORTEST, (to - from) * factor);
  if (length >= now) return 'all';
  const share = (at - from) / (to - from);
  return within(at - share * length, length, now);
}

/** Moves the window by `ms`. */
export function moved(view: View, now: number, ms: number): View {
  if (view === 'all') return view;
  const { from, to } = windowOf(view, now);
  return within(from + ms, to - from, now);
}

/** The window with `at` in it, moved no further than needed. */
export function showing(view: View, now: number, at: number): View {
  const { from, to } = windowOf(view, now);
  if (at >= from && at <= to) return view;
  return within(at < from ? at : at - (to - from), to - from, now);
}

function within(from: number, length: number, now: number): View {
  const first = Math.max(0, from);
  return first + length >= now ? { length, until: 'now' } : { length, until: first + length };
}

/** From one line of the ruler to the next, in ms: at least `leastPx` apart. */
export function stepOf({ from, to }: Span, width: number, leastPx: number): number {
  const least = ((to - from) / Math.max(1, width)) * leastPx;
  return STEPS.find((step) => step >= least) ?? 600_000;
}

const STEPS = [50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000];
