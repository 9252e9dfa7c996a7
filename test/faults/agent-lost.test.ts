import { expect } from 'vitest';
import type { OpenSocket, Ports } from '../../src/ports.ts';
import { dialLater } from '../bridge/late-socket.ts';
import { stories } from '../bridge/stories.ts';
import { agentIsDone, createTurn, expectHeard, liveCall } from '../bridge/turns.ts';

/** Every socket that breaks is heard to have been closed with `code`. */
const closedWith =
  (code: number) =>
  (ports: Ports): Ports => {
    const openSocket: OpenSocket = (url, how) => {
      const socket = ports.openSocket(url, how);
      const { listen } = socket;
      return Object.assign(socket, {
        listen: (ear: Parameters<typeof listen>[0]) =>
          listen({ ...ear, closed: (heard, words) => ear.closed(heard === 1006 ? code : heard, words) }),
      });
    };
    return { ...ports, openSocket };
  };

/** The handshakes of the first `count` sockets take `ms`. */
const dialledLate =
  (count: number, ms: number) =>
  (ports: Ports): Ports => {
    let dialled = 0;
    const openSocket: OpenSocket = (url, how) => {
      dialled += 1;
      return dialLater(ports.clock, dialled <= count ? ms : 0, () => ports.openSocket(url, how));
    };
    return { ...ports, openSocket };
  };

stories('An agent whose socket closes in the middle of a word', (story) => {
  const codes = [
    [1006, 0, 'F17 is heard to the end of what it had said, and another goes on: broken (1006)'],
    [1012, 0, 'F17 is heard to the end of what it had said, and another goes on: restarting (1012)'],
    [
      1011,
      500,
      'F18 is heard to the end of what it had said, and after a moment another goes on: failed (1011)',
    ],
    [
      1013,
      500,
      'F18 is heard to the end of what it had said, and after a moment another goes on: overloaded (1013)',
    ],
  ] as const;
  for (const [code, backOffMs, title] of codes) {
    story.virtualOnly(title, { spoil: closedWith(code) }, async (world) => {
      const placed = await liveCall(world);
      const words = createTurn(world, 1, 500);
      placed.agent.mind.say(words.spoken, 'at-once');
      await world.run(100);
      placed.agent.vapi.end('pipeline-error', 'cut');
      await world.run(Math.max(10, backOffMs - 10));
      expect(world.service.calls.length).toBe(backOffMs === 0 ? 2 : 1);
      await world.run(backOffMs === 0 ? 0 : 300);
      expect(world.service.calls.length).toBe(2);
      const answer = createTurn(world, 2, 300);
      await world.run(300);
      placed.agent.mind.say(answer.spoken);
      await agentIsDone(world, placed, 3_000);
      expectHeard(world, placed.phone, words, answer);
      expect(placed.call.figures.replacements).toBe(1);
    });
  }

  story.virtualOnly(
    'F19 is heard to the end of what it had said, and is not asked for again: unwanted (1008)',
    { spoil: closedWith(1008) },
    async (world) => {
      const placed = await liveCall(world);
      const words = createTurn(world, 1, 500);
      placed.agent.mind.say(words.spoken, 'at-once');
      await world.run(100);
      placed.agent.vapi.end('pipeline-error', 'cut');
      await world.until('the call is over', () => placed.call.ending !== null, 3_000);
      expect(placed.call.ending?.reason).toBe('agentLost');
      expect(placed.call.ending?.words).toContain('1008');
      expectHeard(world, placed.phone, words);
      // Twilio is left to ask what follows: a person is dialled, or the caller hears an apology.
      expect(placed.phone.closedWith).toBe(1000);
      expect(world.hangUps).toEqual([]);
      expect(world.service.calls.length).toBe(1);
    },
  );
});

