import { createHmac, randomBytes } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createTicketOffice } from '../../src/telephony/tickets.ts';
import { createVirtualClock } from '../support/virtual-clock.ts';

const CALL = 'CA00000000000000000000000000000001';
const OTHER_CALL = 'CA00000000000000000000000000000002';
const KEY = randomBytes(32);

function office(options: { key?: Buffer; lifetimeMs?: number } = {}) {
  const clock = createVirtualClock();
  const tickets = createTicketOffice({ clock, randomBytes, key: KEY, ...options });
  return { clock, tickets };
}

/** A ticket that holds `claims` and is signed rightly. */
function sealed(claims: unknown, key = KEY): string {
  const text = Buffer.from(JSON.stringify(claims)).toString('base64url');
  return `${text}.${createHmac('sha256', key).update(text).digest('base64url')}`;
}

describe('the ticket office', () => {
  it('admits a ticket once, with its call and its nonce', () => {
    const { tickets } = office();
    const { ticket, nonce } = tickets.issue(CALL);
    expect(tickets.check(ticket)).toEqual({ ok: true, callSid: CALL });
    expect(tickets.redeem(ticket, { callSid: CALL, nonce })).toEqual({ ok: true });
    expect(tickets.check(ticket)).toEqual({ ok: false, why: 'used' });
    expect(tickets.redeem(ticket, { callSid: CALL, nonce })).toEqual({ ok: false, why: 'used' });
  });

  it('writes tickets that stand in a path as they are, and never the nonce in them', () => {
    const { tickets } = office();
    const { ticket, nonce } = tickets.issue(CALL);
    expect(ticket).toMatch(/^[\w-]+\.[\w-]{43}$/);
    expect(encodeURIComponent(ticket)).toBe(ticket);
    expect(Buffer.from(nonce, 'base64url')).toHaveLength(16);
    const claims = Buffer.from(ticket.split('.')[0] ?? '', 'base64url').toString();
    expect(claims).not.toContain(nonce);
    expect(JSON.parse(claims)).toMatchObject({ v: 1, cs: CALL });
  });

  it('gives a webhook that is repeated before the stream starts the same ticket', () => {
    const { clock, tickets } = office();
    const first = tickets.issue(CALL);
    clock.advance(59_999);
    expect(tickets.issue(CALL)).toEqual(first);
  });

  it('keeps a used ticket used when the webhook is repeated after the stream started', () => {
    const { tickets } = office();
    const first = tickets.issue(CALL);
    tickets.redeem(first.ticket, { callSid: CALL, nonce: first.nonce });
    const second = tickets.issue(CALL);
    expect(second.ticket).not.toBe(first.ticket);
    expect(second.nonce).not.toBe(first.nonce);
    expect(tickets.check(first.ticket)).toEqual({ ok: false, why: 'used' });
    expect(tickets.redeem(second.ticket, { callSid: CALL, nonce: second.nonce })).toEqual({ ok: true });
  });

  it('gives different calls different tickets', () => {
    const { tickets } = office();
    const one = tickets.issue(CALL);
    const other = tickets.issue(OTHER_CALL);
    expect(other.ticket).not.toBe(one.ticket);
    expect(other.nonce).not.toBe(one.nonce);
  });

  it('refuses a ticket from the moment when it expires', () => {
    const { clock, tickets } = office({ lifetimeMs: 5_000 });
    const { ticket, nonce } = tickets.issue(CALL);
    clock.advance(4_999);
    expect(tickets.check(ticket)).toEqual({ ok: true, callSid: CALL });
    clock.advance(1);
    expect(tickets.check(ticket)).toEqual({ ok: false, why: 'expired' });
    expect(tickets.redeem(ticket, { callSid: CALL, nonce })).toEqual({ ok: false, why: 'expired' });
    expect(tickets.issue(CALL).ticket).not.toBe(ticket);
  });

  it.each([
    ['forward', 3_600_000],
    ['back', -3_600_000],
  ])(
    'F53 lives exactly its minute when the wall clock is set an hour %s, and no use is forgotten',
    (_, byMs) => {
      const clock = createVirtualClock();
      let shiftMs = 0;
      const shifted = { ...clock, epochMs: () => clock.epochMs() + shiftMs };
      const tickets = createTicketOffice({ clock: shifted, randomBytes, key: KEY });
      const used = tickets.issue(OTHER_CALL);
      tickets.redeem(used.ticket, { callSid: OTHER_CALL, nonce: used.nonce });
      const issued = tickets.issue(CALL);
      shiftMs = byMs;
      expect(tickets.issue(CALL)).toEqual(issued);
      clock.advance(59_999);
      expect(tickets.check(issued.ticket)).toEqual({ ok: true, callSid: CALL });
      expect(tickets.check(used.ticket)).toEqual({ ok: false, why: 'used' });
      clock.advance(1);
      expect(tickets.check(issued.ticket)).toEqual({ ok: false, why: 'expired' });
      shiftMs = 0;
      for (const { ticket } of [issued, used])
        expect(tickets.check(ticket)).toEqual({ ok: false, why: 'expired' });
    },
  );

  it('is taken in by another process of the same machine that has its key, for the same minute', () => {
    const clock = createVirtualClock();
    const [one, other] = [0, 1].map(() => createTicketOffice({ clock, randomBytes, key: KEY }));
    const { ticket = '', nonce } = one?.issue(CALL) ?? {};
    clock.advance(59_999);
    expect(other?.check(ticket)).toEqual({ ok: true, callSid: CALL });
    expect(other?.redeem(ticket, { callSid: CALL, nonce })).toEqual({ ok: true });
    clock.advance(1);
    expect(other?.check(ticket)).toEqual({ ok: false, why: 'expired' });
  });

  it('admits one of fifty who come with the same ticket', () => {
    const { tickets } = office();
    const { ticket, nonce } = tickets.issue(CALL);
    const checks = Array.from({ length: 50 }, () => tickets.check(ticket));
    expect(checks.every(({ ok }) => ok)).toBe(true);
    const results = Array.from({ length: 50 }, () => tickets.redeem(ticket, { callSid: CALL, nonce }));
    expect(results.filter(({ ok }) => ok)).toHaveLength(1);
  });

  it('refuses the ticket of one call at the start of another, and leaves it to its own', () => {
    const { tickets } = office();
    const { ticket, nonce } = tickets.issue(CALL);
    expect(tickets.redeem(ticket, { callSid: OTHER_CALL, nonce })).toEqual({ ok: false, why: 'otherCall' });
    expect(tickets.redeem(ticket, { callSid: CALL, nonce })).toEqual({ ok: true });
  });

  it('refuses a ticket without its nonce, and does not use it up', () => {
    const { tickets } = office();
    const { ticket, nonce } = tickets.issue(CALL);
    const { nonce: foreign } = tickets.issue(OTHER_CALL);
    for (const wrong of [undefined, '', 'guess', foreign, `${nonce} `, nonce.toUpperCase(), nonce.slice(1)])
      expect(tickets.redeem(ticket, { callSid: CALL, nonce: wrong })).toEqual({
        ok: false,
        why: 'wrongNonce',
      });
    expect(tickets.redeem(ticket, { callSid: CALL, nonce })).toEqual({ ok: true });
  });

  it('refuses a ticket with any one character changed, added or taken away', () => {
    const { tickets } = office();
    const { ticket, nonce } = tickets.issue(CALL);
    const place = fc.nat({ max: ticket.length - 1 });
    const edited = fc.oneof(
      fc
        .tuple(place, fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }))
        .map(([at, by]) => ticket.slice(0, at) + by + ticket.slice(at + 1)),
      fc
        .tuple(place, fc.constantFrom(...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'))
        .map(([at, by]) => ticket.slice(0, at) + by + ticket.slice(at + 1)),
      place.map((at) => ticket.slice(0, at) + ticket.slice(at + 1)),
      fc.constantFrom(`${ticket}=`, `${ticket}A`, ` ${ticket}`, `${ticket}\n`, `${ticket}.`, `${ticket}/`),
    );
    fc.assert(
      fc.property(edited, (text) => {
        fc.pre(text !== ticket);
        const result = tickets.check(text);
        expect(result.ok ? 'admitted' : result.why).toMatch(/^(malformed|forged)$/);
        expect(tickets.redeem(text, { callSid: CALL, nonce }).ok).toBe(false);
      }),
      { numRuns: 2_000 },
    );
    expect(tickets.check(ticket).ok).toBe(true);
  });

  it('S7 refuses a ticket with any one byte made any other that a path can hold', () => {
    const { tickets } = office();
    const { ticket, nonce } = tickets.issue(CALL);
    const bytes = Array.from({ length: 0x7f - 0x21 }, (_, index) => String.fromCharCode(0x21 + index));
    const admitted: string[] = [];
    for (let at = 0; at < ticket.length; at += 1) {
      for (const byte of bytes) {
        const changed = ticket.slice(0, at) + byte + ticket.slice(at + 1);
        if (changed !== ticket && tickets.check(changed).ok) admitted.push(changed);
      }
    }
    expect(admitted).toEqual([]);
    expect(tickets.redeem(ticket, { callSid: CALL, nonce })).toEqual({ ok: true });
  });

  it('refuses every bit of the signature turned over, also those that base64 leaves unused', () => {
    const { tickets } = office();
    const { ticket } = tickets.issue(CALL);
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    for (const last of alphabet) {
      if (ticket.endsWith(last)) continue;
      expect(tickets.check(ticket.slice(0, -1) + last)).toEqual({ ok: false, why: 'forged' });
    }
  });

  it('refuses what is no ticket at all', () => {
    const { tickets } = office();
    for (const text of ['', '.', 'media', '../../etc/passwd', '%2e%2e', 'a.b', 'x'.repeat(5_000), '票.据'])
      expect(tickets.check(text)).toEqual({ ok: false, why: 'malformed' });
  });

  it('refuses a ticket that another key has signed', () => {
    const stranger = office({ key: randomBytes(32) }).tickets.issue(CALL);
    expect(office().tickets.check(stranger.ticket)).toEqual({ ok: false, why: 'forged' });
  });

  it('refuses a ticket of another version, of another shape, or of a longer life than it grants', () => {
    const { clock, tickets } = office();
    const claims = { v: 1, cs: CALL, nh: 'hash', id: 'id', exp: clock.now() + 60_000 };
    expect(tickets.check(sealed(claims))).toEqual({ ok: true, callSid: CALL });
    const others = [
      { ...claims, v: 2 },
      { ...claims, exp: claims.exp + 1 },
      { ...claims, exp: '9999999999999' },
      { ...claims, exp: null },
      { ...claims, cs: 1 },
      { ...claims, id: undefined },
      { ...claims, nh: [] },
      [],
      'text',
      null,
    ];
    for (const other of others) expect(tickets.check(sealed(other))).toEqual({ ok: false, why: 'malformed' });
  });

  it('will not work with a key that is too short', () => {
    expect(() => office({ key: randomBytes(31) })).toThrow('32 bytes');
  });

  it('grows with the tickets of one lifetime, not with those of all time', () => {
    const { clock, tickets } = office();
    const before = heapUsed();
    for (let call = 0; call < 20_000; call += 1) {
      clock.advance(100);
      const { ticket, nonce } = tickets.issue(`CA${call}`);
      if (call % 3 !== 0) tickets.redeem(ticket, { callSid: `CA${call}`, nonce });
    }
    // 600 tickets fit into a minute.
    const grownBytes = heapUsed() - before;
    // The office must still be wanted here, or it is collected before it is weighed.
    tickets.issue(CALL);
    expect(grownBytes).toBeLessThan(1_000_000);
  });
});

function heapUsed(): number {
  setFlagsFromString('--expose-gc');
  const collectGarbage: () => void = runInNewContext('gc');
  collectGarbage();
  return process.memoryUsage().heapUsed;
}
