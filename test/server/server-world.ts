import { randomBytes } from 'node:crypto';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import twilio from 'twilio';
import { afterEach, vi } from 'vitest';
import { WebSocket } from 'ws';
import { createDialects } from '../../src/agent/dialects.ts';
import { createCalls } from '../../src/call/calls.ts';
import { stateName } from '../../src/call/state-name.ts';
import { httpFetch } from '../../src/http-fetch.ts';
import type { Step } from '../../src/inspector/feed.ts';
import { createWatch } from '../../src/inspector/watch.ts';
import { createLog } from '../../src/log.ts';
import { createServer, type ServerOptions } from '../../src/server/server.ts';
import { createScriptedMind, type ScriptedMind } from '../../src/simulation/scripted-mind.ts';
import { serveVapi } from '../../src/simulation/serve-vapi.ts';
import type { VapiScript } from '../../src/simulation/vapi-service.ts';
import { createSignatureChecker } from '../../src/telephony/signatures.ts';
import { createTicketOffice } from '../../src/telephony/tickets.ts';
import { openWebSocket } from '../../src/web-sockets.ts';
import { createVirtualClock } from '../support/virtual-clock.ts';
import { usualWatch } from '../support/watching.ts';

export const AUTH_TOKEN = '0123456789abcdef0123456789abcdef';
export const ACCOUNT_SID = `AC${'a'.repeat(32)}`;
export const PUBLIC_URL = 'https://bridge.example.com';
export const VAPI_KEY = 'vapi-key-canary-5f2c91';

/** What a server is told otherwise than a development server without Twilio's credentials. */
export interface WorldOptions extends Partial<ServerOptions> {
  /** Twilio's requests have to be signed with `AUTH_TOKEN`. */
  signed?: boolean;
  maxCalls?: number;
  shows?: { numbers: boolean; transcripts: boolean };
  vapi?: VapiScript;
  /** What becomes of a hang-up over REST. */
  hangUp?: (callSid: string) => Promise<void>;
}

/** Waits for what the network brings; longer than it can take on a busy machine. */
export const eventually = <T>(look: () => T | Promise<T>) =>
  vi.waitFor(look, { timeout: 10_000, interval: 20 });

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
}

export interface Ask {
  method?: string;
  headers?: Record<string, string>;
  body?: string;
}

/** One HTTP request, with any Host header; no connection is kept. */
export function ask(port: number, path: string, { method = 'GET', headers = {}, body }: Ask = {}) {
  return new Promise<Answer>((resolve, reject) => {
    const request = httpRequest({ host: '127.0.0.1', port, path, method, headers, agent: false });
    request.on('error', reject);
    request.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
      );
    });
    request.end(body);
  });
}

/** Twilio's end of a media socket, or a stranger's. */
export interface Line {
  ws: WebSocket;
  /** `open`, or the HTTP status that refused the handshake. */
  opened: Promise<'open' | number>;
  messages: Array<Record<string, unknown>>;
  closed: Promise<{ code: number; words: string }>;
  /** Sends an object as JSON, anything else as it stands. */
  send(message: unknown): void;
}

export function dial(url: string, headers: Record<string, string> = {}): Line {
  const ws = new WebSocket(url, { headers, perMessageDeflate: false });
  const messages: Line['messages'] = [];
  ws.on('message', (data) => messages.push(JSON.parse(data.toString())));
  const closed = new Promise<{ code: number; words: string }>((resolve) => {
    ws.on('close', (code, words) => resolve({ code, words: words.toString() }));
  });
  const opened = new Promise<'open' | number>((resolve) => {
    ws.on('open', () => resolve('open'));
    ws.on('unexpected-response', (_, response) => {
      resolve(response.statusCode ?? 0);
      ws.terminate();
    });
  });
  ws.on('error', () => {});
  return {
    ws,
    opened,
    messages,
    closed,
    send: (message) =>
      ws.send(typeof message === 'string' || Buffer.isBuffer(message) ? message : JSON.stringify(message)),
  };
}

export const newSid = (kind: 'CA' | 'MZ') => kind + randomBytes(16).toString('hex');

