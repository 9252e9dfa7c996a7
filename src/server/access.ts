import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';

/** Whether two secrets are equal, in a time that tells nothing about where they differ. */
export function sameSecret(left: string, right: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(left), digest(right));
}

const LOOPBACK = /^(127\.\d+\.\d+\.\d+|::1|::ffff:127\.\d+\.\d+\.\d+)$/;
const LOOPBACK_HOST = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/i;

/**
 * Whether a request comes from this machine itself. A tunnel such as ngrok runs on this machine too, so a request
 * that was forwarded, or that was sent to another host's name, does not.
 */
export function isFromThisMachine({ socket, headers }: IncomingMessage): boolean {
  const forwarded = Object.keys(headers).some(
    (name) => name === 'forwarded' || name.startsWith('x-forwarded-'),
  );
  return !forwarded && LOOPBACK.test(socket.remoteAddress ?? '') && LOOPBACK_HOST.test(headers.host ?? '');
}

/** Who may look inside: the bearer of the token, or, where none is set, this machine alone. */
export function createAdminGate(adminToken: string | undefined): (request: IncomingMessage) => boolean {
  if (adminToken === undefined) return isFromThisMachine;
  return ({ headers }) => {
    const token = bearerTokenOf(headers);
    return token !== undefined && sameSecret(token, adminToken);
  };
}

/** The token of `Authorization: Bearer <token>`, if there is one. */
export function bearerTokenOf({ authorization = '' }: IncomingHttpHeaders): string | undefined {
  return /^Bearer (.+)$/i.exec(authorization)?.[1];
}

/** Whether a page of another site asks: its visitor's browser can be made to open sockets here, but says who does. */
export function isFromAnotherSite({ headers: { origin, host } }: IncomingMessage): boolean {
  if (origin === undefined) return false;
  return !URL.canParse(origin) || new URL(origin).host !== host;
}
