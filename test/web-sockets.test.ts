import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { WebSocketServer } from 'ws';
import { USER_AGENT } from '../src/user-agent.ts';
import { acceptedSocket, openWebSocket } from '../src/web-sockets.ts';
import { createNotingEar } from './support/socket-worlds.ts';

const cleanups: Array<() => unknown> = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

async function listening(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => server.close());
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function serving() {
  const http = createServer();
  const server = new WebSocketServer({ server: http });
  cleanups.push(() => {
    for (const client of server.clients) client.terminate();
  });
  return { server, url: await listening(http) };
}

const heard = (notes: string[], expected: unknown[]) =>
  vi.waitFor(() => expect(notes).toEqual(expected), { timeout: 5_000, interval: 5 });

describe('A WebSocket that we open', () => {
  it('says who we are, adds our headers, and offers no compression', async () => {
    const { server, url } = await serving();
    openWebSocket(url, { headers: { Authorization: 'Bearer k' }, handshakeTimeoutMs: 1_000 }).listen(
      createNotingEar(),
    );
    const [, request] = await once(server, 'connection');
    expect(request.headers).toMatchObject({ 'user-agent': USER_AGENT, authorization: 'Bearer k' });
    expect(request.headers['sec-websocket-extensions']).toBeUndefined();
  });

  it('ends on a message that is too large, and tells the server why', async () => {
    const { server, url } = await serving();
    const told: number[] = [];
    server.on('connection', (client) => {
      client.on('close', (code) => told.push(code));
      client.send(Buffer.alloc(1024 * 1024));
      client.send(Buffer.alloc(1024 * 1024 + 1));
    });
    const ear = createNotingEar();
    openWebSocket(url, { handshakeTimeoutMs: 1_000 }).listen({
      ...ear,
      binary: (bytes) => ear.heard.push(`${bytes.length} bytes`),
    });
    await heard(ear.heard, ['opened', '1048576 bytes', 'closed 1006 Max payload size exceeded']);
    await vi.waitFor(() => expect(told).toEqual([1009]));
  });

  it('ends on a frame that is none', async () => {
    const { server, url } = await serving();
    server.on('connection', (_client, { socket }) => socket.write(Buffer.from([0xf3, 0x00])));
    const ear = createNotingEar();
    openWebSocket(url, { handshakeTimeoutMs: 1_000 }).listen(ear);
    await heard(ear.heard, ['opened', expect.stringMatching(/^closed 1006 Invalid WebSocket frame/)]);
  });

  it('does not follow a redirect', async () => {
    const target = await serving();
    const http = createServer();
    http.on('upgrade', (_request, line) =>
      line.end(`HTTP/1.1 302 Found\r\nLocation: ${target.url}\r\nContent-Length: 0\r\n\r\n`),
    );
    const ear = createNotingEar();
    openWebSocket(await listening(http), { handshakeTimeoutMs: 1_000 }).listen(ear);
    await heard(ear.heard, ['closed 1006 refused with HTTP 302']);
    expect(target.server.clients.size).toBe(0);
  });

  it('hears the end of a server that speaks another language, or hangs up in the handshake', async () => {
    const tcp = createTcpServer((line) => {
      line.on('error', () => {});
      line.end('220 mail.example ESMTP\r\n');
    });
    tcp.listen(0, '127.0.0.1');
    await once(tcp, 'listening');
    cleanups.push(() => tcp.close());
    const ear = createNotingEar();
    const url = `ws://127.0.0.1:${(tcp.address() as AddressInfo).port}/secret`;
    openWebSocket(url, { handshakeTimeoutMs: 1_000 }).listen(ear);
    await heard(ear.heard, [expect.stringMatching(/^closed 1006 connection (failed \(HPE_|reset)/)]);
  });

  it('hears that a header cannot be sent', async () => {
    const ear = createNotingEar();
    openWebSocket('ws://127.0.0.1:1/', {
      headers: { Authorization: 'Bearer a\nb' },
      handshakeTimeoutMs: 1_000,
    }).listen(ear);
    await heard(ear.heard, ['closed 1006 cannot be asked for (ERR_INVALID_CHAR)']);
  });

  it('never says the name of a host that does not exist', async () => {
    const ear = createNotingEar();
    openWebSocket('wss://secret-name.invalid/transport', { handshakeTimeoutMs: 2_000 }).listen(ear);
    await vi.waitFor(() => expect(ear.heard).toHaveLength(1), { timeout: 5_000 });
    expect(ear.heard[0]).toMatch(/^closed 1006 /);
    expect(ear.heard[0]).not.toContain('secret-name');
  });

  it('counts the bytes that a far end does not take', async () => {
    const { server, url } = await serving();
    server.on('connection', (client) => client.pause());
    const ear = createNotingEar();
    const socket = openWebSocket(url, { handshakeTimeoutMs: 1_000 });
    socket.listen(ear);
    await heard(ear.heard, ['opened']);
    expect(socket.unsentBytes).toBe(0);
    for (let count = 0; count < 200; count += 1) socket.sendBinary(Buffer.alloc(100_000));
    expect(socket.unsentBytes).toBeGreaterThan(1_000_000);
    socket.terminate();
    await heard(ear.heard, ['opened', 'closed 1006 terminated']);
  });
});

describe('A WebSocket that we accept', () => {
  it('gathers fragments into one message, text or bytes', async () => {
    const { server, url } = await serving();
    const ear = createNotingEar();
    server.on('connection', (client) => acceptedSocket(client).listen(ear));
    const { WebSocket } = await import('ws');
    const client = new WebSocket(url);
    await once(client, 'open');
    client.send('one ', { fin: false });
    client.send('message', { fin: true });
    client.send(Buffer.from([1]), { fin: false });
    client.send(Buffer.from([2]), { fin: true });
    await heard(ear.heard, ['text one message', 'binary 0102']);
  });

  it('keeps what comes in the same packet as the handshake', async () => {
    const { server, url } = await serving();
    const ear = createNotingEar();
    server.on('connection', (client) => acceptedSocket(client).listen(ear));
    const line = connect(Number(new URL(url).port), '127.0.0.1');
    cleanups.push(() => line.destroy());
    const handshake =
      'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';
    line.write(Buffer.concat([Buffer.from(handshake), Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0x68, 0x69])]));
    await heard(ear.heard, ['text hi']);
  });
});

it('names the version of the package', async () => {
  const { name, version } = JSON.parse(await readFile('package.json', 'utf8'));
  expect(USER_AGENT).toBe(`${name}/${version}`);
});
