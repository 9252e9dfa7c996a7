import { createServer as createHttpServer, type Server, STATUS_CODES } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type ErrorRequestHandler } from 'express';
import type { Calls } from '../call/calls.ts';
import { askOthers, type ClusterPort } from '../cluster/cluster-port.ts';
import type { TimelineEntry } from '../inspector/timelines.ts';
import type { Watch } from '../inspector/watch.ts';
import type { Clock } from '../ports.ts';
import type { SignatureChecker } from '../telephony/signatures.ts';
import type { TicketOffice } from '../telephony/tickets.ts';
import { createAdminGate, retryAfter } from './access.ts';
import { createBackDoor } from './back-door.ts';
import { createCallRoutes, listOf } from './call-routes.ts';
import { createInspectorDoor, isForFeed } from './inspector-door.ts';
import { createInspectorRoutes } from './inspector-routes.ts';
import { createMediaDoor } from './media-door.ts';
import { createOwners } from './owners.ts';
import { createSessionRoutes, wantsPage } from './session-routes.ts';
import { createSessions } from './sessions.ts';
import { showSignIn } from './sign-in-page.ts';
import type { StrainWatch } from './strain.ts';
import { createTries } from './tries.ts';
import { createTwilioRoutes } from './twilio-routes.ts';
import { createVapiRoutes } from './vapi-routes.ts';

export interface ServerOptions {
  calls: Calls;
  tickets: TicketOffice;
  signatures: SignatureChecker | undefined;
  publicUrl: string | undefined;
  adminToken: string | undefined;
  bareSockets: boolean;
  accountSid: string | undefined;
  greeting: string;
  fallbackNumber: string | undefined;
  /** What is said before a message is taken; none is without it. */
  voicemail?: string | undefined;
  /** What Vapi is told when it asks which assistant is to answer. */
  assistant: Record<string, unknown>;
  /** What Vapi proves itself with; see `VapiRoutesOptions`. */
  vapiSecret: string | undefined;
  openAssistant: boolean;
  /** Why Vapi is not asked for agents now, if it is not. */
  agentTrouble?(): string | undefined;
  timelineOf(callId: string): readonly TimelineEntry[];
  /** Those who look on: a viewer comes, a call is wanted as a file. */
  inspector: Pick<Watch, 'arrive' | 'recordingOf' | 'handedOn' | 'leftMessage'>;
  /** Where the inspector's page lies once it is built. */
  pageFolder: string;
  clock: Pick<Clock, 'now' | 'epochMs'>;
  /** How the process bears its calls. */
  strain: Pick<StrainWatch, 'now'>;
  metrics: Watch['metrics'];
  /** Seconds that the process has been up. */
  uptime(): number;
  /** TCP connections at once, sockets of calls included; more are cut. */
  maxConnections: number;
  /** The other processes that have calls, where there are any. */
  cluster?: ClusterPort | undefined;
  refused(what: string): void;
  failed(error: unknown): void;
}

/** The door: HTTP routes and WebSocket upgrades on one port. */
export interface BridgeServer {
  /** Rejects when the port cannot be had. */
  listen(port: number, host: string): Promise<{ port: number }>;
  /** Takes no new calls from now on; those that are alive go on. */
  drain(): void;
  /** Each reason to take no new calls, and whether it holds. */
  readonly unready: Readonly<Record<string, boolean>>;
  /** Stops listening and cuts what is connected. */
  close(): Promise<void>;
}

/** Twilio's headers have some 700 bytes. */
const MAX_HEADER_BYTES = 8 * 1024;
/** How often connections are held against their time limits, in ms. */
const CHECKING_INTERVAL_MS = 1_000;

/** Limits against clients that are slow on purpose, or many; times in ms. */
function harden(server: Server, maxConnections: number): void {
  server.headersTimeout = 5_000;
  server.requestTimeout = 10_000;
  server.keepAliveTimeout = 5_000;
  server.maxRequestsPerSocket = 1_000;
  server.maxConnections = maxConnections;
}

