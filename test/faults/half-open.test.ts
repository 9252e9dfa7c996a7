import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { expect, it } from 'vitest';
import { createRealWorld } from '../bridge/real-world.ts';
import { liveCall } from '../bridge/turns.ts';

/** Hands bytes on, both ways, to wherever `to` says, until it falls silent: then it reads nothing and closes nothing. */
async function openMiddleman() {
  const ends: Socket[] = [];
  const server = createServer((near) => {
    const far = connect(middleman.to, '127.0.0.1');
    near.pipe(far).pipe(near);
    for (const end of [near, far]) ends.push(end.on('error', () => {}));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const middleman = {
    to: 0,
    port: (server.address() as AddressInfo).port,
    fallSilent() {
      for (const end of ends) end.unpipe().pause();
    },
    close() {
      for (const end of ends) end.destroy();
      server.close();
    },
  };
  return middleman;
}

// What a system does with a line that is half open cannot be told: this test spends what it takes.
it('F16 over real sockets, an agent whose line is half open is noticed within ten seconds, and its call ended', async () => {
  const middleman = await openMiddleman();
  const world = await createRealWorld({
    spoil: (ports) => ({
      ...ports,
      openSocket(url, how) {
        const through = new URL(url);
        middleman.to = Number(through.port);
        through.port = String(middleman.port);
        return ports.openSocket(through.href, how);
      },
    }),
  });
  try {
    const { call } = await liveCall(world);
    await world.run(1_500);
    expect(call.gauges.agentRttMs).toBeLessThan(500);
    middleman.fallSilent();
    const fellSilentAt = world.clock.now();
    const [agent] = world.service.calls;
    await world.until('its call is ended', () => agent?.endedReason !== null, 11_000);
    expect(world.clock.now() - fellSilentAt).toBeLessThan(10_000);
    expect(agent?.endedReason).toBe('manually-canceled');
    expect(world.steps.some(({ event }) => event.type === 'socket.unfit')).toBe(true);
    expect(world.failures).toEqual([]);
  } finally {
    middleman.close();
    await world.close();
  }
}, 30_000);
