import { describe, expect, it } from 'vitest';
import { figuresOf } from '../../src/simulation/call-figures.ts';

const span = (fromMs: number, toMs: number) => ({ fromMs, toMs });
const clear = (atMs: number, droppedMs = 500) => ({ atMs, droppedMs });

describe('the figures of a call', () => {
  it('measures the first response from the end of the words it answers', () => {
    const figures = figuresOf([span(0, 1_000)], [span(1_640, 4_000)], []);
    expect(figures).toEqual({ firstHeardMs: 1_640, firstResponseMs: 640, bargeIns: [], talkOverMs: 0 });
  });

  it('takes neither a greeting nor a word into ours for a response', () => {
    const figures = figuresOf(
      [span(2_000, 4_000)],
      [span(500, 1_500), span(3_000, 3_200), span(4_500, 5_000)],
      [],
    );
    expect(figures.firstHeardMs).toBe(500);
    expect(figures.firstResponseMs).toBe(500);
    expect(figures.bargeIns).toEqual([]);
    expect(figures.talkOverMs).toBe(200);
  });

  it('measures a barge-in until the clear, which is when the caller hears no more', () => {
    const { bargeIns } = figuresOf([span(2_000, 2_600)], [span(1_000, 2_140)], [clear(500), clear(2_143)]);
    expect(bargeIns).toEqual([{ atMs: 2_000, clearAfterMs: 143, silentAfterMs: 140 }]);
  });

  it('says so when an interruption was never cleared', () => {
    const { bargeIns } = figuresOf([span(2_000, 2_600)], [span(1_000, 5_000)], []);
    expect(bargeIns).toEqual([{ atMs: 2_000, silentAfterMs: 3_000 }]);
  });

  it("counts an interruption in the agent's pause if audio was cleared for it", () => {
    const caller = [span(2_000, 2_600)];
    const agent = [span(1_000, 1_900)];
    expect(figuresOf(caller, agent, [clear(2_100)]).bargeIns).toEqual([
      { atMs: 2_000, clearAfterMs: 100, silentAfterMs: 0 },
    ]);
    expect(figuresOf(caller, agent, [clear(2_100, 0)]).bargeIns).toEqual([]);
    expect(figuresOf(caller, agent, [clear(2_501)]).bargeIns).toEqual([]);
  });

  it('has nothing to say of a silent call', () => {
    expect(figuresOf([], [], [])).toEqual({ bargeIns: [], talkOverMs: 0 });
  });
});
