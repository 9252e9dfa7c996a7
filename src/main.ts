/**
 * START HERE: settings → ports → calls → server.
 *
 * The environment is read once; what a call may ask of the world is handed to it; the server opens its door; and a
 * signal closes it again, after the calls that are alive.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import dotenv from 'dotenv';
import { createDialects } from './agent/dialects.ts';
import { createCalls } from './call/calls.ts';
import { stateName } from './call/state-name.ts';
import { httpFetch } from './http-fetch.ts';
import { createFeed } from './inspector/feed.ts';
import { createLogLines } from './inspector/log-lines.ts';
import { createMetrics } from './inspector/metrics.ts';
import { createTimelines } from './inspector/timelines.ts';
import { createLog } from './log.ts';
import type { Ports } from './ports.ts';
import { realClock } from './real-clock.ts';
import { bannerOf } from './server/banner.ts';
import { drainThenExit } from './server/drain.ts';
import { createServer } from './server/server.ts';
import { readSettings } from './settings.ts';
import { startSimulatedAgent } from './simulation/serve-vapi.ts';
import { createSignatureChecker } from './telephony/signatures.ts';
import { createTicketOffice } from './telephony/tickets.ts';
import { createTwilioRest } from './telephony/twilio-rest.ts';
import { openWebSocket } from './web-sockets.ts';

dotenv.config({ quiet: true });
const read = readSettings(process.env, {
  cores: availableParallelism(),
  isTerminal: process.stdout.isTTY === true,
  readFile: (path) => readFileSync(path, 'utf8'),
});
if (!read.ok) {
  process.stderr.write(`The bridge cannot start:\n\n${read.words}\n`);
  process.exit(1);
}
const { settings } = read;
const { twilio } = settings;

const log = createLog({ format: settings.logFormat });
const ports: Ports = { clock: realClock, openSocket: openWebSocket, fetch: httpFetch, randomBytes };

const embedded = settings.agent.kind === 'simulated' ? await startSimulatedAgent(ports) : undefined;
const agent =
  settings.agent.kind === 'vapi'
    ? settings.agent
    : {
        kind: 'vapi' as const,
        apiKey: embedded?.apiKey ?? '',
        baseUrl: embedded?.baseUrl ?? '',
        dialect: 'transport' as const,
        wsEndpoint: embedded?.directUrl ?? '',
        format: 'mulaw' as const,
        assistant: 'tutorial' as const,
      };
const dialects = createDialects({ ports, agent, sessionTtlMs: settings.call.sessionTtlMs });

const rest =
  twilio.accountSid && twilio.authToken
    ? createTwilioRest({
        accountSid: twilio.accountSid,
        authToken: twilio.authToken,
        apiBaseUrl: twilio.apiBaseUrl,
      })
    : undefined;

const feed = createFeed(realClock.now);
const timelines = createTimelines(stateName);
const metrics = createMetrics(() => calls.live);
feed.listen(timelines.hear);
feed.listen(metrics.hear);
feed.listen(createLogLines(log));

const calls = createCalls({
  clock: realClock,
  randomBytes,
  maxCalls: settings.server.maxCalls,
  options: {
    format: agent.format,
    bargeIn: settings.call.bargeIn,
    ...settings.buffers,
    sessionTtlMs: settings.call.sessionTtlMs,
    heartbeatIntervalMs: settings.call.heartbeatIntervalMs,
    mediaTimeoutMs: settings.call.mediaTimeoutMs,
  },
  dialectFor: dialects.dialectFor,
  async hangUp(callSid) {
    const result = await rest?.hangUp(callSid);
    if (result && !result.ok) log.warn({ callSid }, `[Twilio] ${result.words}`);
  },
  watch: {
    opened: feed.observe,
    closed({ callId, callSid, streamSid, ending }) {
      metrics.ended(ending?.reason ?? 'internalError');
      tickets.forget(callSid ?? '');
      const words = `[Cleanup] Session ${streamSid ?? callSid ?? callId} removed`;
      log.info({ callId, callSid, streamSid, ending: ending?.reason }, words);
    },
    forgotten: timelines.forget,
    failed: (call, err) => log.error({ ...call, err }, '[Bug] A call ended by a mistake of the bridge'),
  },
});

// Bound to the account, so that a ticket stays good when the process is replaced; random where there is none.
const ticketKey = twilio.authToken
  ? createHmac('sha256', twilio.authToken).update('media tickets').digest()
  : randomBytes(32);
const tickets = createTicketOffice({ clock: realClock, randomBytes, key: ticketKey });

const server = createServer({
  calls,
  tickets,
  signatures: twilio.validateSignatures
    ? createSignatureChecker({ authTokens: [twilio.authToken ?? ''], publicUrl: settings.server.publicUrl })
    : undefined,
  publicUrl: settings.server.publicUrl,
  adminToken: settings.server.adminToken,
  bareSockets: !settings.production && twilio.authToken === undefined,
  accountSid: twilio.accountSid,
  greeting: settings.call.greeting,
  fallbackNumber: settings.call.fallbackNumber,
  assistant: dialects.assistant,
  timelineOf: timelines.of,
  metrics: metrics.read,
  uptime: process.uptime,
  refused: (what) => log.warn({}, `[Refused] ${what}`),
  failed: (err) => log.error({ err }, '[Bug] A request failed by a mistake of the bridge'),
});

try {
  const { port } = await server.listen(settings.server.port, settings.server.host);
  for (const line of bannerOf(settings, port)) log.info({}, line);
} catch (error) {
  const code = error instanceof Error && 'code' in error ? ` (${error.code})` : '';
  log.error({}, `Port ${settings.server.port} cannot be opened${code}. Set PORT to a free one.`);
  process.exit(1);
}

drainThenExit({
  clock: realClock,
  log,
  signals: process,
  timeoutMs: settings.server.drainTimeoutMs,
  liveCalls: () => calls.live,
  stopTaking: server.drain,
  hangUpAll: calls.hangUpAll,
  async close() {
    await server.close();
    await embedded?.close();
  },
  exit: (code) => process.exit(code),
});
