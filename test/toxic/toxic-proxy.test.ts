import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { openToxicProxy, type ToxicLine, type ToxicProxy } from '../support/toxic-proxy.ts';

const closers: Array<() => Promise<void>> = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const eventually = <T>(look: () => T) => vi.waitFor(look, { timeout: 5_000, interval: 5 });

/** One end of a line: what it heard, and how it ended. */
function createEnd(socket: Socket) {
  const heard: Array<{ at: number; bytes: Buffer }> = [];
  const end = {
    socket,
    heard,
    text: () => Buffer.concat(heard.map(({ bytes }) => bytes)).toString('latin1'),
    finished: false,
    failed: '',
    closed: false,
  };
  socket.on('data', (bytes: Buffer) => heard.push({ at: performance.now(), bytes }));
  socket.on('end', () => {
    end.finished = true;
  });
  socket.on('error', (error: NodeJS.ErrnoException) => {
    end.failed = error.code ?? error.message;
  });
  socket.on('close', () => {
    end.closed = true;
  });
  return end;
}

type End = ReturnType<typeof createEnd>;

/** A line through a proxy on which `hello` has come through. */
async function openLine(onLine?: (line: ToxicLine) => void, random?: () => number) {
  const accepted: End[] = [];
  const server: Server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) =>
    accepted.push(createEnd(socket)),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const proxy: ToxicProxy = await openToxicProxy({
    to: () => (server.address() as AddressInfo).port,
    ...(onLine && { onLine }),
    ...(random && { random }),
  });
  const clients: End[] = [];
  closers.push(async () => {
    for (const { socket } of [...accepted, ...clients]) socket.destroy();
    await proxy.close();
    await new Promise((resolve) => server.close(resolve));
  });

  async function dial(): Promise<{ client: End; server: End; line: ToxicLine }> {
    const socket = connect({ host: '127.0.0.1', port: proxy.port, allowHalfOpen: true, noDelay: true });
    const client = createEnd(socket);
    clients.push(client);
    const before = accepted.length;
    client.socket.write('hello');
    await eventually(() => expect(proxy.lines.length).toBe(clients.length));
    await eventually(() => expect(accepted.length).toBe(before + 1));
    const [line, far] = [proxy.lines.at(-1), accepted.at(-1)];
    if (!line || !far) throw new Error('No line came.');
    if (!onLine) await eventually(() => expect(far.text()).toBe('hello'));
    return { client, server: far, line };
  }
  return { proxy, dial, ...(await dial()) };
}

const settle = (ms = 60) => new Promise((resolve) => setTimeout(resolve, ms));

describe('a line through the proxy', () => {
  it('carries both ways, says what its client said first, and ends as its ends do', async () => {
    const { proxy, client, server, line } = await openLine();
    server.socket.write('and to you');
    await eventually(() => expect(client.text()).toBe('and to you'));
    expect(line.opening).toBe('hello');
    expect(line.carried).toEqual({ up: 5, down: 10 });
    client.socket.end('bye');
    await eventually(() => expect(server).toMatchObject({ finished: true, closed: false }));
    server.socket.end('bye bye');
    await eventually(() => expect(client).toMatchObject({ finished: true, closed: true, failed: '' }));
    expect(client.text()).toBe('and to youbye bye');
    await eventually(() => expect(line.closed).toBe(true));
    expect([proxy.lines, proxy.open]).toEqual([[], 0]);
  });

  it('has no server: its client is told', async () => {
    const proxy = await openToxicProxy({ to: () => 1 });
    closers.push(proxy.close);
    const client = createEnd(connect(proxy.port, '127.0.0.1'));
    await eventually(() => expect(client.closed).toBe(true));
    await eventually(() => expect(proxy.open).toBe(0));
  });

  it('can be bad from its first word on', async () => {
    const { server, line } = await openLine((line) => void line.poison({ kind: 'blackhole' }));
    await settle();
    expect(server.text()).toBe('');
    line.cure();
    await eventually(() => expect(server.text()).toBe('hello'));
  });

  it('is bad alone: the line beside it is not', async () => {
    const { dial, server, client, line } = await openLine();
    const beside = await dial();
    line.poison({ kind: 'blackhole' });
    client.socket.write('x');
    beside.client.socket.write('y');
    await eventually(() => expect(beside.server.text()).toBe('helloy'));
    await settle();
    expect(server.text()).toBe('hello');
  });
});

