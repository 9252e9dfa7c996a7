import { existsSync } from 'node:fs';
import { join } from 'node:path';
import express, { type ErrorRequestHandler, type Response, type Router } from 'express';
import type { Calls } from '../call/calls.ts';
import type { Call } from '../call/open-call.ts';
import type { ActionAnswer } from '../call/operator.ts';
import type { CallRecording } from '../inspector/messages.ts';
import { isFromAnotherSite } from './access.ts';
import { readAction } from './action-body.ts';

export interface InspectorRoutesOptions {
  calls: Calls;
  /** Where the inspector's page lies once it is built: `index.html`, and `assets/` whose names change with their content. */
  pageFolder: string;
  adminToken: string | undefined;
  publicUrl: string | undefined;
  recordingOf(callId: string): CallRecording | undefined;
  /** Something was refused, for the log. */
  refused(what: string): void;
}

/** A text of 1,000 characters, each four bytes long, and what is around it. */
const MAX_ACTION = '8kb';

const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "connect-src 'self'",
  "font-src 'self'",
  "worker-src 'self' blob:",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'self'",
].join('; ');

const NOT_BUILT = "The inspector's page is not built. Run: npm run build:inspector\n";
const NO_CALL = 'No call of this id is alive or among the last that ended.';
const NO_TOKEN = 'Acting on calls needs a token: set ADMIN_TOKEN and start the server again.';

/** Headers of all that the page consists of. */
function protect(response: Response): void {
  response
    .set('Content-Security-Policy', POLICY)
    .set('X-Content-Type-Options', 'nosniff')
    .set('Referrer-Policy', 'no-referrer')
    .set('Cross-Origin-Resource-Policy', 'same-origin');
}

/**
 * `GET /inspector` and its files, `GET /calls/:id/recording`, `POST /calls/:id/act`. Whoever comes here may look;
 * acting needs more. The id is a call's CallSid or its `callId`.
 */
export function createInspectorRoutes(options: InspectorRoutesOptions): Router {
  const { calls, pageFolder, refused } = options;
  const page = join(pageFolder, 'index.html');
  const routes = express.Router();

  const callOf = (id: string): Call | undefined => calls.get(id) ?? calls.find(id);

  routes.get(['/inspector', '/inspector/'], (_, response) => {
    protect(response);
    response.set('Cache-Control', 'no-store');
    if (existsSync(page)) response.sendFile(page, { etag: false, lastModified: false, cacheControl: false });
    else response.status(503).type('text/plain').send(NOT_BUILT);
  });

  routes.use(
    '/inspector/assets',
    express.static(join(pageFolder, 'assets'), {
      index: false,
      redirect: false,
      dotfiles: 'ignore',
      immutable: true,
      maxAge: '365d',
      setHeaders: protect,
    }),
  );

  routes.get('/calls/:id/recording', (request, response) => {
    const call = callOf(request.params.id);
    const recording = call && options.recordingOf(call.callId);
    if (!recording) {
      response.status(404).json({ error: NO_CALL });
      return;
    }
    const name = (call.callSid ?? call.callId).replace(/[^\w-]/g, '_').slice(0, 64);
    const at = new Date(recording.row.openedAt).toISOString().slice(0, 19).replace(/:/g, '-');
    response
      .set('Cache-Control', 'no-store')
      .set('X-Content-Type-Options', 'nosniff')
      .attachment(`call-${name}-${at}.json`)
      .json(recording);
  });

  function answer(response: Response, status: number, words: string): void {
    response.status(status).json({ ok: false, words } satisfies ActionAnswer);
  }

  const json = express.json({ limit: MAX_ACTION, strict: false });
  routes.use('/calls/:id/act', (request, response, next) => {
    if (request.method !== 'POST') return next();
    if (options.adminToken === undefined) return answer(response, 403, NO_TOKEN);
    if (!isFromAnotherSite(request, options.publicUrl)) return next();
    refused('an action from a page of another site');
    answer(response, 403, 'Actions are not for pages of other sites.');
  });
  routes.post('/calls/:id/act', json, (request, response) => {
    const read = readAction(request.body);
    if (!read.ok) return answer(response, 400, read.words);
    const call = callOf(request.params.id);
    if (!call) return answer(response, 404, NO_CALL);
    const done = call.act(read.action);
    response.status(done.ok ? 200 : 409).json(done);
  });

  const unreadable: ErrorRequestHandler = (error, _request, response, next) => {
    const status: unknown = error?.status;
    if (status === 413) return answer(response, 413, 'The body has 8 kB at most.');
    if (status === 400 || status === 415)
      return answer(response, 400, 'The body is not JSON that can be read.');
    next(error);
  };
  routes.use('/calls/:id/act', unreadable);

  return routes;
}
