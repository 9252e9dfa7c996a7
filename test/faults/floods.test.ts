import { describe, expect, it } from 'vitest';
import { MULAW_SILENCE } from '../../src/audio/mulaw.ts';
import { createMemoryWorld } from '../bridge/memory-world.ts';
import { agentTurn } from '../bridge/sounds.ts';
import type { BridgeWorld } from '../bridge/world.ts';
import { liveRawCall, type RawCall } from './raw-call.ts';

async function liveCalls() {
  const world = createMemoryWorld({});
  return { world, victim: await liveRawCall(world, 1), beside: await liveRawCall(world, 2) };
}

/** Whose agent has heard all that was said, to the byte. */
async function expectHeardWhole(world: BridgeWorld, { phone, heard, call }: RawCall): Promise<void> {
  phone.hush();
  await world.run(40);
  expect(heard().equals(Buffer.concat(phone.said))).toBe(true);
  expect(call.outcome).toBeNull();
  expect(world.failures).toEqual([]);
}

/** Closed by us, in words, as for whoever breaks a rule. */
function expectSentAway({ call, phone }: RawCall, words: string): void {
  expect(call.outcome).toMatchObject({ reason: 'callerRefused', words });
  expect(phone.closedWith).toBe(1008);
}

/** `times` of `text` in each second, evenly, for so long. */
async function keepSending(world: BridgeWorld, { socket }: RawCall, text: string, times: number, ms: number) {
  const stepMs = 1_000 / times;
  for (let at = 0; at < ms; at += stepMs) {
    socket.sendText(text);
    await world.run(stepMs);
  }
}

describe("messages on a caller's socket", () => {
  it('F67 that come by more than 200 a second for five seconds close it, and nothing else', async () => {
    const { world, victim, beside } = await liveCalls();
    // With fifty frames of the caller these are 250.
    await keepSending(world, victim, '{"event":"unheard-of"}', 200, 5_000);
    expectSentAway(victim, 'too many messages');
    await expectHeardWhole(world, beside);
  });

  it('F67 that come by the thousand at once close it, and nothing else', async () => {
    const { world, victim, beside } = await liveCalls();
    for (let message = 0; message < 5_000; message += 1) victim.socket.sendText('{"event":"unheard-of"}');
    expectSentAway(victim, 'too many messages');
    await expectHeardWhole(world, beside);
  });

  it('F67 that are many, but not too many, are borne for ever', async () => {
    const { world, victim } = await liveCalls();
    await keepSending(world, victim, '{"event":"unheard-of"}', 125, 30_000);
    await expectHeardWhole(world, victim);
  });

  it('F67 that the network held back for five seconds come at once, again and again, and none is lost', async () => {
    const { world, victim } = await liveCalls();
    victim.phone.hush();
    for (let stall = 0; stall < 12; stall += 1) {
      await world.run(5_000);
      for (let frame = 0; frame < 250; frame += 1) victim.phone.sendFrame();
    }
    await world.run(40);
    expect(victim.call.outcome).toBeNull();
    expect(victim.call.figures.droppedFrames).toBe(0);
    // Silence stood in for what did not come.
    const sound = (mulaw: Buffer) => Buffer.from(mulaw.filter((byte) => byte !== MULAW_SILENCE));
    expect(sound(victim.heard()).equals(sound(Buffer.concat(victim.phone.said)))).toBe(true);
  });
});

describe("what cannot be read on a caller's socket", () => {
  const nonsense = '{"event":"media","media":{"payload":"%%%"}}';

  it('F40 ends the call when it is more than fifty in a second, and no other', async () => {
    const { world, victim, beside } = await liveCalls();
    for (let message = 0; message < 50; message += 1) victim.socket.sendText(nonsense);
    expect(victim.call.outcome).toBeNull();
    victim.socket.sendText(nonsense);
    expectSentAway(victim, 'too much that cannot be read');
    expect(victim.call.figures.unreadableMessages).toBe(51);
    await expectHeardWhole(world, beside);
  });

  it('F40 counts bytes, which Twilio never sends, as such', async () => {
    const { victim } = await liveCalls();
    for (let message = 0; message < 51; message += 1) victim.socket.sendBinary(Buffer.alloc(160));
    expectSentAway(victim, 'too much that cannot be read');
  });

  it('F40 is borne for ever where it is fifty in a second', async () => {
    const { world, victim } = await liveCalls();
    await keepSending(world, victim, nonsense, 50, 30_000);
    expect(victim.call.figures.unreadableMessages).toBe(1_500);
    await expectHeardWhole(world, victim);
  });
});

describe('keys', () => {
  it('F40g of which a hundred come at once reach the agent as twenty, and the rest is counted', async () => {
    const { world, victim } = await liveCalls();
    const press = (times: number) => {
      for (let key = 0; key < times; key += 1) victim.phone.stream.press('5');
    };
    press(100);
    expect(victim.agent().messages).toHaveLength(20);
    expect(victim.call.figures.untoldKeys).toBe(80);
    await world.run(1_000);
    press(3);
    expect(victim.agent().messages).toHaveLength(23);
    expect(victim.call.figures.untoldKeys).toBe(80);
    await expectHeardWhole(world, victim);
  });
});

describe('an agent that talks nonsense', () => {
  it('F22 by more than twenty messages a second for five seconds is closed on, as lost', async () => {
    const { world, victim, beside } = await liveCalls();
    const agent = victim.agent();
    for (let message = 0; message < 100; message += 1) agent.sendText('{');
    expect(agent.endedReason).toBeNull();
    agent.sendText('{');
    expect(agent.closeCode).toBe(1008);
    const lost = world.steps.find(({ event }) => event.type === 'socket.unfit');
    expect(lost?.event).toMatchObject({ words: 'The agent sent too much that cannot be read.' });
    await world.run(1_000);
    await expectHeardWhole(world, beside);
  });

  it('F22 by twenty messages a second is heard on', async () => {
    const { world, victim } = await liveCalls();
    const agent = victim.agent();
    for (let message = 0; message < 600; message += 1) {
      agent.sendText('{');
      await world.run(50);
    }
    agent.sendAudio(agentTurn('mulaw', 1, 400));
    await world.run(1_000);
    expect(victim.call.figures.unreadableMessages).toBe(600);
    expect(victim.call.figures.firstResponseMs).not.toBeNull();
    await expectHeardWhole(world, victim);
  });
});
