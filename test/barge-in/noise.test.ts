import { beforeAll, describe, expect, it } from 'vitest';
import { echoes, noises, STATIONARY } from '../../bench/barge-in/plan.ts';
import { NO_FAULTS, type Told, tellCalls } from './rig.ts';

const TELLING_MS = 60_000;

describe('a caller who says nothing in a noisy place, under the reversible policy', () => {
  let told: Told;
  const named = (isWanted: (bed: string) => boolean) =>
    told.summary.stretches.filter(({ name }) => isWanted(name.replace('noise ', '')));
  beforeAll(async () => {
    told = await tellCalls('reversible', noises(90_000));
  }, TELLING_MS);

  it('never stops the agent in stationary noise', () => {
    const stretches = named((bed) => STATIONARY.has(bed));
    expect(stretches.map(({ name, pauses }) => `${name}: ${pauses}`)).toEqual(
      [...STATIONARY].map((bed) => `noise ${bed}: 0`),
    );
  });

  it('stops it at most once a minute where others speak, play or type', () => {
    const stretches = named((bed) => !STATIONARY.has(bed));
    const perMinute = stretches.map(({ name, pauses, minutes }) => ({ name, rate: pauses / minutes }));
    expect(perMinute.filter(({ rate }) => rate > 1)).toEqual([]);
    expect(stretches).toHaveLength(4);
  });

  it('loses none of the agent’s words', () => {
    expect(told.summary.stretches.filter(({ lostMs }) => lostMs > 0)).toEqual([]);
    expect(told.summary.faults).toEqual(NO_FAULTS);
  });
});

describe('a caller on a line with an echo, under the reversible policy', () => {
  it(
    'does not have the agent stopped by itself in ten minutes, with 20 nor with 30 dB of loss',
    async () => {
      const { summary } = await tellCalls('reversible', echoes(600_000));
      expect(summary.stretches.map(({ name, pauses }) => `${name}: ${pauses}`)).toEqual([
        'echo -20 dB: 0',
        'echo -30 dB: 0',
      ]);
      expect(summary.faults).toEqual(NO_FAULTS);
    },
    TELLING_MS,
  );

  it(
    'has it so whenever the frames of its line begin, to the millisecond',
    async () => {
      // Calls begin 7 ms after each other: over twenty of them every phase of a frame comes once.
      const [loud] = echoes(30_000);
      const { summary } = await tellCalls('reversible', loud ? Array.from({ length: 20 }, () => loud) : []);
      expect(summary.stretches.map(({ pauses }) => pauses)).toEqual(Array.from({ length: 20 }, () => 0));
    },
    TELLING_MS,
  );
});
