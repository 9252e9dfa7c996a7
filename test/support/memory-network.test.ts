import { describe, expect, it } from 'vitest';
import { createMemoryNetwork, type MemorySocket } from './memory-network.ts';
import { createNotingEar } from './socket-worlds.ts';
import { createVirtualClock } from './virtual-clock.ts';

function createPair(latencyMs = 0) {
  const clock = createVirtualClock();
  const network = createMemoryNetwork({ clock, latencyMs });
  const [opener, accepter] = network.pair();
  const near = createNotingEar();
  const far = createNotingEar();
  opener.listen(near);
  accepter.listen(far);
  near.heard.length = 0;
  return { clock, network, opener, accepter, near: near.heard, far: far.heard };
}

describe('A pair of memory sockets', () => {
  it('is heard at once without latency', () => {
    const { near, far, opener, accepter } = createPair();
    opener.sendText('there');
    opener.ping();
    accepter.sendBinary(new Uint8Array([9]));
    expect(far).toEqual(['text there']);
    expect(near).toEqual(['ponged', 'binary 09']);
  });

  it('is heard after the latency, each way', () => {
    const { clock, near, far, opener } = createPair(30);
    opener.sendText('there');
    opener.ping();
    clock.advance(29);
    expect(far).toEqual([]);
    clock.advance(1);
    expect(far).toEqual(['text there']);
    clock.advance(29);
    expect(near).toEqual([]);
    clock.advance(1);
    expect(near).toEqual(['ponged']);
  });

  it('never tells an ear one thing inside another', () => {
    const [opener, accepter] = createMemoryNetwork({ clock: createVirtualClock() }).pair();
    const story: string[] = [];
    const quiet = createNotingEar();
    opener.listen({ ...quiet, text: (text) => text === 'answer 1' && opener.sendText('2') });
    accepter.listen({
      ...quiet,
      text(text) {
        story.push(`${text} begins`);
        accepter.sendText(`answer ${text}`);
        story.push(`${text} ends`);
      },
    });
    opener.sendText('1');
    expect(story).toEqual(['1 begins', '1 ends', '2 begins', '2 ends']);
  });

  it('keeps its own copy of bytes, so that the sender may use them again', () => {
    const { far, opener, accepter } = createPair();
    const bytes = new Uint8Array([1]);
    accepter.pause();
    opener.sendBinary(bytes);
    bytes[0] = 2;
    accepter.resume();
    expect(far).toEqual(['binary 01']);
  });

  it('holds back what is sent while its line is stalled, counts it, and then delivers it in order', () => {
    const { near, far, opener, accepter } = createPair();
    opener.line.stall();
    opener.sendText('four');
    opener.sendBinary(new Uint8Array(160));
    accepter.sendText('back');
    expect([far, near]).toEqual([[], []]);
    expect(opener.unsentBytes).toBe(164);
    accepter.line.flow();
    expect(far).toEqual(['text four', `binary ${'00'.repeat(160)}`]);
    expect(near).toEqual(['text back']);
    expect(opener.unsentBytes).toBe(0);
  });

  it('says of unsent bytes what the test tells it to', () => {
    const { opener, accepter } = createPair();
    accepter.farEnd.setUnsentBytes(70_000);
    expect(opener.unsentBytes).toBe(70_000);
    expect(accepter.unsentBytes).toBe(0);
    opener.setUnsentBytes(undefined);
    expect(opener.unsentBytes).toBe(0);
  });

  it('is broken at both ends when its line is cut, and what was on its way is lost', () => {
    const { clock, near, far, opener } = createPair(30);
    opener.sendText('on its way');
    opener.line.cut();
    clock.advance(1_000);
    expect(far).toEqual(['closed 1006 connection lost']);
    expect(near).toEqual(['closed 1006 connection lost']);
  });

  it('hears neither pong nor close once its line is deaf, and gives up on the close after two seconds', () => {
    const { clock, near, far, opener, accepter } = createPair();
    opener.line.deafen();
    opener.ping();
    opener.sendText('lost');
    accepter.sendText('lost too');
    clock.advance(60_000);
    expect([near, far]).toEqual([[], []]);
    opener.close(1000, 'bye');
    clock.advance(1_999);
    expect(near).toEqual([]);
    clock.advance(1);
    expect(near).toEqual(['closed 1006 connection lost']);
    expect(far).toEqual([]);
    accepter.terminate();
    expect(far).toEqual(['closed 1006 terminated']);
  });

  it('is late without showing it, and in order, also when it is late no longer', () => {
    const { clock, near, far, opener } = createPair(30);
    opener.line.delay(2_000);
    opener.sendText('one');
    opener.ping();
    expect(opener.unsentBytes).toBe(0);
    clock.advance(1_000);
    opener.line.delay(0);
    opener.sendText('two');
    clock.advance(1_029);
    expect(far).toEqual([]);
    clock.advance(1);
    expect(far).toEqual(['text one', 'text two']);
    clock.advance(30);
    expect(near).toEqual(['ponged']);
  });

  it('leaves neither socket nor timer behind', () => {
    const { clock, network, opener } = createPair(30);
    expect(network.openSockets).toBe(2);
    opener.close(1000, 'bye');
    clock.advance(30);
    expect(network.openSockets).toBe(1);
    clock.advance(30);
    expect(network.openSockets).toBe(0);
    expect(clock.armed).toBe(0);
  });
});

