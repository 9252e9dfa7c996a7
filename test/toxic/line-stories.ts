/**
 * A call whose line goes bad in the middle, on either leg, over real sockets. What is asked is what becomes of it, not
 * the way there: whoever cannot be heard any more is noticed in time, the call goes on or ends for that reason, the call
 * beside it is not touched, and nothing is left. A lost agent may be followed by another, a lost caller may come again.
 */
import { describe, expect, it } from 'vitest';
import { audible } from '../bridge/turns.ts';
import type { Toxic } from '../support/toxic-proxy.ts';
import { heardOfCaller, type Leg, type TwoCalls, twoCalls } from './toxic-world.ts';

type Happening = (calls: TwoCalls, leg: Leg) => Promise<void>;

const REASONS: Record<Leg, string[]> = {
  caller: ['callerLost', 'callerHungUp'],
  agent: ['agentLost', 'agentUnavailable', 'callerHungUp'],
};

/** The line is bad for a while, and well again. */
async function badFor(calls: TwoCalls, leg: Leg, toxic: Toxic, ms: number): Promise<void> {
  const cure = calls.victim.lines[leg].poison(toxic);
  await calls.world.run(ms);
  cure();
}

/** All that was said by the caller was heard by its agent, in order, and the agent is heard to this moment. */
async function goesOnUndamaged({ world, victim, ...calls }: TwoCalls): Promise<void> {
  const heardBefore = audible(victim.phone).length;
  await world.run(1_000);
  expect(calls.outcome()).toBeNull();
  expect(calls.hears()).toBe(true);
  expect(calls.agentsAsked()).toBe(1);
  expect(audible(victim.phone).length - heardBefore).toBeGreaterThan(400 * 8);
  victim.phone.hush();
  await world.until('all is heard', () => calls.backlogMs() === 0);
  expect(heardOfCaller(victim).equals(Buffer.concat(victim.phone.said))).toBe(true);
  expect(victim.phone.stream.violations).toEqual([]);
}

/** The call is over, or has both its ends again or waits for them. */
async function isLost(calls: TwoCalls, leg: Leg, withinMs?: number): Promise<void> {
  await calls.noticesLossOf(leg, withinMs);
  await calls.world.run(500);
  expect([...REASONS[leg], undefined]).toContain(calls.outcome()?.reason);
  // Never two agents at once: the bystander has its own.
  expect(calls.world.service.live()).toBeLessThanOrEqual(2);
}

/** What happens to the line of one of two calls, and what then becomes of that call; the rest is `lineStories`' to ask. */
const happenings: Record<string, Happening> = {
  async 'is slow by 100 ms each way: the call goes on, later by that'(calls, leg) {
    const cure = calls.victim.lines[leg].poison({ kind: 'latency', ms: 100 });
    await goesOnUndamaged(calls);
    cure();
  },
  async 'is uneven by 80 ms: the call goes on, and nothing is out of order'(calls, leg) {
    await badFor(calls, leg, { kind: 'jitter', ms: 80 }, 1_500);
    await goesOnUndamaged(calls);
  },
  async 'carries half of what is said for a second: all of it is heard in the end'(calls, leg) {
    const bytesPerSecond = leg === 'caller' ? 10_000 : 4_500;
    await badFor(calls, leg, { kind: 'throttle', bytesPerSecond }, 1_000);
    await goesOnUndamaged(calls);
  },
  async 'is read slowly for a second: all of it is heard in the end'(calls, leg) {
    const bytesPerSecond = leg === 'caller' ? 10_000 : 4_500;
    await badFor(calls, leg, { kind: 'slowRead', bytesPerSecond }, 1_000);
    await goesOnUndamaged(calls);
  },
  async 'carries nothing for less than a heartbeat: all of it is heard in the end'(calls, leg) {
    await badFor(calls, leg, { kind: 'blackhole' }, 500);
    await goesOnUndamaged(calls);
  },
  async 'carries nothing any more, and stays open: that is noticed'(calls, leg) {
    calls.victim.lines[leg].poison({ kind: 'blackhole' });
    await isLost(calls, leg);
  },
  async 'is reset: that is noticed at once'(calls, leg) {
    calls.victim.lines[leg].reset();
    await isLost(calls, leg, 1_000);
  },
  async 'is closed by one side without a word: that is noticed at once'(calls, leg) {
    calls.victim.lines[leg].halfClose(leg === 'caller' ? 'up' : 'down');
    await isLost(calls, leg, 1_000);
  },
  async 'is closed towards the far end without a word: that is noticed'(calls, leg) {
    calls.victim.lines[leg].halfClose(leg === 'caller' ? 'down' : 'up');
    await isLost(calls, leg);
  },
  // What is wrong may be in the sound, in a message, or in a frame's head: the call goes on, or its socket is given up.
  async 'has wrong bytes in what is said: at worst that end is lost'({ world, ...calls }, leg) {
    await badFor({ world, ...calls }, leg, { kind: 'corrupt', oneIn: 2_000 }, 1_500);
    expect([...REASONS[leg], undefined]).toContain(calls.outcome()?.reason);
  },
};

/** One test for each happening on this leg. */
export function lineStories(leg: Leg): void {
  describe(`A line of the ${leg} that`, () => {
    for (const [title, happens] of Object.entries(happenings)) {
      it(title, async () => {
        const calls = await twoCalls();
        try {
          await happens(calls, leg);
          await calls.bystanderIsUnharmed();
          await calls.leaveNothing();
        } finally {
          await calls.close();
        }
      }, 40_000);
    }
  });
}
