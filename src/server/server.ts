import { createServer as createHttpServer, type Server, STATUS_CODES } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type ErrorRequestHandler } from 'express';
import type { Calls } from '../call/calls.ts';
import type { TimelineEntry } from '../inspector/timelines.ts';
import type { Watch } from '../inspector/watch.ts';
import type { Clock } from '../ports.ts';
import type { SignatureChecker } from '../telephony/signatures.ts';
import type { TicketOffice } from '../telephony/tickets.ts';
import { createAdminGate } from './access.ts';
import { createCallRoutes } from './call-routes.ts';
import { createInspectorDoor, isForFeed } from './inspector-door.ts';
import { createInspectorRoutes } from './inspector-routes.ts';
import { createMediaDoor } from './media-door.ts';
import { createSessionRoutes, wantsPage } from './session-routes.ts';
import { createSessions } from './sessions.ts';
import { showSignIn } from './sign-in-page.ts';
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
  /** What Vapi is told when it asks which assistant is to answer. */
  assistant: Record<string, unknown>;
  /** What Vapi proves itself with; see `VapiRoutesOptions`. */
  vapiSecret: string | undefined;
  openAssistant: boolean;
  timelineOf(callId: string): readonly TimelineEntry[];
  /** Those who look on: a viewer comes, a call is wanted as a file. */
  inspector: Pick<Watch, 'arrive' | 'recordingOf'>;
  /** Where the inspector's page lies once it is built. */
  pageFolder: string;
  clock: Pick<Clock, 'now' | 'epochMs'>;
  metrics(): Promise<{ text: string; contentType: string }>;
  /** Seconds that the process has been up. */
  uptime(): number;
  /** TCP connections at once, sockets of calls included; more are cut. */
  maxConnections: number;
  refused(what: string): void;
  failed(error: unknown): void;
}

/** The door: HTTP routes and WebSocket upgrades on one port. */
export interface BridgeServer {
  /** Rejects when the port cannot be had. */
  listen(port: number, host: string): Promise<{ port: number }>;
  /** Takes no new calls from now on; those that are alive go on. */
  drain(): void;
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
  const { calls, refused } = options;
  let draining = false;
  const { adminToken, publicUrl, clock, inspector } = options;
  const sessions = adminToken === undefined ? undefined : createSessions(adminToken, clock.epochMs);
  const mayLook = createAdminGate(adminToken, sessions);

  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');

  app.get('/health', (_, response) => {
    response.json({ status: 'ok', sessions: calls.live, uptime: Math.round(options.uptime() * 10) / 10 });
  });
  app.get('/ready', (_, response) => {
    const reason = draining ? 'draining' : calls.full ? 'full' : undefined;
    response.status(reason ? 503 : 200).json({ ready: reason === undefined, ...(reason && { reason }) });
  });
  app.use(createTwilioRoutes({ ...options, draining: () => draining }));
  app.use(createVapiRoutes(options));
  app.use(createSessionRoutes({ ...options, sessions, now: clock.now }));
  app.use((request, response, next) => {
    if (mayLook(request)) return next();
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
    const { text, contentType } = await options.metrics();
    response.type(contentType).send(text);
  });
  app.use(createInspectorRoutes({ ...options, recordingOf: inspector.recordingOf }));
  app.use(createCallRoutes(calls, options.timelineOf));
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

  const mediaDoor = createMediaDoor({ ...options, draining: () => draining });
  const inspectorDoor = createInspectorDoor({ mayLook, publicUrl, refused, arrive: inspector.arrive });
  const limits = { maxHeaderSize: MAX_HEADER_BYTES, connectionsCheckingInterval: CHECKING_INTERVAL_MS };
  const server = createHttpServer(limits, app);
  harden(server, options.maxConnections);
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
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
        mediaDoor.close();
        inspectorDoor.close();
      }),
  };
}
