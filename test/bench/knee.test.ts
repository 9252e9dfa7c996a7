import { describe, expect, it } from 'vitest';
import { findKnee, type Trial } from '../../bench/knee.ts';

/** A server that carries so many calls, before a generator that can make so many. */
function machine(carries: number, makes = Number.POSITIVE_INFINITY) {
  const tried: number[] = [];
  const attempt = async (calls: number): Promise<Trial> => {
    tried.push(calls);
    const verdict = calls > makes ? 'unknown' : calls > carries ? 'late' : 'carried';
    return { calls, p99Ms: calls > carries ? 40 : 2, verdict };
  };
  return { tried, attempt };
}

const unhurried = { first: 25, most: 2_000, timeIsUp: () => false };

describe('the knee', () => {
  it.each([30, 130, 317, 900])(
    'of a server that carries %i calls is found to a twentieth',
    async (carries) => {
      const { attempt, tried } = machine(carries);
      const knee = await findKnee(attempt, unhurried);
      expect(knee.atLeast).toBe(false);
      expect(knee.calls).toBeLessThanOrEqual(carries);
      expect(knee.calls).toBeGreaterThanOrEqual(carries * 0.94 - 1);
      expect(tried.length).toBeLessThan(14);
    },
  );

  it('is at least so many calls where the generator can make no more', async () => {
    const knee = await findKnee(machine(900, 200).attempt, unhurried);
    expect(knee.atLeast).toBe(true);
    expect(knee.calls).toBeGreaterThan(180);
    expect(knee.calls).toBeLessThanOrEqual(200);
  });

  it('is at least as many calls as there may be', async () => {
    expect(await findKnee(machine(900).attempt, { ...unhurried, most: 100 })).toEqual({
      calls: 100,
      atLeast: true,
    });
  });

  it('is none where not even the fewest are carried, and few are tried then', async () => {
    const { attempt, tried } = machine(0);
    expect(await findKnee(attempt, unhurried)).toEqual({ calls: 0, atLeast: false });
    expect(tried.length).toBeLessThan(8);
  });

  it('is what has been carried when the time is up', async () => {
    const { attempt, tried } = machine(900);
    const knee = await findKnee(attempt, { ...unhurried, timeIsUp: () => tried.length === 3 });
    expect(knee).toEqual({ calls: 100, atLeast: true });
  });
});
