import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { AudioFormat } from '../audio/agent-format.ts';
import type { Ports, Socket } from '../ports.ts';
import { acceptedSocket } from '../web-sockets.ts';
import { createSimulatedAgent } from './simulated-agent.ts';
import { type HttpAnswer, refusal } from './vapi-answers.ts';
import { NO_CODE } from './vapi-line.ts';
import {
  createVapiService,
  type HttpRequest,
  type VapiService,
  type VapiServiceOptions,
} from './vapi-service.ts';

/** A simulated Vapi that can be reached from this machine. */
export interface ServedVapi {
  service: VapiService;
  /** Such as `http://127.0.0.1:40123`: where calls are created. */
  httpUrl: string;
  /** Such as `ws://127.0.0.1:40123`; the socket of the `direct` dialect is `/ws` there. */
  wsUrl: string;
  /** Stops listening and cuts what is connected. */
  close(): Promise<void>;
}

/** The embedded agent, ready to be called like Vapi. */
export interface EmbeddedAgent {
  /** In place of `https://api.vapi.ai`. */
  baseUrl: string;
  /** In place of `wss://api.vapi.ai/ws`. */
  directUrl: string;
  apiKey: string;
  close(): Promise<void>;
}

const HOST = '127.0.0.1';
const MAX_BODY_BYTES = 256 * 1024;
const MAX_MESSAGE_BYTES = 1024 * 1024;

/** How many calls of the embedded agent are remembered once they are over. */
const KEPT_ENDED_CALLS = 20;

/** Serves a Vapi service on 127.0.0.1, on a free port unless one is given. Rejects if the port is taken. */
export async function serveVapi(
  options: Omit<VapiServiceOptions, 'origin'> & { port?: number },
): Promise<ServedVapi> {
  let authority = HOST;
  const service = createVapiService({
    ...options,
    origin: () => ({ http: `http://${authority}`, ws: `ws://${authority}` }),
  });
  const server = createServer((request, response) => void answer(service, request, response));
  const sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: MAX_MESSAGE_BYTES,
  });

  server.on('upgrade', (request: IncomingMessage, line: Duplex, head: Buffer) => {
    const { url = '/' } = request;
    const headers = headersOf(request);
    line.on('error', () => line.destroy());
    if (!service.admits(url, headers)) {
      line.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    sockets.handleUpgrade(request, line, head, (ws) => {
      if (!service.accept(url, headers, vapiSocket(ws))) ws.terminate();
    });
  });

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    // Exclusive: of several processes that share their port (node:cluster) each has its own agents.
    server.listen({ port: options.port ?? 0, host: HOST, exclusive: true }, resolve);
  });
  authority = `${HOST}:${(server.address() as AddressInfo).port}`;

  return {
    service,
    httpUrl: `http://${authority}`,
    wsUrl: `ws://${authority}`,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const call of service.calls) call.end('worker-shutdown', 'cut');
      for (const ws of sockets.clients) ws.terminate();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Starts the embedded simulated agent, with a key of its own, for a server that has no Vapi account. */
export async function startSimulatedAgent(
  ports: Pick<Ports, 'clock' | 'randomBytes'>,
  directFormat: AudioFormat = 'pcm_s16le',
): Promise<EmbeddedAgent> {
  const apiKey = ports.randomBytes(24).toString('base64url');
  const served = await serveVapi({
    clock: ports.clock,
    randomBytes: ports.randomBytes,
    apiKey,
    mind: createSimulatedAgent,
    script: { directFormat, keepHeardBytes: 0, keepEndedCalls: KEPT_ENDED_CALLS, concurrencyLimit: 1_000 },
  });
  return { baseUrl: served.httpUrl, directUrl: `${served.wsUrl}/ws`, apiKey, close: served.close };
}

/** The port's way to close names a code; a close frame without a body has none. */
function vapiSocket(ws: WebSocket): Socket {
  const socket = acceptedSocket(ws);
  const { close } = socket;
  return Object.assign(socket, {
    close: (code: number, words: string) => (code === NO_CODE ? ws.close() : close(code, words)),
  });
}

async function answer(
  service: VapiService,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { method = 'GET', url = '/' } = request;
  const body = await readBody(request);
  const {
    status,
    headers,
    body: text,
  }: HttpAnswer = body === undefined
    ? refusal(413, 'Payload Too Large', 'request entity too large')
    : await service.request({ method, path: url, headers: headersOf(request), body });
  response.writeHead(status, headers).end(text);
}

/** The body as text; nothing if it is too long or breaks off. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
    }
  } catch {
    return undefined;
  }
  return bytes <= MAX_BODY_BYTES ? Buffer.concat(chunks).toString('utf8') : undefined;
}

function headersOf(request: IncomingMessage): HttpRequest['headers'] {
  return Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, Array.isArray(value) ? value[0] : value]),
  );
}