/** Makes the server; `listen` opens it. */
export function createServer(options: ServerOptions): BridgeServer {
  const { calls, refused, cluster } = options;
  let draining = false;
  const { adminToken, publicUrl, clock, inspector, strain } = options;
  const { handedOn, leftMessage } = inspector;
  const unready = () => ({ draining, full: calls.full, ...strain.now, ...agentless() });
  const strained = () => Object.values(strain.now).includes(true);
  const sessions = adminToken === undefined ? undefined : createSessions(adminToken, clock.epochMs);
  const tries = createTries(clock.now);
  const mayLook = createAdminGate({ adminToken, sessions, tries });

  /** A key and a bill keep agents away until people act. Where a person is dialled instead, callers are served all the same. */
  function agentless() {
    const trouble = options.fallbackNumber ? undefined : options.agentTrouble?.();
    return { keyRefused: trouble === 'keyRefused', unpaid: trouble === 'unpaid' };
  }

  const app = express();
  const limits = { maxHeaderSize: MAX_HEADER_BYTES, connectionsCheckingInterval: CHECKING_INTERVAL_MS };
  const server = createHttpServer(limits, app);
  harden(server, options.maxConnections);
  const owners = cluster && createOwners({ cluster, calls, backDoor: createBackDoor(server) });
  const othersCalls = cluster && (() => askOthers(cluster, 'calls', null).then((lists) => lists.flat()));
  cluster?.answer('calls', () => listOf(calls));

  app.disable('x-powered-by');
  app.disable('etag');

  app.get('/health', (_, response) => {
    const sessions = cluster?.live ?? calls.live;
    response.json({ status: 'ok', sessions, uptime: Math.round(options.uptime() * 10) / 10 });
  });
  app.get('/ready', (_, response) => {
    const reasons = Object.entries(unready()).flatMap(([reason, holds]) => (holds ? [reason] : []));
    if (reasons.length === 0 || cluster?.ready) response.json({ ready: true });
    else response.status(503).json({ ready: false, reason: reasons[0], reasons });
  });
  app.use(
    createTwilioRoutes({
      ...options,
      toOwner: owners?.ofTwilio,
      draining: () => draining,
      strained,
      handedOn,
      leftMessage,
    }),
  );
  app.use(createVapiRoutes(options));
  app.use(createSessionRoutes({ ...options, sessions, tries }));
  app.use((request, response, next) => {
    const admitted = mayLook(request);
    if (admitted.in) return next();
    if (admitted.waitMs > 0) {
      refused('a token, after too many wrong ones');
      response.status(429).set('Retry-After', retryAfter(admitted.waitMs)).type('text/plain');
      response.send('Too many wrong tokens; try again in a minute.\n');
      return;
    }
    if (request.path.startsWith('/inspector') && wantsPage(request)) {
      return showSignIn(response, adminToken === undefined ? 'noToken' : 'first');
    }
    response
      .status(401)
      .set('WWW-Authenticate', 'Bearer')
      .type('text/plain')
      .send('This is for the bearer of ADMIN_TOKEN, or for this machine alone.\n');
  });
  app.get('/metrics', async (_, response) => {
    const others = cluster && (await askOthers(cluster, 'metrics', null));
    const { text, contentType } = await options.metrics(others);
    response.type(contentType).send(text);
  });
  if (owners) app.use('/calls/:id', owners.ofCall);
  app.use(createInspectorRoutes({ ...options, recordingOf: inspector.recordingOf }));
  app.use(createCallRoutes(calls, options.timelineOf, othersCalls));
  app.use((_, response) => {
    response.status(404).type('text/plain').send('There is nothing here.\n');
  });
  const onError: ErrorRequestHandler = (error, _request, response, _next) => {
    const status = typeof error?.status === 'number' ? error.status : 500;
    if (status >= 500) options.failed(error);
    // The error's own words may quote the request.
    response
      .status(status)
      .type('text/plain')
      .send(`The request was not handled: ${STATUS_CODES[status]}.\n`);
  };
  app.use(onError);

  const mediaDoor = createMediaDoor({
    ...options,
    elsewhere: owners?.take,
    turnsAway: () => draining || calls.full || strained(),
  });
  const inspectorDoor = createInspectorDoor({ mayLook, publicUrl, refused, arrive: inspector.arrive });
  server.on('upgrade', (request, line, head) => {
    const door = isForFeed(request) ? inspectorDoor : mediaDoor;
    door.upgrade(request, line, head);
  });

  return {
    listen: (port, host) =>
      new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen(port, host, () => {
          // A connection that cannot be accepted, for want of file handles say, is no reason to end all others.
          server.off('error', reject).on('error', options.failed);
          resolve({ port: (server.address() as AddressInfo).port });
        });
      }),
    drain() {
      draining = true;
    },
    get unready() {
      return unready();
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
        mediaDoor.close();
        inspectorDoor.close();
      }),
  };
}
