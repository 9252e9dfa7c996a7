import express, { type Request, type Response, type Router } from 'express';
import { isFromAnotherSite, isFromThisMachine, retryAfter, sameSecret } from './access.ts';
import type { Sessions } from './sessions.ts';
import { type SignInCause, showSignIn } from './sign-in-page.ts';
import type { Tries } from './tries.ts';

export interface SessionRoutesOptions {
  adminToken: string | undefined;
  sessions: Sessions | undefined;
  publicUrl: string | undefined;
  /** Of whoever shows a token, wherever it is shown. */
  tries: Tries;
  /** Something was refused, for the log. */
  refused(what: string): void;
}

/** A token, and its field's name. */
const MAX_FORM = '2kb';

/** Whether a request's sender wants to read a page. */
export function wantsPage({ headers }: Request): boolean {
  return (headers.accept ?? '').includes('text/html');
}

/**
 * `POST /inspector/session` with the form field `token` signs a browser in, `DELETE /inspector/session` and
 * `POST /inspector/sign-out` sign it out.
 */
export function createSessionRoutes(options: SessionRoutesOptions): Router {
  const { adminToken, sessions, publicUrl, tries, refused } = options;
  const routes = express.Router();

  /** Whether the browser reached us by https, so that it may send the cookie by nothing else. */
  function isSecure(request: Request): boolean {
    const [proto] = String(request.headers['x-forwarded-proto'] ?? '').split(',');
    return (
      proto?.trim() === 'https' || (publicUrl?.startsWith('https:') === true && !isFromThisMachine(request))
    );
  }

  function refuse(request: Request, response: Response, cause: SignInCause, words: string): void {
    refused(`a sign-in: ${words}`);
    if (wantsPage(request)) showSignIn(response, cause);
    else
      response
        .status(cause === 'tooOften' ? 429 : 401)
        .type('text/plain')
        .send(`Not signed in: ${words}.\n`);
  }

  function goOn(request: Request, response: Response): void {
    response.set('Cache-Control', 'no-store');
    if (wantsPage(request)) response.redirect(303, '/inspector');
    else response.status(204).end();
  }

  routes.use(['/inspector/session', '/inspector/sign-out'], (request, response, next) => {
    if (request.method === 'GET' || !isFromAnotherSite(request, publicUrl)) return next();
    refused('a sign-in from a page of another site');
    response.status(403).type('text/plain').send('This is not for pages of other sites.\n');
  });

  const form = express.urlencoded({ extended: false, limit: MAX_FORM, parameterLimit: 4 });
  routes.post('/inspector/session', form, (request, response) => {
    const address = request.socket.remoteAddress ?? '';
    if (adminToken === undefined || !sessions) {
      return refuse(request, response, 'noToken', 'the server has no ADMIN_TOKEN');
    }
    const waitMs = tries.waitMs(address);
    if (waitMs > 0) {
      response.set('Retry-After', retryAfter(waitMs));
      return refuse(request, response, 'tooOften', 'too many wrong tokens; try again in a minute');
    }
    const token: unknown = request.body?.token;
    if (typeof token !== 'string' || !sameSecret(token.trim(), adminToken)) {
      tries.failed(address);
      return refuse(request, response, 'wrong', 'the token is wrong');
    }
    response.set('Set-Cookie', sessions.begin(isSecure(request)));
    goOn(request, response);
  });

  const signOut = (request: Request, response: Response) => {
    if (sessions) response.set('Set-Cookie', sessions.end(isSecure(request)));
    goOn(request, response);
  };
  routes.delete('/inspector/session', signOut);
  routes.post('/inspector/sign-out', signOut);

  return routes;
}
