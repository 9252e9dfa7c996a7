import { expect } from 'vitest';
import { HttpFetchError } from '../../src/http-fetch.ts';
import type { CreateAnswer } from '../../src/simulation/vapi-answers.ts';
import { stories } from './stories.ts';
import { agentIsDone, createTurn, expectHeard, liveCall } from './turns.ts';
import { type BridgeWorld, messages, type PlacedCall } from './world.ts';

const isOver = (world: BridgeWorld, { call }: PlacedCall, withinMs = 3_000) =>
  world.until('the call is over', () => call.ending !== null, withinMs);

/** The phone call goes on without its stream: Twilio asks what follows, and so an apology can be heard. */
function expectLeftToTwilio(world: BridgeWorld, { phone }: PlacedCall): void {
  expect(world.hangUps).toEqual([]);
  expect(phone.closedWith).toBe(1000);
}

/** Each refusal, and what an operator is told of it. */
const REFUSALS: Record<Exclude<CreateAnswer, 'created'>, RegExp> = {
  'created-without-url': /websocketCallUrl|no socket|address/i,
  'concurrency-blocked': /no slot free/,
  'bad-request': /rejected the call \(400\): "Couldn't Find Assistant"/,
  'bad-request-list': /rejected the call \(400\)/,
  'invalid-key': /refused the key \(401\).*VAPI_API_KEY/,
  'payment-required': /wants payment/,
  blocked: /Cloudflare blocked the request.*\(403\)/,
  'rate-limited': /too many requests.*\(429\)/,
  'server-error': /failed to create the call \(500\)/,
  'bad-gateway': /failed to create the call \(502\)/,
};

stories('An agent that cannot be had', (story) => {
  for (const [as, words] of Object.entries(REFUSALS)) {
    const answer = () => ({ as: as as CreateAnswer, delayMs: 100 });
    story(`is told in words: ${as}`, { script: { answer } }, async (world) => {
      const placed = await world.place();
      placed.phone.talk();
      await isOver(world, placed);
      expect(placed.call.ending?.reason).toBe('agentUnavailable');
      expect(placed.call.ending?.words).toMatch(words);
      const line = world.lines.find(({ msg }) => msg.startsWith('[VAPI]'));
      expect(line).toMatchObject({ level: 'warn', msg: `[VAPI] ${placed.call.ending?.words}` });
      expectLeftToTwilio(world, placed);
    });
  }

  for (const as of ['rate-limited', 'server-error', 'bad-gateway'] as const) {
    const answer = (n: number) => (n === 0 ? { as, delayMs: 100 } : undefined);
    story(`is asked for once more, and had: ${as}`, { script: { answer } }, async (world) => {
      const placed = await world.place();
      placed.phone.talk();
      await world.until('both are there', () => placed.call.state === 'streaming', 3_000);
      const words = createTurn(world, 1, 300);
      placed.agent.mind.say(words.spoken);
      await agentIsDone(world, placed, 1_000);
      expectHeard(world, placed.phone, words);
      expect(world.lines.some(({ level }) => level === 'warn')).toBe(false);
    });
  }

  story(
    'is told in words: nobody answers at its address',
    {
      spoil: (ports) => ({
        ...ports,
        fetch: () =>
          new Promise((_, reject) => {
            const refused = new HttpFetchError('connection refused', 'ECONNREFUSED');
            ports.clock.setTimeout(() => reject(refused), 300);
          }),
      }),
    },
    async (world) => {
      const placed = await world.place();
      await isOver(world, placed);
      expect(placed.call.ending).toMatchObject({ reason: 'agentUnavailable' });
      expect(placed.call.ending?.words).toMatch(/could not be reached.*VAPI_BASE_URL/);
      expectLeftToTwilio(world, placed);
    },
  );

  story(
    'is told in words: its socket is refused',
    { script: { refusesSocket: () => true } },
    async (world) => {
      const placed = await world.place();
      await isOver(world, placed);
      expect(placed.call.ending?.reason).toBe('agentUnavailable');
      expect(placed.call.ending?.words).toContain('did not open: refused with HTTP 404');
      // Another was asked for, in vain.
      const canceled = 'manually-canceled';
      expect(world.service.calls.map(({ endedReason }) => endedReason)).toEqual([canceled, canceled]);
      expectLeftToTwilio(world, placed);
    },
  );

  for (const dialect of ['transport', 'direct'] as const) {
    story(
      `is given four seconds to open its socket, ${dialect}`,
      { dialect, agentSocket: 'silent' },
      async (world) => {
        const placed = await world.place();
        placed.phone.talk();
        await world.run(3_700);
        expect(placed.call.figures.replacements).toBe(0);
        const isAskedAgain = () => placed.call.figures.replacements === 1;
        await world.until('another is asked for', isAskedAgain, 500);
        await isOver(world, placed, 4_500);
        expect(placed.call.ending?.reason).toBe('agentUnavailable');
        expect(placed.call.ending?.words).toMatch(/did not open/);
        expectLeftToTwilio(world, placed);
      },
    );
  }

  story.virtualOnly(
    'is given eight seconds to make the call',
    {
      script: { answer: () => ({ delayMs: 60_000 }) },
    },
    async (world) => {
      const placed = await world.place();
      placed.phone.talk();
      await world.run(7_999);
      expect(placed.call.outcome).toBeNull();
      await world.run(1);
      expect(placed.call.outcome?.reason).toBe('agentUnavailable');
      expect(placed.call.outcome?.words).toContain('within 8000 ms');
      await world.run(100);
      expectLeftToTwilio(world, placed);
      // For as long again the answer is waited for, to end the call that it may tell of.
      await isOver(world, placed, 8_000);
      // Then a call that Vapi makes all the same waits for its socket in vain.
      await world.run(80_000);
    },
  );

  story.virtualOnly(
    'is not kept when its call is made too late: that call is ended',
    {
      script: { answer: () => ({ delayMs: 12_000 }) },
    },
    async (world) => {
      const placed = await world.place();
      placed.phone.talk();
      await world.run(11_999);
      expect(placed.call.outcome?.reason).toBe('agentUnavailable');
      expect(world.service.live()).toBe(0);
      await world.run(200);
      await isOver(world, placed);
      expect(world.service.calls).toHaveLength(1);
      expect(world.service.live()).toBe(0);
    },
  );
});

