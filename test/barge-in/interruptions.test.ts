import { beforeAll, describe, expect, it } from 'vitest';
import { everyReply, interruptions, SPEAKING, whispers } from '../../bench/barge-in/plan.ts';
import { ASSUMED } from '../../bench/barge-in/signals.ts';
import { corpus, NO_FAULTS, type Told, tellCalls } from './rig.ts';

const TELLING_MS = 60_000;
/** A frame that has begun is played to its end. */
const FRAME_MS = 20;

describe('a caller who interrupts, under the reversible policy', () => {
  let told: Told;
  beforeAll(async () => {
    told = await tellCalls('reversible', interruptions(corpus));
  }, TELLING_MS);

  it('is told on 144 interruptions, in quiet and in noise, with and without an echo', () => {
    expect(told.summary.interruptions.count).toBe(144);
    expect(told.summary.faults).toEqual(NO_FAULTS);
  });

  it('hears the agent fall silent within 140 ms of the first sound in half of the cases, 230 ms in 95 of 100', () => {
    const { p50, p95 } = told.summary.interruptions.silence;
    expect(p50).toBeLessThanOrEqual(140);
    expect(p95).toBeLessThanOrEqual(230);
  });

  it('hears it fall silent at the latest with the agent’s own verdict', () => {
    expect(told.summary.interruptions.silence.max).toBeLessThanOrEqual(ASSUMED.verdictMs + FRAME_MS);
  });

  it('finds it silent beforehand only where others speak, and there seldom', () => {
    const early = told.verdicts.flatMap(({ takeovers }) =>
      takeovers.filter(({ silenceMs }) => silenceMs === null),
    );
    expect(early.filter(({ script }) => !SPEAKING.has(script.noise?.bed ?? ''))).toEqual([]);
    expect(early.length).toBeLessThanOrEqual(2);
  });

  it('does not hear it go on before the answer', () => {
    const { spokeAgain, flushed, uncleared, early } = told.summary.interruptions;
    expect({ spokeAgain, flushed, uncleared }).toEqual({ spokeAgain: 0, flushed: 144 - early, uncleared: 0 });
  });

  it('hears every answer, from its first word', () => {
    const { unanswered, answerLostMostMs } = told.summary.interruptions;
    expect({ unanswered, answerLostMostMs }).toEqual({ unanswered: 0, answerLostMostMs: 0 });
  });

  it('is told by the bridge to have heard what was really played, to a frame', () => {
    expect(told.summary.positionError.count).toBeGreaterThanOrEqual(144);
    expect(told.summary.positionError.max).toBeLessThanOrEqual(FRAME_MS);
  });
});

describe('a caller who interrupts every reply', () => {
  it(
    'is told to have heard what was really played of each, the first, the second and the eleventh',
    async () => {
      const { verdicts } = await tellCalls('reversible', [everyReply(corpus, 10)]);
      const positions = verdicts.flatMap((verdict) => verdict.positions);
      expect(positions).toHaveLength(11);
      for (const { toldMs, heardMs } of positions)
        expect(Math.abs(toldMs - heardMs)).toBeLessThanOrEqual(FRAME_MS);
    },
    TELLING_MS,
  );
});

describe('a caller who whispers', () => {
  it(
    'interrupts by what is transcribed, where nothing else notices it',
    async () => {
      const { summary } = await tellCalls('reversible', whispers(corpus));
      const { count, flushed, silence, unanswered, answerLostMostMs } = summary.whispers;
      expect({ flushed, unanswered, answerLostMostMs }).toEqual({
        flushed: count,
        unanswered: 0,
        answerLostMostMs: 0,
      });
      expect(silence.max).toBeLessThanOrEqual(ASSUMED.partialMs + FRAME_MS);
      expect(summary.faults).toEqual(NO_FAULTS);
    },
    TELLING_MS,
  );
});

describe('the other policies', () => {
  it(
    'fall silent with the agent’s verdict, and not before',
    async () => {
      for (const policy of ['confirmed', 'transcript'] as const) {
        const { summary } = await tellCalls(policy, interruptions(corpus, 2));
        const { silence, early, flushed } = summary.interruptions;
        expect({ early, flushed }).toEqual({ early: 0, flushed: 12 });
        expect(silence.p50).toBeGreaterThanOrEqual(ASSUMED.verdictMs);
        expect(silence.max).toBeLessThanOrEqual(ASSUMED.verdictMs + FRAME_MS);
      }
    },
    TELLING_MS,
  );
});
