import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { Socket, SocketEar } from '../../src/ports.ts';
import { acceptedSocket, openWebSocket } from '../../src/web-sockets.ts';
import { createMemoryNetwork } from './memory-network.ts';
import { createVirtualClock } from './virtual-clock.ts';

/** A way to have sockets, so that one suite can hold every implementation to the same behaviour. */
export interface SocketWorld {
  /** A WebSocket to a server that accepts it: the opener's end, heard by `ear`, and the server's, not heard yet. */
  join(ear: SocketEar): Promise<[opener: Socket, accepter: Socket]>;
  /** A WebSocket to a server that answers with an HTTP status, or with nothing; opened within 100 ms or not. */
  ask(answer: number | 'silence'): Socket;
  /** A WebSocket to any address. */
  dial(url: string): Socket;
  /** Lets up to 100 ms pass, where time is told and not spent. */
  wait(): void;
  close(): Promise<void>;
}

/** Ends that `pair` has joined: they never go through a handshake. */
export function createPairWorld(): SocketWorld {
  const world = createMemoryWorld();
  return {
    ...world,
    join(ear) {
      const [opener, accepter] = createMemoryNetwork({ clock: createVirtualClock() }).pair();
      opener.listen(ear);
      return Promise.resolve([opener, accepter]);
    },
  };
}

export function createMemoryWorld(): SocketWorld {
  const clock = createVirtualClock();
  const network = createMemoryNetwork({ clock });
  return {
    join: (ear) =>
      new Promise((resolve) => {
        network.serve('ws://server', (_path, _headers, accepter) => {
          resolve([opener, accepter]);
          return true;
        });
        const opener = network.openSocket('ws://server/door', { handshakeTimeoutMs: 100 });
        opener.listen(ear);
      }),
    ask(answer) {
      network.serve('ws://server', () => answer);
      return network.openSocket('ws://server/door?word=secret', { handshakeTimeoutMs: 100 });
    },
    dial: (url) => network.openSocket(url, { handshakeTimeoutMs: 100 }),
    wait: () => clock.advance(100),
    close: async () => {},
  };
}

/** Sockets of `ws` over the loopback interface. */
export async function createRealWorld(): Promise<SocketWorld> {
  const http = createServer();
  const server = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const address = `ws://127.0.0.1:${(http.address() as AddressInfo).port}`;

  const lines = new Set<Duplex>();
  let accepted: (socket: Socket) => void = () => {};
  http.on('upgrade', (request, line, head) => {
    lines.add(line);
    line.on('error', () => {});
    const answer = new URL(request.url ?? '/', address).searchParams.get('answer');
    if (!answer) server.handleUpgrade(request, line, head, (ws) => accepted(acceptedSocket(ws)));
    else if (answer !== 'silence')
      line.end(`HTTP/1.1 ${answer} No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  });

  return {
    join: (ear) =>
      new Promise((resolve) => {
        accepted = (accepter) => resolve([opener, accepter]);
        const opener = openWebSocket(`${address}/door`, { handshakeTimeoutMs: 5_000 });
        opener.listen(ear);
      }),
    ask: (answer) =>
      openWebSocket(`${address}/door?word=secret&answer=${answer}`, { handshakeTimeoutMs: 100 }),
    dial: (url) => openWebSocket(url, { handshakeTimeoutMs: 100 }),
    wait: () => {},
    close: () =>
      new Promise((resolve) => {
        http.close(() => resolve());
        for (const line of lines) line.destroy();
      }),
  };
}

/** Writes down what a socket says, one line for each thing heard. */
export function createNotingEar(): SocketEar & { readonly heard: string[] } {
  const heard: string[] = [];
  return {
    heard,
    opened: () => heard.push('opened'),
    text: (text) => heard.push(`text ${text}`),
    binary: (bytes) => heard.push(`binary ${bytes.toString('hex')}`),
    ponged: () => heard.push('ponged'),
    closed: (code, words) => heard.push(`closed ${code} ${words}`),
  };
}
