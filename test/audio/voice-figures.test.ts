import { describe, expect, it } from 'vitest';
import { corpus, interrupt, type Line, listenTo, percentile, voices } from './voice-rig.ts';

describe('the voice onset, by the corpus', () => {
  it('hears all but one of 144 interruptions, within 120 ms at the middle and 210 ms at the worst twentieth, whatever the line', () => {
    const lines = [
      interrupt({}),
      interrupt({ echo: { lossDb: 30, delayMs: 140 } }),
      interrupt({ echo: { lossDb: 20, delayMs: 240 } }),
      interrupt({ echo: { lossDb: 20, delayMs: 590 } }),
      interrupt({ noise: { bed: 'pink', levelDbfs: -42 } }),
      interrupt({ noise: { bed: 'street', levelDbfs: -42 }, echo: { lossDb: 25, delayMs: 60 } }),
    ];
    const delays = lines.flatMap((line) => line.delays).sort((a, b) => a - b);
    expect(lines.flatMap(({ missed }) => missed).length).toBeLessThanOrEqual(1);
    expect(lines.reduce((sum, { early }) => sum + early, 0)).toBe(0);
    expect(percentile(delays, 0.5)).toBeLessThanOrEqual(120);
    expect(percentile(delays, 0.95)).toBeLessThanOrEqual(210);
  });

  it('hears a caller above babble, keys and a car', () => {
    for (const bed of ['babble', 'keyboard', 'car']) {
      const { delays, missed } = interrupt({ noise: { bed, levelDbfs: -42 } });
      expect([bed, missed.length <= 1, percentile(delays, 0.5) <= 130]).toEqual([bed, true, true]);
    }
  });

  it.each([20, 25, 30])('takes no echo for a voice, %i dB below what was played, at any delay', (lossDb) => {
    for (const delayMs of [40, 140, 333, 600]) {
      expect([delayMs, voices(listenTo({ ms: 30_000, echo: { lossDb, delayMs } }))]).toEqual([delayMs, 0]);
    }
  });

  it('takes no echo for a voice whenever the frames begin, though they are heard 10 ms later than is said', () => {
    for (let phase = 0; phase < 20; phase += 1) {
      const echo = { lossDb: 20, delayMs: 140 };
      const edges = listenTo({ ms: 12_000, echo, beginsAt: 1_000 + phase, earlyMs: 10 });
      expect([phase, voices(edges)]).toEqual([phase, 0]);
    }
  });

  it.each(['white', 'pink', 'car', 'keyboard', 'street', 'babble'])('takes no %s for a voice', (bed) => {
    for (const levelDbfs of [-50, -42, -36]) {
      const line: Line = { ms: 20_000, noise: { bed, levelDbfs } };
      expect([levelDbfs, voices(listenTo(line))]).toEqual([levelDbfs, 0]);
    }
  });

  it('gets used to a television', () => {
    for (const levelDbfs of [-45, -38]) {
      const edges = listenTo({ ms: 40_000, noise: { bed: 'tv', levelDbfs } });
      const later = edges.filter(({ at }) => at > 10_000);
      expect([levelDbfs, voices(edges) <= 4, voices(later)]).toEqual([levelDbfs, true, 0]);
    }
  });

  it('takes no cough, breath, click, door, rustle or typing for a voice', () => {
    const fooled = corpus.items('event').filter(({ id }) => {
      return voices(listenTo({ ms: 5_000, near: [{ kind: 'event', id, atMs: 3_000 }] })) > 0;
    });
    // A key of the telephone is as tonal as a vowel, and is a signal of its own.
    expect(fooled.map(({ id }) => id)).toEqual(['dtmf']);
  });

  it('tells a short word from a sentence by how long it is voiced', () => {
    const voicedMs = (kind: 'utt' | 'backchannel') =>
      corpus
        .items(kind)
        .map(({ id }) => {
          const edges = listenTo({ ms: 6_000, near: [{ kind, id, atMs: 3_000 }] });
          return edges.reduce((sum, edge) => sum + (edge.type === 'caller.hushed' ? edge.voicedMs : 0), 0);
        })
        .sort((a, b) => a - b);
    expect(percentile(voicedMs('backchannel'), 0.9)).toBeLessThan(400);
    expect(percentile(voicedMs('utt'), 0.5)).toBeGreaterThan(600);
  });
});
