import { expect, it } from 'vitest';
import type { CallOrder } from '../../src/call/open-call.ts';
import { createMemoryWorld } from '../bridge/memory-world.ts';

const CALL_SID = `CA${'1'.repeat(32)}`;

/** The call's chart trips over this. */
const tripwire: CallOrder = {
  type: 'call.hangUp',
  words: '',
  get reason(): never {
    throw new Error('a mistake');
  },
};

it('gives up a request for an agent that it leaves behind, and the agent that came of it is ended', async () => {
  const world = createMemoryWorld({ script: { answer: () => ({ answerDelayMs: 2_000 }) } });
  const call = world.calls.open({ callSid: CALL_SID });
  await world.run(500);
  expect(world.service.live()).toBe(1);
  call?.tell(tripwire);
  expect(call?.ending?.reason).toBe('internalError');
  expect([world.calls.live, world.calls.held]).toEqual([0, 0]);
  await world.run(5_000);
  expect(world.service.live()).toBe(0);
});

it('ends a call also before it is there, and it is remembered as ended', async () => {
  const world = createMemoryWorld({
    call: { sessionTtlMs: 61_234 },
    spoil: (ports) => ({
      ...ports,
      clock: {
        ...ports.clock,
        setTimeout(fn, ms) {
          if (ms === 61_234) throw new Error('a mistake');
          return ports.clock.setTimeout(fn, ms);
        },
      },
    }),
  });
  const call = world.calls.open({ callSid: CALL_SID });
  expect(call?.ending?.reason).toBe('internalError');
  expect([world.calls.live, world.calls.held, world.failures.length]).toEqual([0, 0, 1]);
  expect(world.calls.find(CALL_SID)?.ending?.reason).toBe('internalError');
  await world.run(10_000);
  expect(world.service.live()).toBe(0);
});

it('asks for no agent where the caller has left before its turn came', async () => {
  const asked: string[] = [];
  const world = createMemoryWorld({
    script: { answer: (n) => ({ as: n === 0 ? 'rate-limited' : 'created' }) },
    spoil: (ports) => ({
      ...ports,
      fetch(url, how) {
        if (how.method === 'POST' && url.endsWith('/call')) asked.push(url);
        return ports.fetch(url, how);
      },
    }),
  });
  // Those that are too many make the next ones wait.
  world.calls.open({ callSid: `CA${'0'.repeat(32)}` });
  await world.run(20);
  const calls = [2, 3, 4].map((n) => world.calls.open({ callSid: `CA${`${n}`.repeat(32)}` }));
  await world.run(20);
  const before = asked.length;
  for (const call of calls) call?.tell({ type: 'caller.hungUp', words: 'The caller hung up.' });
  await world.run(400);
  expect(calls.map((call) => call?.ending?.reason)).toEqual(Array(3).fill('callerHungUp'));
  // The first call's second attempt alone.
  expect(asked.length - before).toBeLessThanOrEqual(1);
  expect(asked.length).toBeLessThan(4);
});
