import { expect } from 'vitest';
import { stories } from '../bridge/stories.ts';
import type { BridgeWorld, PlacedCall } from '../bridge/world.ts';
import { type Asked, noting } from './asked.ts';

const creates = (asked: readonly Asked[]) =>
  asked.filter(({ method, path }) => method === 'POST' && path === '/call').length;

/** The caller is handed on, and hears of it as soon as the phone is connected. */
async function placeInVain(world: BridgeWorld, withinMs = 3_000): Promise<PlacedCall> {
  const placed = await world.place();
  await world.until('the call is over', () => placed.call.ending !== null, withinMs);
  expect(placed.call.ending?.reason).toBe('agentUnavailable');
  expect(placed.phone.closedWith).toBe(1000);
  return placed;
}

async function placeInPeace(world: BridgeWorld): Promise<void> {
  const placed = await world.place();
  placed.phone.talk();
  await world.until('the call is live', () => placed.call.state === 'streaming');
  placed.phone.hangUp();
}

stories('Callers who come while Vapi has no agent for anybody', (story) => {
  const troubles = [
    [
      'F02 are handed on without a request for a minute: the key is wrong',
      'invalid-key',
      /key \(401\)/,
      1,
      60,
    ],
    ['F03 are handed on without a request for a minute: nobody pays', 'payment-required', /payment/, 1, 60],
    [
      'F05 are handed on without a request for half a minute: Vapi keeps failing',
      'server-error',
      /500/,
      5,
      30,
    ],
  ] as const;
  for (const [title, as, words, before, seconds] of troubles) {
    const asked: Asked[] = [];
    let isWell = false;
    const answer = () => ({ as: isWell ? ('created' as const) : as, delayMs: 50 });
    story.virtualOnly(title, { script: { answer }, spoil: noting(asked) }, async (world) => {
      while (creates(asked) < before) await placeInVain(world);
      const soFar = creates(asked);
      const { call } = await placeInVain(world);
      expect(call.ending?.words).toMatch(/^Vapi was not asked for this call/);
      expect(call.ending?.words).toMatch(words);
      expect(call.ending?.words.length).toBeLessThan(400);
      expect(creates(asked)).toBe(soFar);
      await world.run(seconds * 1_000);
      isWell = true;
      await placeInPeace(world);
      await placeInPeace(world);
      expect(creates(asked)).toBe(soFar + 2);
    });
  }
});

stories('A request for a call that is never answered', (story) => {
  const asked: Asked[] = [];
  story.virtualOnly(
    'F06 is made once, and the call that Vapi made of it is found and ended',
    { script: { answer: () => ({ answerDelayMs: 40_000 }), joinTimeoutMs: 120_000 }, spoil: noting(asked) },
    async (world) => {
      const placed = await world.place();
      placed.phone.talk();
      await world.run(8_000);
      expect(placed.call.outcome?.reason).toBe('agentUnavailable');
      await world.until('the answer is waited for no more', () => placed.call.ending !== null, 9_000);
      expect(world.service.live()).toBe(1);
      await world.until('the call at Vapi is over', () => world.service.live() === 0, 3_500);
      expect(asked.map(({ method }) => method)).toEqual(['POST', 'GET', 'DELETE']);
      await world.run(40_000);
      expect(asked).toHaveLength(3);
    },
  );
});
