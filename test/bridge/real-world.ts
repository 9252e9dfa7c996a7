import { randomBytes } from 'node:crypto';
import { createServer as createHttpServer } from 'node:http';
import {
  type AddressInfo,
  createServer as createTcpServer,
  type Server,
  type Socket as TcpSocket,
} from 'node:net';
import { httpFetch } from '../../src/http-fetch.ts';
import type { Clock, OpenSocket, Socket } from '../../src/ports.ts';
import { realClock } from '../../src/real-clock.ts';
import { createServer } from '../../src/server/server.ts';
import { createScriptedMind, type ScriptedMind } from '../../src/simulation/scripted-mind.ts';
import { serveVapi } from '../../src/simulation/serve-vapi.ts';
import { parametersOf, readTwiml } from '../../src/simulation/twiml.ts';
import { createTwilioRest } from '../../src/telephony/twilio-rest.ts';
import { openWebSocket } from '../../src/web-sockets.ts';
import { ACCOUNT_SID, API_KEY, CALLED_NUMBER, CALLER_NUMBER, createBridge } from './bridge.ts';
import { createPhone } from './phone.ts';
import { createPlacedCall } from './placed-call.ts';
import type { BridgeWorld, PlacedCall, WorldOptions } from './world.ts';

/** The real clock, with its armed timers counted. */
function createCountingClock(): Clock & { readonly armed: number } {
  const armed = new Set<unknown>();
  return {
    ...realClock,
    setTimeout(fn, ms) {
      const id = realClock.setTimeout(() => {
        armed.delete(id);
        fn();
      }, ms);
      armed.add(id);
      return id;
    },
    clearTimeout(id) {
      armed.delete(id);
      realClock.clearTimeout(id);
    },
    get armed() {
      return armed.size;
    },
  };
}

/** The real way to open sockets, with those counted that are not closed. */
function createCountingDialler(): { open: OpenSocket; count(): number } {
  let sockets = 0;
  return {
    open(url, how) {
      sockets += 1;
      const socket = openWebSocket(url, how);
      const { listen: listenTo } = socket;
      const listen: Socket['listen'] = (ear) =>
        listenTo({
          ...ear,
          closed(code, words) {
            sockets -= 1;
            ear.closed(code, words);
          },
        });
      return Object.assign(socket, { listen });
    },
    count: () => sockets,
  };
}

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