stories('An agent whose socket is of no use', (story) => {
  story.virtualOnly(
    'F13 is replaced by another when its handshake is refused, which greets as it would have',
    { script: { refusesSocket: (n) => n === 0 } },
    async (world) => {
      const placed = await liveCall(world);
      expect(world.service.calls.map(({ endedReason }) => endedReason)).toEqual(['manually-canceled', null]);
      expect(JSON.stringify(placed.agent.vapi.request)).not.toContain('assistant-waits-for-user');
      expect(placed.agent.vapi.messages).toEqual([]);
      expect(placed.call.figures.replacements).toBe(1);
    },
  );

  story.virtualOnly(
    'F14 is replaced by another when its handshake takes more than four seconds',
    { spoil: dialledLate(1, 60_000) },
    async (world) => {
      const placed = await world.place();
      placed.phone.talk();
      await world.run(3_990);
      expect(world.service.calls.length).toBe(1);
      await world.run(600);
      expect(placed.call.state).toBe('streaming');
      expect(world.service.calls.map(({ endedReason }) => endedReason)).toEqual(['manually-canceled', null]);
    },
  );

  story.virtualOnly(
    'F15 is given up when nothing at all comes from it in ten seconds, and another goes on',
    { script: { statusDelayMs: 15_000 } },
    async (world) => {
      const placed = await liveCall(world);
      const mute = placed.agent;
      await world.run(9_000);
      expect(placed.call.figures.replacements).toBe(0);
      await world.run(1_200);
      expect(placed.call.figures.replacements).toBe(1);
      expect(mute.vapi.state).toBe('ended');
      expect(placed.agent.vapi.id).not.toBe(mute.vapi.id);
      placed.agent.mind.say(createTurn(world, 1, 300).spoken);
      await world.run(12_000);
      expect(placed.call.figures.replacements).toBe(1);
    },
  );

  story.virtualOnly('F16 is given up when it is half open, and another goes on', {}, async (world) => {
    const placed = await liveCall(world);
    const lost = placed.agent;
    placed.deafenAgent();
    await world.run(10_000 + 5_000);
    expect(placed.call.figures.replacements).toBe(1);
    await world.run(500);
    expect(lost.vapi.endedReason).toBe('manually-canceled');
    const answer = createTurn(world, 1, 300);
    placed.agent.mind.say(answer.spoken);
    await agentIsDone(world, placed, 3_000);
    expectHeard(world, placed.phone, answer);
  });
});

stories('A call that lasts long', (story) => {
  story.virtualOnly(
    'F27 lets its agent say goodbye: it is told 30 seconds before the end, once',
    { call: { sessionTtlMs: 60_000 } },
    async (world) => {
      const placed = await liveCall(world);
      const told = () => placed.agent.vapi.messages.map(({ message }) => message);
      await world.run(29_800 - placed.call.gauges.at);
      expect(told()).toEqual([]);
      expect(placed.call.act({ action: 'extend', ms: 10_000 })).toEqual({ ok: true });
      await world.run(9_000);
      expect(told()).toEqual([]);
      await world.run(1_500);
      expect(told()).toEqual([
        {
          type: 'add-message',
          message: { role: 'system', content: 'The call ends in 30 seconds: say goodbye.' },
          triggerResponseEnabled: true,
        },
      ]);
      await world.run(29_800);
      expect(placed.call.outcome?.reason).toBe('timeToLive');
      expect(JSON.stringify(told()).match(/say goodbye/g)).toHaveLength(1);
    },
  );
});

stories('An agent that talks nonsense', (story) => {
  story.virtualOnly('F22 is not understood, counted, and heard on', {}, async (world) => {
    const placed = await liveCall(world);
    const unreadable = ['', 'x', '{', 'null', '[]', '"hang"', '{}', '{"type":7}', '{"type":"transcript"}'];
    const deep = `{"type":${'['.repeat(100_000)}`;
    const unknown = [
      '{"type":"unheard-of"}',
      `{"type":"conversation-update","x":"${'x'.repeat(1_000_000)}"}`,
      '{"type":"unheard-of","__proto__":{"status":"ended"},"constructor":{"prototype":{"x":1}}}',
    ];
    for (const text of [...unreadable, deep, ...unknown]) placed.agent.vapi.sendText(text);
    await world.run(100);
    expect(placed.call.figures.unreadableMessages).toBe(unreadable.length + 1);
    const turn = createTurn(world, 1, 400);
    placed.agent.mind.say(turn.spoken);
    await agentIsDone(world, placed, 1_500);
    expectHeard(world, placed.phone, turn);
    expect(placed.call.outcome).toBeNull();
    expect(Object.prototype).not.toHaveProperty('x');
  });

  for (const format of ['mulaw', 'pcm_s16le'] as const) {
    story.virtualOnly(
      `F23 is heard whole whatever its pieces, ${format}: nothing, one byte, odd ones, five seconds at once`,
      { format },
      async (world) => {
        const placed = await liveCall(world);
        const turn = createTurn(world, 1, 6_000);
        const { spoken } = turn;
        const { line } = placed.agent.mind;
        const [few, many] = [spoken.subarray(0, 7_999), spoken.subarray(7_999)];
        for (let at = 0, length = 1; at < few.length; at += length, length = (length % 333) + 2) {
          line.sendAudio(few.subarray(at, at + length));
          line.sendAudio(Buffer.alloc(0));
        }
        line.sendAudio(many);
        await world.run(200);
        await agentIsDone(world, placed, 8_000);
        expectHeard(world, placed.phone, turn);
      },
    );
  }
});
