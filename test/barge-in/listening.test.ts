import { beforeAll, describe, expect, it } from 'vitest';
import { backchannels, events } from '../../bench/barge-in/plan.ts';
import { corpus, NO_FAULTS, type Told, tellCalls } from './rig.ts';

const TELLING_MS = 60_000;
/** How far back the agent goes at most after a pause. */
const MOST_REPEATED_MS = 300;

describe('a caller who says "mm-hm", under the reversible policy', () => {
  let told: Told;
  beforeAll(async () => {
    told = await tellCalls('reversible', backchannels(corpus));
  }, TELLING_MS);

  it('loses none of the agent’s words', () => {
    const { flushed, lostMs } = told.summary.backchannels;
    expect({ flushed, lostMs }).toEqual({ flushed: 0, lostMs: 0 });
    expect(told.summary.between).toMatchObject({ pauses: 0, lostMs: 0 });
    expect(told.summary.faults).toEqual(NO_FAULTS);
  });

  it('hears little of them twice', () => {
    expect(told.summary.backchannels.repeatedMostMs).toBeLessThanOrEqual(MOST_REPEATED_MS);
  });

  it('hears the agent go on within 750 ms in half of the cases', () => {
    expect(told.summary.backchannels.paused).toBeGreaterThan(0);
    expect(told.summary.backchannels.gap.p50).toBeLessThanOrEqual(750);
  });
});

describe('a caller who coughs, types or shuts a door, under the reversible policy', () => {
  it(
    'loses none of the agent’s words',
    async () => {
      const { summary } = await tellCalls('reversible', events(corpus));
      const { count, flushed, lostMs, repeatedMostMs } = summary.events;
      expect({ count, flushed, lostMs }).toEqual({ count: 22, flushed: 0, lostMs: 0 });
      expect(repeatedMostMs).toBeLessThanOrEqual(MOST_REPEATED_MS);
      expect(summary.faults).toEqual(NO_FAULTS);
    },
    TELLING_MS,
  );
});

describe('the other policies', () => {
  it(
    'confirmed hears nothing in an "mm-hm"; transcript takes it for an interruption and loses what follows',
    async () => {
      const scripts = backchannels(corpus).slice(0, 4);
      const confirmed = (await tellCalls('confirmed', scripts)).summary.backchannels;
      expect(confirmed).toMatchObject({ paused: 0, flushed: 0, lostMs: 0, repeatedMostMs: 0 });
      const transcript = (await tellCalls('transcript', scripts)).summary.backchannels;
      expect(transcript.flushed).toBeGreaterThan(0);
      expect(transcript.lostMs).toBeGreaterThan(1_000);
    },
    TELLING_MS,
  );
});
