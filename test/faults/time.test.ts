import { describe, expect, it, vi } from 'vitest';
import { MOST_EXTENSION_MS } from '../../machines/call-words.ts';
import { MULAW_SILENCE } from '../../src/audio/mulaw.ts';
import { createMemoryWorld } from '../bridge/memory-world.ts';
import { createRealWorld } from '../bridge/real-world.ts';
import { FRAME_BYTES } from '../bridge/sounds.ts';
import { agentIsDone, createTurn, expectHeard, liveCall } from '../bridge/turns.ts';

const HOUR_MS = 3_600_000;

function withoutSilentFrames(heard: Buffer): Buffer {
  const frames = Array.from({ length: heard.length / FRAME_BYTES }, (_, i) =>
    heard.subarray(i * FRAME_BYTES, (i + 1) * FRAME_BYTES),
  );
  return Buffer.concat(frames.filter((frame) => frame.some((byte) => byte !== MULAW_SILENCE)));
}

describe('a process that is busy', () => {
  it('F51 for 300 ms, and for 1.7 s, loses no byte either way, and takes nobody for dead', async () => {
    const world = await createRealWorld({});
    try {
      const placed = await liveCall(world);
      const turn = createTurn(world, 1, 3_500);
      placed.agent.mind.say(turn.spoken);
      for (const busyMs of [300, 1_700]) {
        await world.run(400);
        const until = world.clock.now() + busyMs;
        while (world.clock.now() < until);
      }
      await agentIsDone(world, placed, 8_000);
      expectHeard(world, placed.phone, turn);
      expect(placed.call.outcome).toBeNull();
      placed.phone.hush();
      await world.run(100);
      // The phone was as busy as the bridge: what it said late, silence may have stood in for.
      expect(withoutSilentFrames(placed.agent.heard()).equals(Buffer.concat(placed.phone.said))).toBe(true);
      placed.phone.hangUp();
      await world.until('the call is over', () => placed.call.ending !== null, 5_000);
      expect(placed.call.ending?.reason).toBe('callerHungUp');
    } finally {
      await world.close();
    }
  });
});

describe('the longest time of a call', () => {
  it('F27 is longer at Vapi than ours and all that an operator can add, so that ours ends the call', async () => {
    const sessionTtlMs = 600_000;
    const world = createMemoryWorld({ call: { sessionTtlMs } });
    const { agent } = await liveCall(world);
    const seconds = Object(agent.vapi.request.assistantOverrides).maxDurationSeconds;
    expect(seconds).toBeGreaterThan((sessionTtlMs + MOST_EXTENSION_MS) / 1_000);
  });
});

describe('a wall clock that is set', () => {
  it.each([
    ['forward', HOUR_MS],
    ['back', -HOUR_MS],
  ])('F53 an hour %s moves no call: its audio, its limits and its figures go on', async (_, byMs) => {
    const world = createMemoryWorld({ call: { sessionTtlMs: 60_000 } });
    const placed = await liveCall(world);
    const openedAt = world.clock.now();
    const told = world.clock.epochMs.bind(world.clock);
    vi.spyOn(world.clock, 'epochMs').mockImplementation(() => told() + byMs);
    const turn = createTurn(world, 1, 2_000);
    placed.agent.mind.say(turn.spoken);
    await agentIsDone(world, placed, 4_000);
    expectHeard(world, placed.phone, turn);
    await world.run(50_000);
    expect(placed.call.outcome).toBeNull();
    expect(placed.agent.heard().equals(Buffer.concat(placed.phone.said))).toBe(true);
    await world.until('its time is over', () => placed.call.ending !== null, 15_000);
    expect(placed.call.ending?.reason).toBe('timeToLive');
    expect(world.clock.now() - openedAt).toBeLessThanOrEqual(60_000);
    expect(placed.call.figures.gapFilledMs).toBe(0);
  });
});
