import { expect } from 'vitest';
import { atTheAgent } from './sounds.ts';
import { stories } from './stories.ts';
import { agentIsDone, createTurn, expectHeard } from './turns.ts';
import type { PlacedCall } from './world.ts';

/** Ways in which calls end. */
const ENDS: ReadonlyArray<(placed: PlacedCall) => void> = [
  ({ phone }) => phone.hangUp(),
  ({ phone }) => phone.dropLine(),
  ({ agent }) => agent.vapi.end('assistant-ended-call'),
  // The caller leaves while another agent is asked for.
  ({ agent, phone }) => {
    agent.vapi.end('pipeline-error', 'cut');
    phone.hangUp();
  },
  ({ call }) => call.tell({ type: 'call.hangUp', reason: 'hungUp', words: 'An operator ended the call.' }),
  (placed) => void placed.complete(),
];

stories('Calls at the same time', (story) => {
  for (const format of ['mulaw', 'pcm_s16le'] as const) {
    story(`keep their voices apart, and leave nothing behind, ${format}`, { format }, async (world) => {
      const placed = await Promise.all(ENDS.map(() => world.place()));
      for (const { phone } of placed) phone.talk();
      await world.until('all are live', () => placed.every(({ call }) => call.state === 'streaming'));
      const turns = placed.map((_, i) => createTurn(world, 100 + i, 500));
      for (const [i, { agent }] of placed.entries()) agent.mind.say(turns[i]?.spoken ?? Buffer.alloc(0));
      await world.run(100);
      for (const [i, call] of placed.entries()) {
        await agentIsDone(world, call, 1_500);
        const turn = turns[i];
        if (turn) expectHeard(world, call.phone, turn);
      }
      expect(world.calls.live).toBe(ENDS.length);
      for (const [i, call] of placed.entries()) ENDS[i]?.(call);
      await world.until('all are over', () => placed.every(({ call }) => call.ending !== null));
      for (const { agent, phone } of placed) {
        const heard = agent.heard();
        expect(atTheAgent(format, Buffer.concat(phone.said)).subarray(0, heard.length).equals(heard)).toBe(
          true,
        );
      }
      expect(placed.map(({ call }) => call.ending?.reason)).toEqual([
        'callerHungUp',
        'callerLost',
        'agentEnded',
        'callerHungUp',
        'hungUp',
        'callerHungUp',
      ]);
    });
  }

  story('may all be hung up, at whatever point they are', { agentReadyMs: 300 }, async (world) => {
    const rung = await world.ring();
    const connecting = await world.place();
    await world.run(400);
    const speaking = await world.place();
    speaking.phone.talk();
    await world.run(600);
    speaking.agent.mind.say(createTurn(world, 1, 2_000).spoken, 'at-once');
    await world.run(200);
    const asking = await world.ring();
    world.calls.hangUpAll('The server is being stopped.');
    await world.until('all are over', () => world.calls.live === 0);
    for (const { call } of [rung, connecting, speaking, asking]) {
      expect(call.ending).toEqual({ reason: 'drained', words: 'The server is being stopped.' });
    }
    expect(world.hangUps.map(({ callSid }) => callSid).sort()).toEqual(
      world.placed.map(({ callSid }) => callSid).sort(),
    );
  });
});
