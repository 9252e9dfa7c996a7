import { describe, expect, it } from 'vitest';
import type { Ports } from '../../src/ports.ts';
import { createMemoryWorld } from '../bridge/memory-world.ts';
import { createTurn, expectHeard } from '../bridge/turns.ts';
import type { MemorySocket } from '../support/memory-network.ts';
import { liveRawCall } from './raw-call.ts';

/** A world in which the agents' lines can be spoiled; `lines` has one for each agent, in the order in which they came. */
function createLateWorld() {
  const lines: MemorySocket['line'][] = [];
  const world = createMemoryWorld({
    spoil: (ports: Ports): Ports => ({
      ...ports,
      openSocket(url, how) {
        const socket = ports.openSocket(url, how) as MemorySocket;
        lines.push(socket.line);
        return socket;
      },
    }),
  });
  const agentFacts = () =>
    world.steps.filter(({ actor }) => actor === 'vapiSocket').map(({ event }) => event);
  return { world, lines, agentFacts };
}

describe("an agent's line", () => {
  it('F28 that answers after 2.4 s costs the caller what is older than 2 s, counted, and nothing once it is well', async () => {
    const { world, lines } = createLateWorld();
    const raw = await liveRawCall(world, 1);
    const { phone, call } = raw;
    await world.run(1_000);
    lines[0]?.delay(1_200);
    await world.run(20_000);
    expect(call.gauges.agentRttMs).toBeGreaterThanOrEqual(2_400);
    lines[0]?.delay(0);
    await world.run(5_000);
    expect(call.gauges.agentRttMs).toBeLessThan(100);
    const { droppedFrames } = call.figures;
    expect(droppedFrames).toBeGreaterThan(20);
    // Most of it arrives all the same: 2 of every 2.4 s.
    expect(droppedFrames).toBeLessThan(250);
    await world.run(2_000);
    expect(call.figures.droppedFrames).toBe(droppedFrames);
    phone.hush();
    await world.run(40);
    const said = Buffer.concat(phone.said);
    expect(raw.heard().length).toBe(said.length - droppedFrames * 160);
    expect(said.subarray(-160 * 300).equals(raw.heard().subarray(-160 * 300))).toBe(true);
    expect(call.figures.gapFilledMs).toBe(0);
    expect(call.outcome).toBeNull();
  });

  it('F28 that is late once costs nothing', async () => {
    const { world, lines } = createLateWorld();
    const raw = await liveRawCall(world, 1);
    lines[0]?.delay(1_000);
    await world.run(900);
    lines[0]?.delay(0);
    await world.run(5_000);
    raw.phone.hush();
    await world.run(40);
    expect(raw.heard().equals(Buffer.concat(raw.phone.said))).toBe(true);
    expect(raw.call.figures.droppedFrames).toBe(0);
  });

  it('F28 that is more than 4 s late is given up, although it carries', async () => {
    const { world, lines, agentFacts } = createLateWorld();
    await liveRawCall(world, 1);
    lines[0]?.delay(2_100);
    await world.until(
      'it is given up',
      () => agentFacts().some(({ type }) => type === 'socket.unfit'),
      10_000,
    );
    expect(agentFacts().find(({ type }) => type === 'socket.unfit')).toMatchObject({
      words: "The agent's line was more than 4000 ms late.",
    });
    await world.until('its call is ended', () => world.service.calls[0]?.endedReason !== null, 6_000);
  });

  it('F16 that is half open is noticed within ten seconds, with the settings as they come', async () => {
    const { world, lines, agentFacts } = createLateWorld();
    await liveRawCall(world, 1);
    // However it falls between two pings.
    await world.run(730);
    lines[0]?.deafen();
    const noticed = () => agentFacts().some(({ type }) => type === 'socket.unfit');
    await world.until('it is noticed', noticed, 10_000);
    await world.until('its call is ended', () => world.service.calls[0]?.endedReason !== null, 1_000);
    expect(world.service.calls[0]?.endedReason).toBe('manually-canceled');
  });

  it('F25 is held back while the agent is a minute ahead, and is not taken for dead meanwhile', async () => {
    const { world } = createLateWorld();
    const raw = await liveRawCall(world, 1);
    const minute = createTurn(world, 1, 60_000);
    for (let at = 0; at < minute.spoken.length; at += 8_000)
      raw.agent().sendAudio(minute.spoken.subarray(at, at + 8_000));
    await world.run(20_000);
    // What is not read yet waits in the network.
    expect(raw.call.gauges.queuedMs).toBeLessThan(31_000);
    await world.run(50_000);
    expectHeard(world, raw.phone, minute);
    expect(raw.call.outcome).toBeNull();
    expect(world.service.calls).toHaveLength(1);
    expect(raw.call.figures.droppedFrames).toBe(0);
  });
});