/** The signature that Twilio puts to a request for `url`. */
export const sign = (url: string, form: Record<string, string> = {}, token = AUTH_TOKEN) =>
  twilio.getExpectedTwilioSignature(token, url, form);

export function start(callSid: string, streamSid: string, more: Record<string, unknown> = {}) {
  const mediaFormat = { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 };
  return {
    event: 'start',
    sequenceNumber: '1',
    streamSid,
    start: { accountSid: ACCOUNT_SID, callSid, streamSid, tracks: ['inbound'], mediaFormat, ...more },
  };
}

export function media(streamSid: string, chunk: number, byte = 0x10) {
  const payload = Buffer.alloc(160, byte).toString('base64');
  return {
    event: 'media',
    sequenceNumber: `${chunk + 1}`,
    streamSid,
    media: { track: 'inbound', chunk: `${chunk}`, timestamp: `${chunk * 20}`, payload },
  };
}

/** What a TwiML connects to. */
export function streamOf(twiml: string) {
  const [, url = ''] = /<Stream url="([^"]+)"/.exec(twiml) ?? [];
  const [, nonce = ''] = /<Parameter name="nonce" value="([^"]+)"/.exec(twiml) ?? [];
  const { pathname: path } = new URL(url);
  return { url, path, nonce, ticket: path.replace('/media/', '') };
}

const closers: Array<() => Promise<void>> = [];

/** To be called in each test file that opens worlds. */
export function closeWorldsAfterEach(): void {
  afterEach(async () => {
    for (const close of closers.splice(0)) await close();
  });
}

/**
 * A whole bridge in this process, on a real port of 127.0.0.1, with a simulated Vapi behind it. The network is real;
 * the time of calls, tickets and agents is told by `clock`.
 */
