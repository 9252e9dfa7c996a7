import { expect } from 'vitest';
import { HttpFetchError } from '../../src/http-fetch.ts';
import { stories } from '../bridge/stories.ts';
import type { BridgeWorld, PlacedCall } from '../bridge/world.ts';
import { type Asked, noting } from './asked.ts';

const ID = '3f1c2c34-0000-4000-8000-000000000001';
const WAY_IN = { websocketCallUrl: 'ws://vapi/way-in' };

/** The call is over for want of an agent, and Twilio, which was not asked to hang up, asks what follows. */
async function expectNoAgent(world: BridgeWorld, { call, phone }: PlacedCall): Promise<void> {
  await world.until('the call is over', () => call.ending !== null, 3_000);
  expect(call.ending?.reason).toBe('agentUnavailable');
  expect(phone.closedWith).toBe(1000);
  expect(world.hangUps).toEqual([]);
}

stories('A request for a call that Vapi refuses', (story) => {
  const refusals = [
    ['F01 is not made again: what was asked for is wrong', 'bad-request'],
    ['F02 is not made again: the key is wrong', 'invalid-key'],
    ['F03 is not made again: the account cannot pay', 'payment-required'],
  ] as const;
  for (const [title, as] of refusals) {
    const asked: Asked[] = [];
    story.virtualOnly(
      title,
      { script: { answer: () => ({ as, delayMs: 100 }) }, spoil: noting(asked) },
      async (world) => {
        const placed = await world.place();
        placed.phone.talk();
        await expectNoAgent(world, placed);
        expect(asked).toEqual([{ method: 'POST', path: '/call' }]);
      },
    );
  }
});

stories('A request for a call that nobody acted upon', (story) => {
  const passing = [
    ['F04 is made once more: there were too many requests', 'rate-limited'],
    ['F05 is made once more: Vapi failed (500)', 'server-error'],
    ['F05 is made once more: Vapi failed (502)', 'bad-gateway'],
  ] as const;
  for (const [title, as] of passing) {
    const again: Asked[] = [];
    const answers = [as, 'created'] as const;
    const answer = () => ({ as: answers[again.length - 1] ?? 'created', delayMs: 100 });
    story.virtualOnly(
      `${title}, and then there is an agent`,
      { script: { answer }, spoil: noting(again) },
      async (world) => {
        const placed = await world.place();
        placed.phone.talk();
        await world.until('the call is live', () => placed.call.state === 'streaming');
        expect(again.map(({ path }) => path)).toEqual(['/call', '/call']);
        placed.phone.hush();
        await world.run(40);
        expect(placed.agent.heard().equals(Buffer.concat(placed.phone.said))).toBe(true);
      },
    );

    const inVain: Asked[] = [];
    story.virtualOnly(
      `${title}, and not a third time`,
      { script: { answer: () => ({ as, delayMs: 100 }) }, spoil: noting(inVain) },
      async (world) => {
        await expectNoAgent(world, await world.place());
        expect(inVain.map(({ path }) => path)).toEqual(['/call', '/call']);
      },
    );
  }

  for (const code of ['ENOTFOUND', 'ECONNREFUSED']) {
    let tries = 0;
    story.virtualOnly(
      `F12 is made once more: it was never sent (${code})`,
      {
        spoil: (ports) => ({
          ...ports,
          fetch(url, init) {
            tries += 1;
            return tries === 1
              ? Promise.reject(new HttpFetchError('no connection', code))
              : ports.fetch(url, init);
          },
        }),
      },
      async (world) => {
        const placed = await world.place();
        placed.phone.talk();
        await world.until('the call is live', () => placed.call.state === 'streaming');
        expect(tries).toBe(2);
      },
    );
  }

  const unclear: Asked[] = [];
  story.virtualOnly(
    'F12 is not made again where it may have been heard: the line broke while the answer was awaited',
    {
      spoil: (ports) => ({
        ...ports,
        fetch(url, { method }) {
          unclear.push({ method, path: new URL(url).pathname });
          return Promise.reject(new HttpFetchError('connection reset', 'ECONNRESET'));
        },
      }),
    },
    async (world) => {
      await expectNoAgent(world, await world.place());
      // It is looked for, but only asked for once.
      await world.run(12_000);
      expect(unclear.filter(({ method }) => method === 'POST')).toHaveLength(1);
    },
  );
});

stories('An answer of Vapi without a way into a call', (story) => {
  const ended = [
    ['that is blocked', { subscriptionLimits: { concurrencyBlocked: true }, transport: WAY_IN }],
    ['that is over', { status: 'ended', endedReason: 'call.start.error-concurrency', transport: WAY_IN }],
  ] as const;
  for (const [what, fields] of ended) {
    const asked: Asked[] = [];
    const answer = { status: 201, body: JSON.stringify({ id: ID, ...fields }) };
    story.virtualOnly(
      `F08 has its call ended, since it takes a slot: one ${what}`,
      { spoil: noting(asked, answer) },
      async (world) => {
        await expectNoAgent(world, await world.place());
        expect(asked.map(({ method }) => method)).toEqual(['POST', 'DELETE']);
        expect(asked[1]?.path).toBe(`/call/${ID}`);
      },
    );
  }

  const malformed: [what: string, body: string, endsCall: boolean][] = [
    ['a page', '<html><body>Bad gateway</body></html>', false],
    ['nothing', '', false],
    ['a list', '[]', false],
    ['an id that is no text', JSON.stringify({ id: 7, transport: WAY_IN }), false],
    ['an id that is a path', JSON.stringify({ id: '../call', transport: WAY_IN }), false],
    ['two megabytes', `{"id":"${ID}","x":"${'x'.repeat(2_000_000)}"}`, false],
    ['no transport', JSON.stringify({ id: ID }), true],
    ['no address', JSON.stringify({ id: ID, transport: { websocketCallUrl: 7 } }), true],
    ['a page for a socket', JSON.stringify({ id: ID, transport: { websocketCallUrl: 'https://x' } }), true],
  ];
  for (const [what, body, endsCall] of malformed) {
    const asked: Asked[] = [];
    story.virtualOnly(
      `F09 is understood as none, and a call that it names is ended: ${what}`,
      { spoil: noting(asked, { status: 201, body }) },
      async (world) => {
        const placed = await world.place();
        await expectNoAgent(world, placed);
        expect(asked.map(({ method }) => method)).toEqual(endsCall ? ['POST', 'DELETE'] : ['POST']);
        expect(placed.call.ending?.words.length).toBeLessThan(400);
      },
    );
  }
});
