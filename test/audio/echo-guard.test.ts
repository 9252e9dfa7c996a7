import { describe, expect, it } from 'vitest';
import { createEchoGuard } from '../../src/audio/echo-guard.ts';
import type { FarTrack } from '../../src/audio/far-track.ts';
import { createRandom } from '../corpus/mix.ts';

/** An agent whose level changes every 20 ms, and its echo. */
function rig(lossDb: number, delayMs: number) {
  const random = createRandom(7);
  const levels = Array.from({ length: 2_000 }, () => -40 + 28 * random());
  const playedAt = (atMs: number) => levels[Math.floor(atMs / 20)] ?? -90;
  const far: FarTrack = {
    playing() {},
    cut() {},
    levels: (atMs, into) => into.set(into.map((_, back) => playedAt(atMs - back * 10))),
  };
  const guard = createEchoGuard(far);
  const heardAt = (atMs: number) => Math.max(-62, playedAt(atMs - delayMs) - lossDb);
  const listen = (from: number, to: number, alone = true, louder = 0) => {
    const errors: number[] = [];
    for (let frame = from; frame < to; frame += 1) {
      const atMs = frame * 20 + 10;
      const heard = heardAt(atMs) + louder;
      errors.push(guard.expect(atMs) - heard);
      guard.learn(heard, -62, alone);
    }
    return errors;
  };
  return { guard, listen };
}

const least = (numbers: number[]) => Math.min(...numbers);
const mean = (numbers: number[]) => numbers.reduce((sum, number) => sum + number, 0) / numbers.length;

describe('the echo guard', () => {
  it('expects an echo 20 dB below what was played until it knows better', () => {
    const { listen } = rig(20, 200);
    expect(least(listen(50, 100))).toBeGreaterThan(-8);
  });

  it('finds the loss and the delay of the echo, and then expects no more than there is', () => {
    const { listen } = rig(30, 340);
    const before = mean(listen(50, 80));
    listen(80, 600);
    const after = listen(600, 900);
    expect(least(after)).toBeGreaterThan(-8);
    expect(mean(after)).toBeLessThan(before - 5);
  });

  it('expects nothing where nothing was played', () => {
    const { guard } = rig(20, 200);
    expect(guard.expect(100_000)).toBe(-90);
  });

  it('does not take a caller who speaks over the agent for a louder echo', () => {
    const { listen } = rig(30, 340);
    listen(50, 600);
    const before = mean(listen(600, 700));
    listen(700, 900, false, 15);
    expect(mean(listen(900, 1_000))).toBeLessThan(before + 2);
  });
});