stories('A line that breaks', (story) => {
  for (const ending of ['cut', 'failed'] as const) {
    story(
      `at the agent's end (${ending}) lets what was said be heard, and another agent goes on`,
      {},
      async (world) => {
        const placed = await liveCall(world);
        const words = createTurn(world, 1, 500);
        placed.agent.mind.say(words.spoken, 'at-once');
        await world.run(100);
        const lost = placed.agent;
        lost.vapi.end('pipeline-error', ending);
        await world.until('another is there', () => placed.agent.vapi.id !== lost.vapi.id, 3_000);
        const answer = createTurn(world, 2, 300);
        placed.agent.mind.say(answer.spoken);
        await agentIsDone(world, placed, 3_000);
        expectHeard(world, placed.phone, words, answer);
        const told = ending === 'cut' ? '1006' : '1011';
        expect(messages(world).join()).toContain(`[VAPI] The agent's socket broke with code ${told}.`);
      },
    );
  }

  story('half open at the caller’s end is noticed by its silence', {}, async (world) => {
    const placed = await liveCall(world);
    const { phone } = placed;
    placed.deafenCaller();
    phone.hush();
    await world.run(3_200);
    expect(placed.call.ending).toBeNull();
    await world.until('it is noticed', () => placed.call.outcome !== null, 400);
    expect(placed.call.outcome?.reason).toBe('callerLost');
    await isOver(world, placed, 3_000);
    phone.dropLine();
  });

  story.virtualOnly(
    'half open at the caller’s end is noticed by the heartbeat',
    {
      call: { mediaTimeoutMs: 60_000 },
    },
    async (world) => {
      const placed = await liveCall(world);
      placed.deafenCaller();
      await world.run(10_000 + 5_000);
      expect(placed.call.outcome?.reason).toBe('callerLost');
      await isOver(world, placed, 3_000);
      placed.phone.dropLine();
    },
  );

  story.virtualOnly(
    'half open at the agent’s end is noticed by the heartbeat, and its call ended',
    {},
    async (world) => {
      const placed = await liveCall(world);
      placed.deafenAgent();
      const lost = placed.agent;
      await world.run(10_000 + 5_000);
      expect(placed.call.figures.replacements).toBe(1);
      await world.run(100);
      expect(lost.vapi.endedReason).toBe('manually-canceled');
      expect(placed.agent.vapi.id).not.toBe(lost.vapi.id);
    },
  );

  story('is not seen in a caller who only says nothing', {}, async (world) => {
    const placed = await liveCall(world);
    placed.phone.hush();
    await world.run(4_500);
    expect(placed.call.state).toBe('streaming');
    const turn = createTurn(world, 1, 300);
    placed.agent.mind.say(turn.spoken);
    await agentIsDone(world, placed, 1_000);
    expectHeard(world, placed.phone, turn);
    expect(placed.call.figures.gapFilledMs).toBeGreaterThan(3_500);
  });
});

