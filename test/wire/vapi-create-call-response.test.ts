import { describe, expect, test } from 'vitest';
import { type CallRefused, readCreateCallResponse } from '../../src/wire/vapi.ts';

const id = '7420f27a-30fd-4f49-a995-5549ae7cc00d';
const websocketCallUrl = `wss://phone-call-us-west-2.vapi.ai/${id}/transport`;
const created = {
  id,
  orgId: 'eb166faa-7145-46ef-8044-589b47ae3b56',
  type: 'vapi.websocketCall',
  status: 'queued',
  transport: { provider: 'vapi.websocket', websocketCallUrl },
  monitor: { listenUrl: 'wss://host.vapi.ai/x/listen', controlUrl: 'https://host.vapi.ai/x/control' },
  subscriptionLimits: { concurrencyBlocked: false, concurrencyLimit: 10, remainingConcurrentCalls: 9 },
};

function read(status: number, body: unknown, retryAfter?: string) {
  return readCreateCallResponse(status, typeof body === 'string' ? body : JSON.stringify(body), retryAfter);
}

function refused(status: number, body: unknown, retryAfter?: string): CallRefused {
  const outcome = read(status, body, retryAfter);
  if (outcome.kind === 'created') throw new Error('created');
  return outcome;
}

describe('what Vapi answers to the asking', () => {
  test('reads a created call', () => {
    expect(read(201, created)).toEqual({
      kind: 'created',
      vapiCallId: id,
      websocketCallUrl,
      controlUrl: 'https://host.vapi.ai/x/control',
      concurrencyLimit: 10,
      remainingConcurrentCalls: 9,
    });
  });

  test('reads a created call that says no more than where its socket is', () => {
    expect(read(201, { id, transport: { websocketCallUrl } })).toEqual({
      kind: 'created',
      vapiCallId: id,
      websocketCallUrl,
    });
  });

  test.each<[string, CallRefused['kind'], number, unknown]>([
    [
      'a public key',
      'keyRefused',
      401,
      {
        message: 'Invalid Key. Hot tip, you may be using the private key instead of the public key.',
        statusCode: 401,
      },
    ],
    ['a key that may not create calls', 'keyRefused', 403, { message: 'Forbidden' }],
    ['an account that cannot pay', 'unpaid', 402, { message: 'Payment required' }],
    ['a request stopped by Cloudflare', 'blocked', 403, 'error code: 1010'],
    ['a page by Cloudflare', 'blocked', 403, '<html>Attention Required!</html>'],
    ['the older form of no free slot', 'outOfSlots', 400, { error: 'Over Concurrency Limit' }],
    ['no free slot, told as too many requests', 'outOfSlots', 429, { message: 'Over concurrency limit' }],
    [
      'a call that waits for a slot',
      'outOfSlots',
      201,
      { ...created, subscriptionLimits: { concurrencyBlocked: true, concurrencyLimit: 10 } },
    ],
    ['a call that ended at once', 'outOfSlots', 201, { ...created, status: 'ended' }],
    [
      'a call that ended for want of a slot',
      'outOfSlots',
      201,
      {
        ...created,
        status: 'ended',
        endedReason: 'call.start.error-subscription-concurrency-limit-reached',
      },
    ],
    [
      'a call that ended for want of money',
      'unpaid',
      201,
      { ...created, status: 'ended', endedReason: 'call.start.error-subscription-insufficient-credits' },
    ],
    [
      'a call that ended for its assistant',
      'rejected',
      201,
      { ...created, status: 'ended', endedReason: 'call.start.error-get-assistant' },
    ],
    ['too many requests', 'rateLimited', 429, { message: 'Too Many Requests' }],
    ['a validation message', 'rejected', 400, { message: 'assistantId must be a UUID', statusCode: 400 }],
    ['several validation messages', 'rejected', 400, { message: ['a is wrong', 'b is missing'] }],
    ['an unknown path', 'rejected', 404, { message: 'Cannot POST /call' }],
    ['a failure', 'broken', 500, { message: 'Internal Server Error' }],
    ['a page in place of a failure', 'broken', 502, '<html><h1>502 Bad Gateway</h1></html>'],
    ['a page in place of a call', 'broken', 201, '<html>Welcome</html>'],
    ['a list in place of a call', 'broken', 201, []],
    ['a call whose id is not one', 'broken', 201, { ...created, id: 7 }],
    ['a call whose id would leave its path', 'broken', 201, { ...created, id: '../org' }],
    ['two megabytes', 'broken', 201, { ...created, padding: 'x'.repeat(2_000_000) }],
    ['a redirection', 'broken', 302, ''],
    ['a call without a socket', 'noSocketUrl', 201, { ...created, transport: {} }],
    ['a call without a transport', 'noSocketUrl', 201, { ...created, transport: null }],
    [
      'a socket that is a page',
      'noSocketUrl',
      201,
      { ...created, transport: { websocketCallUrl: 'https://api.vapi.ai/x' } },
    ],
    [
      'a socket that is no address',
      'noSocketUrl',
      201,
      { ...created, transport: { websocketCallUrl: 'wss//' } },
    ],
  ])('tells %s apart as %s', (_, kind, status, body) => {
    const outcome = refused(status, body);
    expect(outcome.kind).toBe(kind);
    expect(outcome.words).toMatch(/^(Vapi|Cloudflare) .+\.$/);
    expect(outcome.words).not.toContain(websocketCallUrl);
  });

  test('says which of the two keys is wanted', () => {
    expect(refused(401, { message: 'Invalid Key.' }).words).toBe(
      'Vapi refused the key (401): "Invalid Key". Set VAPI_API_KEY to the private key of the Vapi account; ' +
        'the public key is for browsers only.',
    );
  });

  test('quotes one message, several, or the older form of one', () => {
    expect(refused(400, { message: 'a is wrong' }).words).toContain('"a is wrong"');
    expect(refused(400, { message: ['a is wrong', 7, 'b is missing'] }).words).toContain(
      '"a is wrong; b is missing"',
    );
    expect(refused(400, { error: 'Bad Request' }).words).toContain('"Bad Request"');
    expect(refused(403, 'error code: 1010').words).toContain('"error code: 1010"');
  });

  test('does not quote a page', () => {
    expect(refused(502, ' <html><h1>Bad Gateway</h1>').words).toContain('(502). Try once more');
  });

  test('names the call that was made all the same, so that it can be ended', () => {
    const blocked = {
      ...created,
      subscriptionLimits: { concurrencyBlocked: true, concurrencyLimit: 10 },
    };
    expect(refused(201, blocked)).toMatchObject({ vapiCallId: id, concurrencyLimit: 10 });
    expect(refused(201, { ...created, transport: {} })).toMatchObject({ vapiCallId: id });
  });

  test('passes on how long to wait, if it is told in seconds', () => {
    expect(refused(429, {}, ' 21 ')).toMatchObject({ retryAfterMs: 21_000 });
    expect(refused(503, {}, '2')).toMatchObject({ retryAfterMs: 2_000 });
    expect(refused(429, {}, 'Wed, 21 Oct 2026 07:28:00 GMT')).not.toHaveProperty('retryAfterMs');
    expect(refused(429, {})).not.toHaveProperty('retryAfterMs');
  });

  test('does not take a way to control the call that is not http', () => {
    const outcome = read(201, { ...created, monitor: { controlUrl: 'file:///etc/passwd' } });
    expect(outcome.kind).toBe('created');
    expect(outcome).not.toHaveProperty('controlUrl');
  });

  test.each([
    ['a phone number', 'customer.number +1 (555) 123-4567 is not valid', '[number]', '4567'],
    ['a bare number', 'to 15551234567', '[number]', '1555'],
    ['a socket', `see ${websocketCallUrl} for more`, '[address]', 'vapi.ai'],
    ['a key', 'key 5b0a4a08-133c-4146-9315-0984f8c6be80 is not known', '[id]', '5b0a4a08'],
    ['a token', 'Bearer sk_live_a1b2c3d4e5f6g7h8i9', '[id]', 'a1b2'],
  ])('masks %s in what it quotes', (_, message, mask, secret) => {
    const { words } = refused(400, { message });
    expect(words).toContain(mask);
    expect(words).not.toContain(secret);
  });

  test('leaves the name of a property in what it quotes', () => {
    const message = 'assistantOverrides.firstMessageInterruptionsEnabled must be a boolean';
    expect(refused(400, { message }).words).toContain(message);
  });

  test('quotes 200 characters at most, on one line', () => {
    const { words } = refused(400, { message: `first\nsecond\u0007\u202e ${'word '.repeat(1000)}` });
    expect(words).toContain('"first second word');
    expect(/"(.*)"/.exec(words)?.[1]?.length).toBeLessThanOrEqual(200);
  });
});