/** A world of real sockets on this machine, in real time, with the bridge behind its own server. */
export async function createRealWorld(options: WorldOptions): Promise<BridgeWorld> {
  const { dialect = 'transport', agentReadyMs = 0, format = 'mulaw', markEchoDelayMs = 0 } = options;
  const clock = createCountingClock();
  const dialler = createCountingDialler();
  const minds: ScriptedMind[] = [];
  const placed: PlacedCall[] = [];

  const vapi = await serveVapi({
    clock: realClock,
    randomBytes,
    apiKey: API_KEY,
    mind(line) {
      const mind = createScriptedMind(line, options.cues);
      minds.push(mind);
      return mind;
    },
    script: {
      directFormat: format,
      createDelayMs: dialect === 'transport' ? agentReadyMs : 0,
      ...options.script,
    },
  });

  // A machine that takes connections and says nothing on them.
  const silentLines = new Set<TcpSocket>();
  const silent = createTcpServer((line) => {
    silentLines.add(line);
    line.on('error', () => {});
  });
  const silentPort = await listening(silent);

  const twilioApi = createHttpServer((request, response) => {
    const [, callSid] = /\/Calls\/(CA\w+)\.json$/.exec(request.url ?? '') ?? [];
    if (options.hangUp === 'silent') return;
    if (options.hangUp === 'refuses') {
      response.writeHead(503).end();
      return;
    }
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ sid: callSid, status: 'completed' }));
    placed.find((call) => call.callSid === callSid && call.isConnected)?.phone.hangUp();
  });
  const twilioPort = await listening(twilioApi);

  const openSocket: OpenSocket = (url, how) =>
    dialler.open(options.agentSocket === 'silent' ? `ws://127.0.0.1:${silentPort}/` : url, how);
  const bridge = createBridge({
    told: 'real',
    world: options,
    ports: { clock, randomBytes, openSocket, fetch: httpFetch },
    baseUrl: vapi.httpUrl,
    wsEndpoint: `${vapi.wsUrl}/ws`,
    rest: createTwilioRest({
      accountSid: ACCOUNT_SID,
      authToken: 'the-auth-token',
      apiBaseUrl: `http://127.0.0.1:${twilioPort}`,
    }),
  });
  const { calls, tickets, failures } = bridge;
  const server = createServer({
    calls,
    tickets,
    signatures: undefined,
    publicUrl: 'https://bridge.example',
    adminToken: undefined,
    bareSockets: true,
    accountSid: undefined,
    greeting: 'Connecting you to the assistant',
    fallbackNumber: undefined,
    assistant: {},
    vapiSecret: undefined,
    openAssistant: true,
    maxConnections: 1_000,
    clock,
    inspector: bridge.watch,
    pageFolder: '/nowhere',
    timelineOf: bridge.timelineOf,
    strain: { now: { lag: false, memory: false, fileHandles: false } },
    metrics: async () => ({ text: '', contentType: 'text/plain' }),
    uptime: () => 0,
    refused: (what) => bridge.log.warn({}, `[Refused] ${what}`),
    failed: (error) => void failures.push(error),
  });
  const { port } = await server.listen(0, '127.0.0.1');
  const callersPort = options.callersDial?.(port) ?? port;

  async function post(path: string, form: Record<string, string>): Promise<string> {
    const response = await httpFetch(`http://127.0.0.1:${port}${path}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ AccountSid: ACCOUNT_SID, ...form }).toString(),
      signal: new AbortController().signal,
    });
    return response.text();
  }

  function prepare(
    target: { path: string; parameters: Record<string, string> },
    callSid: string,
  ): PlacedCall {
    const streamSid = `MZ${randomBytes(16).toString('hex')}`;
    const index = placed.length;
    let socket: Socket | undefined;
    const call = createPlacedCall({
      index,
      callSid,
      streamSid,
      bridge,
      service: vapi.service,
      minds,
      async connect() {
        socket = dialler.open(`ws://127.0.0.1:${callersPort}${target.path}`, { handshakeTimeoutMs: 5_000 });
        const { phone, opened } = createPhone({
          clock: realClock,
          socket,
          streamSid,
          callSid,
          accountSid: ACCOUNT_SID,
          parameters: target.parameters,
          bare: target.path === '/media',
          markEchoDelayMs,
          seed: index,
        });
        await opened;
        phone.stream.begin();
        return phone;
      },
      async complete() {
        await post('/webhook/twilio/call', { CallSid: callSid, CallStatus: 'completed' });
      },
      deafenCaller: () => socket?.pause(),
      deafenAgent() {
        throw new Error('a real agent cannot be deafened');
      },
    });
    placed.push(call);
    return call;
  }

  async function ring(): Promise<PlacedCall> {
    const callSid = `CA${randomBytes(16).toString('hex')}`;
    const twiml = await post('/webhook/twilio', { CallSid: callSid, From: CALLER_NUMBER, To: CALLED_NUMBER });
    const connect = readTwiml(twiml)?.find(({ name }) => name === 'Connect');
    const stream = connect?.children[0];
    const url = stream?.attributes.url;
    if (!stream || !url) throw new Error(`no stream in ${twiml}`);
    return prepare({ path: new URL(url).pathname, parameters: parametersOf(stream) }, callSid);
  }

  const wait = (ms: number) => new Promise<void>((resolve) => realClock.setTimeout(resolve, ms));

  return {
    ...bridge,
    kind: 'real',
    clock: realClock,
    slackMs: 150,
    service: vapi.service,
    placed,
    ring,
    async place({ bare = false } = {}) {
      const bareSid = `CA${randomBytes(16).toString('hex')}`;
      const call = bare ? prepare({ path: '/media', parameters: {} }, bareSid) : await ring();
      await call.connect();
      return call;
    },
    run: wait,
    async until(what, holds, withinMs = 5_000) {
      const deadline = realClock.now() + withinMs + 1_000;
      while (!holds()) {
        if (realClock.now() >= deadline) throw new Error(`${what}: not within ${withinMs} ms`);
        await wait(5);
      }
    },
    leaks: () => ({
      sessions: calls.live,
      benched: calls.held,
      timers: clock.armed,
      sockets: dialler.count(),
      vapiCalls: vapi.service.live(),
    }),
    async close() {
      await server.close();
      await vapi.close();
      for (const line of silentLines) line.destroy();
      silent.close();
      twilioApi.closeAllConnections();
      twilioApi.close();
    },
  };
}
