import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { realClock } from '../../src/real-clock.ts';
import { refusal } from '../../src/simulation/vapi-answers.ts';
import type { VapiCall, VapiCallLine, VapiMind } from '../../src/simulation/vapi-line.ts';
import { createVapiService } from '../../src/simulation/vapi-service.ts';
import { acceptedSocket } from '../../src/web-sockets.ts';

/** How one request for a call is answered otherwise than by a call at once. */
export type CreateFault = { status: 429 | 500 | 503 } | { delayMs: number } | 'never';

/** The agent of one phone call, at the far end of one socket. */
export interface SoakAgent {
  readonly callSid: string;
  readonly call: VapiCall;
  readonly line: VapiCallLine;
  /** Its socket closes with this code; 1006: it is cut. */
  kill(code: number): void;
}

/** A Vapi in this process whose sockets are reached through a proxy, and whose requests can go wrong call by call. */
export interface StandIn {
  httpUrl: string;
  port: number;
  apiKey: string;
  /** Whose agent a socket's first line asks for; undefined for a line that is none. */
  callSidOf(opening: string): string | undefined;
  /** The newest agent of this phone call. */
  agentOf(callSid: string): SoakAgent | undefined;
  /** Requests for a call that bore this CallSid. */
  asked(callSid: string): number;
  /** Calls created and not ended. */
  live(): number;
  close(): Promise<void>;
}

export interface StandInOptions {
  /** Where the agents' sockets are dialled; asked for with each call. */
  socketPort: () => number;
  /** What goes wrong with the `n`-th request, from 0, for the agent of this phone call. */
  createFault(callSid: string, n: number): CreateFault | undefined;
  mind(callSid: string, line: VapiCallLine): VapiMind;
}

const HOST = '127.0.0.1';
const CALL_SID = /CA[0-9a-f]{32}/;
const KEPT_ENDED_CALLS = 200;

/** Serves it on a free port of 127.0.0.1. */
export async function openStandIn(options: StandInOptions): Promise<StandIn> {
  const apiKey = randomBytes(16).toString('hex');
  const agents = new Map<string, SoakAgent>();
  const askedFor = new Map<string, number>();
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  const socketsOf = new Map<string, WebSocket>();
  let port = 0;

  const service = createVapiService({
    clock: realClock,
    randomBytes,
    apiKey,
    origin: () => ({ http: `http://${HOST}:${port}`, ws: `ws://${HOST}:${options.socketPort()}` }),
    mind(line) {
      const callSid = callSidIn(line.request);
      const call = service.calls.find(({ id }) => id === line.id);
      if (call)
        agents.set(callSid, {
          callSid,
          call,
          line,
          kill(code) {
            const ws = socketsOf.get(line.id);
            if (code === 1006) ws?.terminate();
            else ws?.close(code);
          },
        });
      const mind = options.mind(callSid, line);
      return {
        ...mind,
        closed() {
          mind.closed();
          if (agents.get(callSid)?.line === line) agents.delete(callSid);
        },
      };
    },
    script: { keepHeardBytes: 0, keepEndedCalls: KEPT_ENDED_CALLS, concurrencyLimit: 10_000 },
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url = '/' } = request;
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString();
    if (method === 'POST' && url === '/call') {
      const callSid = CALL_SID.exec(body)?.[0] ?? '';
      const n = askedFor.get(callSid) ?? 0;
      askedFor.set(callSid, n + 1);
      const fault = options.createFault(callSid, n);
      if (fault === 'never') return;
      if (fault && 'status' in fault) {
        const { status, headers, body: text } = refusal(fault.status, 'Refused', 'Refused by the soak.');
        response.writeHead(status, headers).end(text);
        return;
      }
      if (fault) await new Promise((resolve) => setTimeout(resolve, fault.delayMs));
    }
    const headers = headersOf(request);
    const answered = await service.request({ method, path: url, headers, body });
    response.writeHead(answered.status, answered.headers).end(answered.body);
  }

  const server = createServer((request, response) => {
    response.on('error', () => {});
    answer(request, response).catch(() => response.destroy());
  });
  server.on('upgrade', (request, line, head) => {
    line.on('error', () => line.destroy());
    const { url = '/' } = request;
    const headers = headersOf(request);
    if (!service.admits(url, headers)) {
      line.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    sockets.handleUpgrade(request, line, head, (ws) => {
      const [, id = ''] = url.split('/');
      socketsOf.set(id, ws);
      ws.on('close', () => socketsOf.delete(id));
      if (!service.accept(url, headers, acceptedSocket(ws))) ws.terminate();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, HOST, resolve));
  port = (server.address() as AddressInfo).port;

  return {
    httpUrl: `http://${HOST}:${port}`,
    port,
    apiKey,
    callSidOf(opening) {
      const [, id] = /^GET \/([^/]+)\/transport/.exec(opening) ?? [];
      const call = service.calls.find((one) => one.id === id);
      return call && callSidIn(call.request);
    },
    agentOf: (callSid) => agents.get(callSid),
    asked: (callSid) => askedFor.get(callSid) ?? 0,
    live: service.live,
    async close() {
      for (const ws of sockets.clients) ws.terminate();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function callSidIn(request: unknown): string {
  return CALL_SID.exec(JSON.stringify(request))?.[0] ?? '';
}

function headersOf(request: IncomingMessage): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, Array.isArray(value) ? value[0] : value]),
  );
}
