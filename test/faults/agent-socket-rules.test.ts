import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { openWebSocket } from '../../src/web-sockets.ts';
import { createNotingEar } from '../support/socket-worlds.ts';

const closers: Array<() => void> = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** A server that breaks a rule on the first socket that comes and keeps them all on the others. */
async function serveRuleBreaker(attack: (client: WebSocket, line: Duplex) => void) {
  const http = createServer();
  const server = new WebSocketServer({ server: http });
  const codes: number[] = [];
  server.on('connection', (client, { socket }) => {
    client.on('error', () => {}).on('close', (code) => codes.push(code));
    client.on('message', (data) => client.send(data));
    if (server.clients.size > 1) setImmediate(() => attack(client, socket));
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  closers.push(() => {
    for (const client of server.clients) client.terminate();
    http.close();
  });
  return { url: `ws://127.0.0.1:${(http.address() as AddressInfo).port}`, codes };
}

const bytes =
  (...octets: number[]) =>
  (_: WebSocket, line: Duplex) =>
    void line.write(Buffer.from(octets));

describe("an agent's socket that breaks the rules of WebSockets", () => {
  it.each<[string, (client: WebSocket, line: Duplex) => void, number]>([
    ['more than a mebibyte', (client) => client.send(Buffer.alloc(1024 * 1024 + 1)), 1009],
    ['an announced size beyond any', bytes(0x82, 0x7f, 0x7f, 0, 0, 0, 0, 0, 0, 0), 1009],
    [
      'a message in a thousand pieces',
      (client) => {
        for (let piece = 0; piece < 1_000; piece += 1) client.send('x', { fin: false });
      },
      1008,
    ],
    [
      'a message a byte at a time',
      (_, line) => {
        line.write(Buffer.from([0x82, 0x7f, 0, 0, 0, 0, 0, 0x08, 0, 0]));
        const drip = (left: number): void => {
          if (left === 0 || line.destroyed) return;
          line.write(Buffer.alloc(1), () => setImmediate(drip, left - 1));
        };
        drip(20_000);
      },
      1008,
    ],
    ['text that is no UTF-8', (client) => client.send(Buffer.from([0xff, 0xfe]), { binary: false }), 1007],
    ['a mask, which only clients wear', bytes(0x81, 0x80, 0, 0, 0, 0), 1002],
    ['a reserved bit', bytes(0xc1, 0x00), 1002],
    ['a frame of no known kind', bytes(0x83, 0x00), 1002],
    ['a ping in pieces', bytes(0x09, 0x00), 1002],
    ['a ping of 126 bytes', bytes(0x89, 0x7e, 0, 126), 1002],
    ['a piece that continues nothing', bytes(0x80, 0x00), 1002],
    ['a close of one byte', bytes(0x88, 0x01, 0x03), 1002],
    ['a close with a code that none has', bytes(0x88, 0x02, 0x03, 0xed), 1002],
  ])('F24 is gone, and the one beside it is not: %s', async (_, attack, code) => {
    const { url, codes } = await serveRuleBreaker(attack);
    const bystander = createNotingEar();
    const beside = openWebSocket(url, { handshakeTimeoutMs: 1_000 });
    beside.listen(bystander);
    await vi.waitFor(() => expect(bystander.heard).toEqual(['opened']));

    const ear = createNotingEar();
    openWebSocket(url, { handshakeTimeoutMs: 1_000 }).listen(ear);
    const closed = () => ear.heard.filter((heard) => heard !== 'opened');
    await vi.waitFor(() => expect(closed()).toEqual([expect.stringMatching(/^closed 1006 ./)]), 5_000);
    await vi.waitFor(() => expect(codes).toEqual([code]), 5_000);

    beside.sendText('still here');
    await vi.waitFor(() => expect(bystander.heard).toHaveLength(2), 5_000);
    expect(bystander.heard.join()).not.toContain('closed');
  });
});