describe('a line with', () => {
  it('latency is late by it, one way or both', async () => {
    const { client, server, line } = await openLine();
    const cure = line.poison({ kind: 'latency', ms: 500 }, 'up');
    const saidAt = performance.now();
    client.socket.write('a');
    server.socket.write('b');
    await eventually(() => expect(server.text()).toBe('helloa'));
    const [lateAt = 0, inTimeAt = 0] = [server.heard.at(-1)?.at, client.heard.at(-1)?.at];
    expect(lateAt - saidAt).toBeGreaterThanOrEqual(499);
    expect(inTimeAt).toBeLessThan(lateAt);
    cure();
    const again = performance.now();
    client.socket.write('c');
    await eventually(() => expect(server.text()).toBe('helloac'));
    expect((server.heard.at(-1)?.at ?? 0) - again).toBeLessThan(499);
  });

  it('jitter keeps its order', async () => {
    const { client, server, line } = await openLine();
    line.poison({ kind: 'jitter', ms: 80 });
    const words = Array.from({ length: 40 }, (_, i) => `<${i}>`);
    for (const word of words) {
      client.socket.write(word);
      await settle(2);
    }
    await eventually(() => expect(server.text()).toBe(`hello${words.join('')}`));
    const gaps = server.heard.slice(2).map(({ at }, i) => at - (server.heard[i + 1]?.at ?? 0));
    expect(Math.max(...gaps)).toBeGreaterThan(10);
  });

  it('a throttle hands on so many bytes a second, and takes all that is said', async () => {
    const { client, server, line } = await openLine();
    line.poison({ kind: 'throttle', bytesPerSecond: 20_000 });
    const saidAt = performance.now();
    client.socket.write(Buffer.alloc(10_000, 'x'));
    await settle(250);
    expect(client.socket.writableLength).toBe(0);
    // The timer may have been late, and what is heard is handed on in pieces.
    expect(server.text().length).toBeLessThan(20 * (performance.now() - saidAt) + 3_000);
    await eventually(() => expect(server.text().length).toBe(10_005));
    expect((server.heard.at(-1)?.at ?? 0) - saidAt).toBeGreaterThan(400);
  });

  it('a slow reader holds its sender back', async () => {
    const { client, line } = await openLine();
    line.poison({ kind: 'slowRead', bytesPerSecond: 10_000 }, 'up');
    const whole = 32 * 1024 * 1024;
    client.socket.write(Buffer.alloc(whole, 'x'));
    await settle(300);
    expect(client.socket.writableLength).toBeGreaterThan(0);
    expect(line.carried.up).toBeLessThan(whole / 4);
    line.cure();
    await eventually(() => expect(line.carried.up).toBe(whole + 5));
    expect(client.socket.writableLength).toBe(0);
  });

  it('a black hole carries nothing, not even an end; all of it comes once it is gone', async () => {
    const { client, server, line } = await openLine();
    const cure = line.poison({ kind: 'blackhole' });
    client.socket.end('last words');
    server.socket.write('are you there?');
    await settle(150);
    expect(server).toMatchObject({ finished: false, closed: false });
    expect([server.text(), client.text()]).toEqual(['hello', '']);
    cure();
    await eventually(() => expect(server).toMatchObject({ finished: true, failed: '' }));
    expect([server.text(), client.text()]).toEqual(['hellolast words', 'are you there?']);
  });

  it('corruption has other bytes, and as many', async () => {
    const { client, server, line } = await openLine();
    line.poison({ kind: 'corrupt', oneIn: 100 });
    const said = Buffer.alloc(20_000, 'x');
    client.socket.write(said);
    await eventually(() => expect(server.text().length).toBe(20_005));
    const wrong = [...server.text().slice(5)].filter((letter) => letter !== 'x').length;
    expect(wrong).toBeGreaterThan(100);
    expect(wrong).toBeLessThan(400);
  });

  it('a reset is broken for both ends, in a black hole too', async () => {
    const { proxy, client, server, line } = await openLine();
    line.poison({ kind: 'blackhole' });
    line.reset();
    await eventually(() => expect([client.failed, server.failed]).toEqual(['ECONNRESET', 'ECONNRESET']));
    await eventually(() => expect(proxy.open).toBe(0));
  });

  it.each(['up', 'down'] as const)('one half closed (%s) goes on the other way', async (way) => {
    const { client, server, line } = await openLine();
    const [told, other] = way === 'up' ? [server, client] : [client, server];
    line.halfClose(way);
    await eventually(() => expect(told.finished).toBe(true));
    other.socket.write('lost');
    told.socket.write('still here');
    await eventually(() => expect(other.text()).toContain('still here'));
    expect(told.text()).not.toContain('lost');
    expect(other.finished).toBe(false);
  });

  it('what broke in latency breaks that much later', async () => {
    const { client, server, line } = await openLine();
    line.poison({ kind: 'latency', ms: 150 });
    // A reset right behind what was not read yet is heard as an end: that is how sockets are.
    client.socket.write('last words');
    await eventually(() => expect(server.text()).toBe('hellolast words'));
    const brokeAt = performance.now();
    client.socket.resetAndDestroy();
    await eventually(() => expect(server.closed).toBe(true));
    expect(performance.now() - brokeAt).toBeGreaterThanOrEqual(149);
    expect(server.failed).toBe('ECONNRESET');
  });
});
