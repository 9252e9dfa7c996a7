import { expect } from 'vitest';
import type { OpenSocket, Ports } from '../../src/ports.ts';
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

stories('An agent whose socket closes in the middle of a word', (story) => {
  const codes = [
    [1006, 'F17 is heard to the end of what it had said, and its call is ended: broken (1006)'],
    [1012, 'F17 is heard to the end of what it had said, and its call is ended: restarting (1012)'],
    [1011, 'F18 is heard to the end of what it had said, and its call is ended: failed (1011)'],
    [1013, 'F18 is heard to the end of what it had said, and its call is ended: overloaded (1013)'],
    [1008, 'F19 is heard to the end of what it had said, and is not asked for again: unwanted (1008)'],
  ] as const;
  for (const [code, title] of codes) {
    story.virtualOnly(title, { spoil: closedWith(code) }, async (world) => {
      const placed = await liveCall(world);
      const words = createTurn(world, 1, 500);
      placed.agent.mind.say(words.spoken, 'at-once');
      await world.run(100);
      placed.agent.vapi.end('pipeline-error', 'cut');
      await world.until('the call is over', () => placed.call.ending !== null, 3_000);
      expect(placed.call.ending?.reason).toBe('agentLost');
      expect(placed.call.ending?.words).toContain(String(code));
      expectHeard(world, placed.phone, words);
      // Twilio is left to ask what follows: a person is dialled, or the caller hears an apology.
      expect(placed.phone.closedWith).toBe(1000);
      expect(world.hangUps).toEqual([]);
      expect(world.service.calls.length).toBe(1);
    });
  }
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
