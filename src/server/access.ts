import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Sessions } from './sessions.ts';

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

/** Lets in who may look inside. */
export type AdminGate = (request: IncomingMessage) => boolean;

/** Who may look inside: the bearer of the token and who has signed in with it, or, where none is set, this machine alone. */
export function createAdminGate(
  adminToken: string | undefined,
  sessions?: Pick<Sessions, 'holds'>,
): AdminGate {
  if (adminToken === undefined) return isFromThisMachine;
  return ({ headers }) => {
    const token = bearerTokenOf(headers);
    if (token !== undefined) return sameSecret(token, adminToken);
    return sessions?.holds(headers) ?? false;
  };
}

/** The token of `Authorization: Bearer <token>`, if there is one. */
export function bearerTokenOf({ authorization = '' }: IncomingHttpHeaders): string | undefined {
  return /^Bearer (.+)$/i.exec(authorization)?.[1];
}

/**
 * Whether a page of another site asks: its visitor's browser can be made to open sockets here, but says who does. This
 * site is the host that the request was sent to, and `publicUrl` where a proxy gives the request another.
 */
export function isFromAnotherSite({ headers }: IncomingMessage, publicUrl?: string): boolean {
  const { origin, host } = headers;
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return true;
  if (origin === undefined) return false;
  if (!URL.canParse(origin)) return true;
  return new URL(origin).host !== host && (publicUrl === undefined || origin !== new URL(publicUrl).origin);
}