stories('A key that is pressed', (story) => {
  for (const dialect of ['transport', 'direct'] as const) {
    story(
      `reaches the agent in words and is written down nowhere, ${dialect}`,
      { dialect },
      async (world) => {
        const placed = await liveCall(world);
        placed.phone.stream.press('#');
        const told = () => placed.agent.vapi.messages.length > 0;
        await world.until('the agent knows', told, 200);
        expect(placed.agent.vapi.messages.map(({ message }) => message)).toEqual([
          {
            type: 'add-message',
            message: { role: 'system', content: 'The caller pressed # on the keypad.' },
            triggerResponseEnabled: true,
          },
        ]);
        expect(JSON.stringify([world.lines, world.steps, placed.timeline()])).not.toContain('#');
        expect(world.steps.some(({ event }) => event.type === 'caller.pressed')).toBe(true);
      },
    );
  }
});

stories('A mistake of the bridge', (story) => {
  const spoilt = ['openSocket', 'sendBinary', 'sendText'] as const;
  for (const what of spoilt) {
    story(
      `in one call (${what} throws) ends that call and no other`,
      {
        spoil(ports) {
          let dialled = 0;
          return {
            ...ports,
            openSocket(url, how) {
              dialled += 1;
              if (dialled !== 1) return ports.openSocket(url, how);
              if (what === 'openSocket') throw new Error('a mistake');
              const socket = ports.openSocket(url, how);
              let sent = 0;
              const throws = () => {
                sent += 1;
                if (sent > 25) throw new Error('a mistake');
              };
              const { sendBinary, sendText } = socket;
              return Object.assign(socket, {
                sendBinary: (bytes: Uint8Array) => (what === 'sendBinary' ? throws() : sendBinary(bytes)),
                sendText(text: string) {
                  if (what === 'sendText') throw new Error('a mistake');
                  sendText(text);
                },
              });
            },
          };
        },
      },
      async (world) => {
        const spoiltCall = await world.place();
        spoiltCall.phone.talk();
        await world.until(
          'the agent was dialled',
          () => spoiltCall.call.state !== 'connecting' || world.failures.length > 0,
        );
        const other = await world.place();
        other.phone.talk();
        await world.run(800);
        if (what === 'sendText') spoiltCall.phone.stream.press('1');
        await isOver(world, spoiltCall, 1_500);
        expect(spoiltCall.call.ending?.reason).toBe('internalError');
        expect(world.failures.length).toBe(1);
        expect(messages(world)).toContain('[Bug] A call ended by a mistake of the bridge');
        expect(other.call.state).toBe('streaming');
        const turn = createTurn(world, 1, 300);
        other.agent.mind.say(turn.spoken);
        await agentIsDone(world, other, 1_000);
        expectHeard(world, other.phone, turn);
        expect(world.calls.live).toBe(1);
        expect(world.calls.held).toBe(1);
      },
    );
  }
});
