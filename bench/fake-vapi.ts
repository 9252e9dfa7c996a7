import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';

/** The agent's end of one call's socket. */
export interface AgentEnd {
  sendAudio(bytes: Buffer): void;
  sendText(text: string): void;
  /** Hears the caller's audio. Set before anything can have come. */
  heard: (bytes: Buffer) => void;
}

/** An agent's service with no thought for what it is told: it costs the process that it shares as little as it can. */
export interface FakeVapi {
  /** Where calls are created, as at Vapi. */
  httpUrl: string;
  /** A socket that needs no call. */
  socketUrl: string;
  /** The next agent's end to be opened. Rejects when none comes. */
  nextAgent(): Promise<AgentEnd>;
  /** Sockets that are open. */
  readonly open: number;
  close(): Promise<void>;
}

const LONGEST_WAIT_MS = 15_000;

/** Serves it on 127.0.0.1, on a free port. */
export async function startFakeVapi(): Promise<FakeVapi> {
  const waiting: Array<(agent: AgentEnd) => void> = [];
  let origin = '';
  let calls = 0;

  const server = createServer((request, response) => {
    request.resume();
    response.setHeader('content-type', 'application/json');
    if (request.method !== 'POST' || request.url !== '/call') {
      response.end('{}');
      return;
    }
    calls += 1;
    const id = `bench-${calls}`;
    response.statusCode = 201;
    response.end(
      JSON.stringify({
        id,
        type: 'vapi.websocketCall',
        status: 'queued',
        transport: { provider: 'vapi.websocket', websocketCallUrl: `ws://${origin}/${id}/transport` },
        monitor: { controlUrl: `http://${origin}/${id}/control` },
      }),
    );
  });
  const sockets = new WebSocketServer({ server, perMessageDeflate: false });

  sockets.on('connection', (socket: WebSocket) => {
    const agent: AgentEnd = {
      sendAudio: (bytes) => socket.send(bytes),
      sendText: (text) => socket.send(text),
      heard() {},
    };
    socket.on('message', (data, isBinary) => {
      if (isBinary) agent.heard(data as Buffer);
      else if (JSON.parse((data as Buffer).toString()).type === 'end-call') socket.close(1000);
    });
    socket.on('error', () => {});
    waiting.shift()?.(agent);
  });

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `127.0.0.1:${(server.address() as AddressInfo).port}`;

  return {
    httpUrl: `http://${origin}`,
    socketUrl: `ws://${origin}/`,
    nextAgent: () =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          waiting.splice(waiting.indexOf(came), 1);
          reject(new Error(`No agent was called within ${LONGEST_WAIT_MS} ms.`));
        }, LONGEST_WAIT_MS);
        function came(agent: AgentEnd): void {
          clearTimeout(timer);
          resolve(agent);
        }
        waiting.push(came);
      }),
    get open() {
      return sockets.clients.size;
    },
    async close() {
      for (const socket of sockets.clients) socket.terminate();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
