import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { Clock, RandomBytes } from '../ports.ts';
import { fieldsFrom } from '../wire/fields.ts';

/** How long a ticket is good for: Twilio opens the socket within a second or two of a greeting's end. */
const TICKET_LIFETIME_MS = 60_000;
const VERSION = 1;
/** 128 bits: the nonce, the ticket's id, and what is kept of the nonce's hash. */
const SECRET_BYTES = 16;
/** The shortest key that HMAC-SHA256 is as strong with as its own output. */
const MIN_KEY_BYTES = 32;
const MAX_TICKET_LENGTH = 1024;
const ticketForm = /^([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]{43})$/;

/** Why a ticket is refused; fit for a log and a metric. */
export type TicketRefusal = 'malformed' | 'forged' | 'expired' | 'used';

export interface TicketOffice {
  /**
   * The ticket for the media socket of a call, and the nonce that has to come with it. A call that has an unused,
   * unexpired ticket gets the same one again: a webhook that is sent twice admits one socket.
   */
  issue(callSid: string): { ticket: string; nonce: string };
  /** At the upgrade: whether the ticket would do, and for which call. Does not use it up. */
  check(ticket: string): { ok: true; callSid: string } | { ok: false; why: TicketRefusal };
  /** At `start`: uses the ticket up. A refused attempt does not, so that a stranger cannot spoil a caller's ticket. */
  redeem(
    ticket: string,
    proof: { callSid: string; nonce: string | undefined },
  ): { ok: true } | { ok: false; why: TicketRefusal | 'otherCall' | 'wrongNonce' };
}

export interface TicketOfficeOptions {
  clock: Clock;
  randomBytes: RandomBytes;
  /** At least 32 bytes, known to this server alone: to its processes, if it has several, which are of one machine. */
  key: Buffer;
  lifetimeMs?: number;
}

interface Claims {
  callSid: string;
  nonceHash: string;
  id: string;
  /** By the clock's monotonic time, so that whoever sets the wall clock neither ends a ticket's life nor prolongs it. */
  expiresAt: number;
}

interface Issued {
  ticket: string;
  nonce: string;
  id: string;
  expiresAt: number;
}

/**
 * Issues single-use tickets for the media socket and takes them in. A ticket is `base64url(claims).base64url(HMAC)`;
 * it says which call it is for and proves itself, so a stranger's costs one hash and no memory. What is remembered is
 * one entry per ticket that was issued, until it has expired.
 */
export function createTicketOffice(options: TicketOfficeOptions): TicketOffice {
  const { clock, randomBytes, key, lifetimeMs = TICKET_LIFETIME_MS } = options;
  if (key.length < MIN_KEY_BYTES) throw new Error(`A ticket key has at least ${MIN_KEY_BYTES} bytes.`);

  // Both stand in the order of expiry (`spent` nearly), so that a sweep stops at the first entry that lives.
  const issued = new Map<string, Issued>();
  /** Ids of tickets that were used, until they have expired: at most one lifetime more. */
  const spent = new Map<string, number>();

  function sweep(): void {
    const moment = clock.now();
    for (const [callSid, { expiresAt }] of issued) {
      if (expiresAt > moment) break;
      issued.delete(callSid);
    }
    for (const [id, expiresAt] of spent) {
      if (expiresAt > moment) break;
      spent.delete(id);
    }
  }

  function read(ticket: string): { ok: true; claims: Claims } | { ok: false; why: TicketRefusal } {
    const [, claimsText, signature] =
      ticket.length <= MAX_TICKET_LENGTH ? (ticketForm.exec(ticket) ?? []) : [];
    if (!claimsText || !signature) return { ok: false, why: 'malformed' };
    // Texts are compared, not bytes: two texts can stand for the same bytes, and only one of them was issued.
    if (!same(signature, sign(key, claimsText))) return { ok: false, why: 'forged' };
    const claims = claimsFrom(claimsText);
    const moment = clock.now();
    if (!claims || claims.expiresAt > moment + lifetimeMs) return { ok: false, why: 'malformed' };
    if (claims.expiresAt <= moment) return { ok: false, why: 'expired' };
    if (spent.has(claims.id)) return { ok: false, why: 'used' };
    return { ok: true, claims };
  }

  return {
    issue(callSid) {
      sweep();
      const last = issued.get(callSid);
      if (last && !spent.has(last.id)) return { ticket: last.ticket, nonce: last.nonce };
      const nonce = randomBytes(SECRET_BYTES).toString('base64url');
      const id = randomBytes(SECRET_BYTES).toString('base64url');
      const expiresAt = clock.now() + lifetimeMs;
      const ticket = seal(key, { callSid, nonceHash: hash(nonce), id, expiresAt });
      issued.delete(callSid);
      issued.set(callSid, { ticket, nonce, id, expiresAt });
      return { ticket, nonce };
    },

    check(ticket) {
      sweep();
      const result = read(ticket);
      return result.ok ? { ok: true, callSid: result.claims.callSid } : result;
    },

    redeem(ticket, { callSid, nonce }) {
      const result = read(ticket);
      if (!result.ok) return result;
      const { claims } = result;
      if (claims.callSid !== callSid) return { ok: false, why: 'otherCall' };
      if (nonce === undefined || !same(hash(nonce), claims.nonceHash))
        return { ok: false, why: 'wrongNonce' };
      spent.set(claims.id, claims.expiresAt);
      return { ok: true };
    },
  };
}

function seal(key: Buffer, { callSid, nonceHash, id, expiresAt }: Claims): string {
  const claims = { v: VERSION, cs: callSid, nh: nonceHash, id, exp: expiresAt };
  const claimsText = Buffer.from(JSON.stringify(claims)).toString('base64url');
  return `${claimsText}.${sign(key, claimsText)}`;
}

function claimsFrom(claimsText: string): Claims | undefined {
  const fields = fieldsFrom(Buffer.from(claimsText, 'base64url').toString(), MAX_TICKET_LENGTH);
  if (typeof fields === 'string' || fields.v !== VERSION) return undefined;
  const { cs: callSid, nh: nonceHash, id, exp: expiresAt } = fields;
  if (typeof callSid !== 'string' || typeof nonceHash !== 'string') return undefined;
  if (typeof id !== 'string' || typeof expiresAt !== 'number') return undefined;
  return { callSid, nonceHash, id, expiresAt };
}

function sign(key: Buffer, text: string): string {
  return createHmac('sha256', key).update(text).digest('base64url');
}

function hash(nonce: string): string {
  return createHash('sha256').update(nonce).digest().subarray(0, SECRET_BYTES).toString('base64url');
}

/** Compares two texts in a time that depends on their lengths alone. */
function same(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}
