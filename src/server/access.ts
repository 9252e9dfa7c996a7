import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Sessions } from './sessions.ts';
import type { Tries } from './tries.ts';

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

/** Whether who asks may look inside; how long it may not even try, in ms, after too many wrong tokens. */
export type Admittance = { in: true } | { in: false; waitMs: number };

/** Lets in who may look inside. */
export type AdminGate = (request: IncomingMessage) => Admittance;

export interface AdminGateOptions {
  adminToken: string | undefined;
  sessions: Pick<Sessions, 'holds'> | undefined;
  tries: Tries;
}

/**
 * Who may look inside: the bearer of the token and who has signed in with it, or, where none is set, this machine alone.
 * An address that has shown too many wrong tokens is not let in by the right one either: else it could go on trying.
 */
export function createAdminGate({ adminToken, sessions, tries }: AdminGateOptions): AdminGate {
  const admit = (may: boolean): Admittance => (may ? { in: true } : { in: false, waitMs: 0 });
  if (adminToken === undefined) return (request) => admit(isFromThisMachine(request));

  return ({ headers, socket }) => {
    const token = bearerTokenOf(headers);
    if (token === undefined) return admit(sessions?.holds(headers) ?? false);
    const address = socket.remoteAddress ?? '';
    const waitMs = tries.waitMs(address);
    if (waitMs > 0) return { in: false, waitMs };
    if (sameSecret(token, adminToken)) return { in: true };
    tries.failed(address);
    return { in: false, waitMs: 0 };
  };
}

/** The value of `Retry-After` for a wait, in whole seconds. */
export const retryAfter = (waitMs: number) => String(Math.ceil(waitMs / 1000));

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