export async function openWorld(options: WorldOptions = {}) {
  const clock = createVirtualClock();
  const minds: ScriptedMind[] = [];
  const lines: string[] = [];
  const steps: Step[] = [];
  const refusals: string[] = [];
  const failures: unknown[] = [];
  const hungUp: string[] = [];
  const { signed = false, maxCalls = 10, vapi: script = {}, ...serverOptions } = options;

  const vapi = await serveVapi({
    clock,
    randomBytes,
    apiKey: VAPI_KEY,
    mind(line) {
      const mind = createScriptedMind(line);
      minds.push(mind);
      return mind;
    },
    script,
  });
  const dialects = createDialects({
    ports: { clock, fetch: httpFetch, openSocket: openWebSocket },
    agent: {
      apiKey: VAPI_KEY,
      baseUrl: vapi.httpUrl,
      dialect: 'transport',
      wsEndpoint: `${vapi.wsUrl}/ws`,
      format: 'mulaw',
      assistant: 'tutorial',
    },
    sessionTtlMs: 1_500_000,
  });

  const logs = (['json', 'pretty'] as const).map((format) =>
    createLog({ format, clock, level: 'debug', destination: { write: (line) => void lines.push(line) } }),
  );
  const toBoth = (level: 'info' | 'warn' | 'error') => (fields: Record<string, unknown>, line: string) => {
    for (const one of logs) one[level](fields, line);
  };
  const log = { info: toBoth('info'), warn: toBoth('warn'), error: toBoth('error') };
  const watch = createWatch({
    ...usualWatch,
    clock,
    log,
    stateName,
    liveCalls: () => calls.live,
    callOf: (callId) => calls.get(callId),
    maxCalls,
    mayAct: options.adminToken !== undefined,
    ...(options.shows && { shows: options.shows }),
  });
  watch.feed.listen((step) => void steps.push(step));

  const tickets = createTicketOffice({ clock, randomBytes, key: randomBytes(32) });
  const calls = createCalls({
    clock,
    randomBytes,
    maxCalls,
    options: {
      format: 'mulaw',
      bargeIn: 'reversible',
      prerollFrames: 5,
      maxFrames: 50,
      connectFrames: 500,
      framesPerSend: 1,
      sessionTtlMs: 1_500_000,
      heartbeatIntervalMs: 10_000,
      mediaTimeoutMs: 2_000,
    },
    dialectFor: dialects.dialectFor,
    async hangUp(callSid) {
      hungUp.push(callSid);
      await options.hangUp?.(callSid);
    },
    watch: {
      ...watch,
      failed(call, error) {
        failures.push(error);
        watch.failed(call, error);
      },
    },
  });

  const publicUrl = 'publicUrl' in options ? options.publicUrl : signed ? PUBLIC_URL : undefined;
  const server = createServer({
    calls,
    tickets,
    signatures: signed ? createSignatureChecker({ authTokens: [AUTH_TOKEN], publicUrl }) : undefined,
    adminToken: undefined,
    bareSockets: !signed,
    accountSid: signed ? ACCOUNT_SID : undefined,
    greeting: 'Connecting you',
    fallbackNumber: undefined,
    assistant: dialects.assistant,
    vapiSecret: undefined,
    openAssistant: true,
    clock,
    inspector: watch,
    pageFolder: '/nowhere',
    timelineOf: watch.timelineOf,
    strain: { now: { lag: false, memory: false, fileHandles: false } },
    metrics: watch.metrics,
    uptime: () => 42.34,
    maxConnections: 500,
    refused(what) {
      refusals.push(what);
      log.warn({}, `[Refused] ${what}`);
    },
    failed: (error) => void failures.push(error),
    ...serverOptions,
    publicUrl,
  });
  const { port } = await server.listen(0, '127.0.0.1');

  /** Posts a form as Twilio does; signed for the public address unless `headers` say otherwise. */
  function post(path: string, form: Record<string, string>, headers: Record<string, string> = {}) {
    return ask(port, path, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-www-form-urlencoded; charset=UTF-8',
        ...(signed ? { 'x-twilio-signature': sign(PUBLIC_URL + path, form) } : {}),
        ...headers,
      },
      body: new URLSearchParams(form).toString(),
    });
  }

  /** Asks for TwiML, for one call. */
  function webhook(callSid: string, more: Record<string, string> = {}, path = '/webhook/twilio') {
    const form = {
      CallSid: callSid,
      AccountSid: ACCOUNT_SID,
      From: '+12025550143',
      To: '+12025550187',
      ...more,
    };
    return post(path, form);
  }

  /** A media socket for a path of this server, signed as Twilio's. */
  function knock(path: string, headers: Record<string, string> = {}): Line {
    const signature = signed ? { 'x-twilio-signature': sign(PUBLIC_URL.replace('https', 'wss') + path) } : {};
    return dial(`ws://127.0.0.1:${port}${path}`, { ...signature, ...headers });
  }

  /** One call from its webhook until caller and agent are both there. */
  async function connect(callSid = newSid('CA'), streamSid = newSid('MZ')) {
    const { text } = await webhook(callSid);
    const stream = streamOf(text);
    const line = knock(stream.path);
    if ((await line.opened) !== 'open') throw new Error('The media socket was refused.');
    line.send({ event: 'connected', protocol: 'Call', version: '1.0.0' });
    line.send(start(callSid, streamSid, { customParameters: { nonce: stream.nonce } }));
    await eventually(() => {
      // What an agent does first, it does in a moment of its own.
      clock.advance(0);
      if (call()?.state !== 'buffering' || minds.length < calls.live)
        throw new Error(`The call is ${call()?.state}.`);
    });
    function call() {
      return calls.find(callSid);
    }
    const mind = minds.at(-1);
    if (!mind) throw new Error('No agent came.');
    return {
      callSid,
      streamSid,
      line,
      mind,
      ...stream,
      get call() {
        return call();
      },
    };
  }

  const world = {
    clock,
    port,
    vapi,
    minds,
    lines,
    steps,
    refusals,
    failures,
    hungUp,
    calls,
    tickets,
    server,
    get: (path: string, headers: Record<string, string> = {}) => ask(port, path, { headers }),
    post,
    webhook,
    knock,
    connect,
    async close() {
      await server.close();
      await vapi.close();
    },
  };
  closers.push(world.close);
  return world;
}