describe('A memory network', () => {
  it('shows the server the path, the query and the headers, and gives it the far end', async () => {
    const clock = createVirtualClock();
    const network = createMemoryNetwork({ clock });
    const met: Array<[string, Record<string, string>]> = [];
    let server: MemorySocket | undefined;
    network.serve('wss://agent.example', (path, headers, socket) => {
      met.push([path, headers]);
      server = socket;
      socket.sendText('greeting');
      return true;
    });
    const ear = createNotingEar();
    network
      .openSocket('wss://agent.example/a/transport?x=1', {
        headers: { Authorization: 'Bearer k' },
        handshakeTimeoutMs: 4_000,
      })
      .listen(ear);
    expect(ear.heard).toEqual([]);
    await clock.settle();
    expect(met).toEqual([['/a/transport?x=1', { authorization: 'Bearer k' }]]);
    expect(ear.heard).toEqual(['opened', 'text greeting']);
    server?.close(1000, 'bye');
    expect(ear.heard).toEqual(['opened', 'text greeting', 'closed 1000 bye']);
    expect([network.openSockets, clock.armed]).toEqual([0, 0]);
  });

  it('opens after two journeys, and not at all once the handshake has timed out', async () => {
    const clock = createVirtualClock();
    const network = createMemoryNetwork({ clock, latencyMs: 40 });
    network.serve('ws://agent', () => true);
    const patient = createNotingEar();
    const hasty = createNotingEar();
    network.openSocket('ws://agent/', { handshakeTimeoutMs: 100 }).listen(patient);
    network.openSocket('ws://agent/', { handshakeTimeoutMs: 79 }).listen(hasty);
    clock.advance(79);
    expect(patient.heard).toEqual([]);
    clock.advance(1);
    expect(patient.heard).toEqual(['opened']);
    clock.advance(100);
    expect(hasty.heard).toEqual(['closed 1006 handshake timed out after 79 ms']);
    expect([network.openSockets, clock.armed]).toEqual([2, 0]);
  });

  it('says nothing to a server whose client it refuses, and counts no socket', async () => {
    const clock = createVirtualClock();
    const network = createMemoryNetwork({ clock });
    const server = createNotingEar();
    network.serve('ws://agent', (_path, _headers, socket) => {
      socket.listen(server);
      return false;
    });
    const client = createNotingEar();
    network.openSocket('ws://agent/', { handshakeTimeoutMs: 100 }).listen(client);
    await clock.settle();
    expect(client.heard).toEqual(['closed 1006 refused with HTTP 404']);
    expect(server.heard).toEqual([]);
    expect([network.openSockets, clock.armed]).toEqual([0, 0]);
  });

  it('answers requests by origin', async () => {
    const clock = createVirtualClock();
    const network = createMemoryNetwork({ clock, latencyMs: 10 });
    network.serveHttp('https://api.example', ({ method, path, headers, body }) => ({
      status: 201,
      headers: { 'Retry-After': '3' },
      body: `${method} ${path} ${headers['content-type']} ${body}`,
    }));
    const asked = network.fetch('https://api.example/call?a=b', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: '{}',
      signal: new AbortController().signal,
    });
    await clock.run(20);
    const response = await asked;
    expect(response.status).toBe(201);
    expect(response.headers.get('retry-after')).toBe('3');
    expect(response.headers.get('etag')).toBeNull();
    expect(await response.text()).toBe('POST /call?a=b application/json {}');
  });

  it('rejects with the reason of an abort, before and while it waits', async () => {
    const clock = createVirtualClock();
    const network = createMemoryNetwork({ clock });
    network.serveHttp('https://api.example', () => new Promise(() => {}));
    const ask = (signal: AbortSignal) =>
      network.fetch('https://api.example/', { method: 'GET', headers: {}, signal });
    const aborting = new AbortController();
    const asked = ask(aborting.signal);
    await clock.settle();
    aborting.abort(new Error('too slow'));
    await expect(asked).rejects.toThrow('too slow');
    await expect(ask(aborting.signal)).rejects.toThrow('too slow');
  });

  it('rejects for an origin that nobody serves', async () => {
    const network = createMemoryNetwork({ clock: createVirtualClock() });
    const { signal } = new AbortController();
    await expect(network.fetch('https://nobody/', { method: 'GET', headers: {}, signal })).rejects.toThrow(
      'connection refused',
    );
  });
});
