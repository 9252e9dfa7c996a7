/**
 * START HERE: settings → ports → agent, caller, calls → server.
 *
 * The environment is read once; what a call may ask of the world is handed to it; the server opens its door; and a
 * signal closes it again, after the calls that are alive.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import dotenv from 'dotenv';
import { type AgentService, createDialects } from './agent/dialects.ts';
import { createCalls } from './call/calls.ts';
import { machines } from './call/machines.ts';
import { createRulesByNumber } from './call/rules-by-number.ts';
import { stateName } from './call/state-name.ts';
import { httpFetch } from './http-fetch.ts';
import { createWatch } from './inspector/watch.ts';
import { openStatelyWindow, STATELY_PORT } from './inspector/windows/stately-window.ts';
import { openXState4Window } from './inspector/windows/xstate4-window.ts';
import { createLog } from './log.ts';
import { createOrphans } from './orphans/orphans.ts';
import { loadClips } from './own-words.ts';
import type { Ports } from './ports.ts';
import { createProcessGauges } from './process-gauges.ts';
import { realClock as clock } from './real-clock.ts';
import { bannerOf } from './server/banner.ts';
import { createDrain } from './server/drain.ts';
import { listenFault } from './server/listen-fault.ts';
import { pageFolderFrom } from './server/page-folder.ts';
import { createRefusals } from './server/refusals.ts';
import { createServer } from './server/server.ts';
import { watchStrain } from './server/strain.ts';
import { type AgentSettings, readSettings } from './settings.ts';
import { startSimulatedAgent } from './simulation/serve-vapi.ts';
import { createSignatureChecker } from './telephony/signatures.ts';
import { createTicketOffice } from './telephony/tickets.ts';
import { createTwilioRest } from './telephony/twilio-rest.ts';
import { openTraceExport } from './trace-export.ts';
import { openWebSocket } from './web-sockets.ts';

function refuseToStart(words: string): never {
  process.stderr.write(`The bridge cannot start:\n\n${words}\n`);
  process.exit(1);
}

dotenv.config({ quiet: true });
const read = readSettings(process.env, {
  cores: availableParallelism(),
  isTerminal: process.stdout.isTTY === true,
  readFile: (path) => readFileSync(path, 'utf8'),
});
if (!read.ok) refuseToStart(read.words);
const { settings } = read;
const { port, host, publicUrl, workers } = settings.server;
const { accountSid, authToken, secondaryAuthToken, apiBaseUrl } = settings.twilio;
const { greeting, fallbackNumber, voicemail, clips: chosen, ...limits } = settings.call;
const own = loadClips(chosen);
if (!own.ok) refuseToStart(own.words);
const rulesFor = createRulesByNumber(limits, settings.numbers);

// The calls are in this process; or, with WORKERS, in several that share the port. Then the first process starts the
// others and goes no further, and what follows is one of those.
const ownLog = createLog({ format: settings.logFormat });
const joined =
  workers === 1
    ? undefined
    : await (await import('./cluster/processes.ts')).joinCluster({
        clock,
        randomBytes,
        log: ownLog,
        workers,
        maxCalls: settings.server.maxCalls,
      });
const { maxCalls } = joined ?? settings.server;

const log = joined ? ownLog.child({ worker: joined.name }) : ownLog;
const ports: Ports = { clock, openSocket: openWebSocket, fetch: httpFetch, randomBytes };
const refused = createRefusals(clock, (words) => log.warn({}, `[Refused] ${words}`));

// The agent: Vapi, or one built in that is spoken to as Vapi is.
const agent = await agentOf(settings.agent);
const dialects = createDialects({
  ports,
  agent: agent.service,
  sessionTtlMs: limits.sessionTtlMs,
  tell: (words) => log.warn({}, `[VAPI] ${words}`),
  openCalls: {
    opened: (vapiCallId) => orphans?.opened(vapiCallId),
    ended: (vapiCallId) => orphans?.ended(vapiCallId),
    notEnded: (vapiCallId, settled) => (orphans ? orphans.notEnded(vapiCallId, settled) : settled()),
  },
});
// The embedded agent's calls end with this process, and so do those of a socket that creates none.
const orphans =
  settings.agent.kind === 'vapi' && settings.agent.dialect === 'transport'
    ? createOrphans({
        clock,
        randomBytes,
        folder:
          settings.server.stateDir ?? join(tmpdir(), `vapi-twilio-bridge-${process.getuid?.() ?? 'state'}`),
        uid: settings.server.stateDir === undefined ? process.getuid?.() : undefined,
        apiKey: settings.agent.apiKey,
        end: dialects.desk.endOrphan,
        counted: (outcome) => watch.orphaned(outcome),
        log,
      })
    : undefined;

// The caller: who may come, and how Twilio is told to hang up.
const tickets = createTicketOffice({ clock, randomBytes, key: joined?.ticketKey ?? randomBytes(32) });
const signatures = settings.twilio.validateSignatures
  ? createSignatureChecker({
      authTokens: [authToken, secondaryAuthToken].filter((token) => token !== undefined),
      publicUrl,
    })
  : undefined;
const twilio =
  accountSid && authToken
    ? createTwilioRest({ accountSid, authToken, secondaryAuthToken, apiBaseUrl })
    : undefined;

// The calls between the two, and whoever looks on.
const traces = settings.traces && (await openTraceExport({ ...settings.traces, clock, log }));
const watch = createWatch({
  clock,
  log,
  stateName,
  machines,
  liveCalls: () => calls.live,
  callOf: (callId) => calls.get(callId),
  agentKind: settings.agent.kind,
  maxCalls: settings.server.maxCalls,
  house: {
    maxCalls,
    unready: () => server.unready,
    loopLagMs: () => strain.loopLagMs,
    heapLimitBytes: () => gauges.heap().limitBytes,
    worker: joined?.name,
    workerDeaths: () => joined?.port.deaths ?? 0,
  },
  desk: () => dialects.desk.readings,
  mayAct: settings.server.adminToken !== undefined,
  shows: settings.inspector.shows,
  traces,
  settings: {
    ...settings.buffers,
    dialect: agent.service.dialect,
    format: agent.service.format,
    bargeIn: limits.bargeIn,
    sessionTtlMs: limits.sessionTtlMs,
    heartbeatIntervalMs: limits.heartbeatIntervalMs,
    mediaTimeoutMs: limits.mediaTimeoutMs,
  },
});
const calls = createCalls({
  clock,
  randomBytes,
  maxCalls,
  options: { format: agent.service.format, clips: own.clips, ...settings.buffers, ...limits },
  rulesFor,
  dialectFor(call) {
    const { protectsGreeting, insistsOn } = rulesFor(call.calledNumber);
    return dialects.dialectFor({ ...call, protectsGreeting, tellsVoiceInput: insistsOn !== undefined });
  },
  async hangUp(callSid) {
    const result = await twilio?.hangUp(callSid);
    if (result && !result.ok) log.warn({ callSid }, `[Twilio] ${result.words}`);
  },
  watch,
});

const gauges = createProcessGauges(clock.now);
const strain = watchStrain({ clock, gauges, told: (words) => log.warn({}, `[Strain] ${words}`) });
const isHere = (callId: string) => calls.get(callId) !== undefined;
const server = createServer({
  calls,
  tickets,
  signatures,
  publicUrl,
  adminToken: settings.server.adminToken,
  bareSockets: !settings.production && authToken === undefined,
  accountSid,
  greeting,
  fallbackNumber,
  voicemail,
  assistant: dialects.assistant,
  agentTrouble: () => dialects.desk.readings.trouble,
  vapiSecret: settings.server.vapiWebhookSecret,
  openAssistant: !settings.production,
  clock,
  inspector: joined ? { ...watch, arrive: joined.shareViewers(watch.arrive, isHere) } : watch,
  cluster: joined?.port,
  pageFolder: pageFolderFrom(import.meta.url),
  timelineOf: watch.timelineOf,
  strain,
  metrics: watch.metrics,
  uptime: process.uptime,
  // A call has one media socket and a webhook now and then; the rest is for whoever watches.
  maxConnections: 4 * maxCalls + 200,
  refused,
  failed: (err) => log.error({ err }, '[Bug] A request failed by a mistake of the bridge'),
});

const listening = await server
  .listen(port, host)
  .catch((error) => refuseToStart(listenFault(error, port, host)));
if (joined === undefined || joined.isFirst)
  for (const line of bannerOf(settings, listening.port)) log.info({}, line);
joined?.port.answer('metrics', watch.metricNumbers);
joined?.listens({ live: () => calls.live, ready: () => !Object.values(server.unready).includes(true) });

// Other windows on the same calls, for whoever asked for them.
const { xstatePort, stately } = settings.inspector;
const shared = { feed: watch.windowFeed, log, refused };
const windows = await Promise.all([
  xstatePort === undefined ? null : openXState4Window({ ...shared, port: xstatePort }),
  stately ? openStatelyWindow({ ...shared, port: STATELY_PORT, epochMs: clock.epochMs }) : null,
]);

const drain = createDrain({
  clock,
  log,
  timeoutMs: settings.server.drainTimeoutMs,
  liveCalls: () => calls.live,
  stopTaking: server.drain,
  hangUpAll: calls.hangUpAll,
  async close() {
    for (const window of windows) await window?.close();
    await server.close();
    await dialects.desk.close();
    await orphans?.close();
    await agent.close();
    await traces?.close();
  },
  exit: (code) => process.exit(code),
});
if (joined) joined.onStop(drain.stop);
else for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, drain.stop);
process.on('uncaughtException', (err) => {
  log.error({ err }, '[Bug] A mistake of the bridge outside of any call; it takes no more of them');
  joined?.leaves();
  drain.finish(1);
});

/** Who answers, as the dialects know it, and how that is stopped. */
async function agentOf(chosen: AgentSettings): Promise<{ service: AgentService; close(): Promise<void> }> {
  if (chosen.kind === 'vapi') return { service: chosen, close: () => Promise.resolve() };
  const { apiKey, baseUrl, directUrl: wsEndpoint, close } = await startSimulatedAgent(ports);
  const service = {
    apiKey,
    baseUrl,
    wsEndpoint,
    dialect: 'transport',
    format: 'mulaw',
    assistant: 'tutorial',
  } as const;
  return { service, close };
}
