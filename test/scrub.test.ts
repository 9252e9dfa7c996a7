import { describe, expect, it } from 'vitest';
import { scrub } from '../src/scrub.ts';

const HEX = '0123456789abcdef0123456789abcdef';
const UUID = '7420f27a-30fd-4f49-a995-5549ae7cc00d';

describe('A scrubbed text', () => {
  it.each([
    ['the address of a socket', `to wss://api.vapi.ai/${UUID}/transport, now`, 'to [redacted] now'],
    ['the address of a socket in capitals', `WSS://API.VAPI.AI/${UUID}/TRANSPORT?a=b`, '[redacted]'],
    ['a control address', `POST https://aws.vapi.ai/${UUID}/control failed`, 'POST [redacted] failed'],
    ['a listening address', `(wss://x.vapi.ai/${UUID}/listen)`, '([redacted]'],
    ['a path that is a capability', `GET /${UUID}/transport HTTP/1.1`, 'GET /[redacted] HTTP/1.1'],
    [
      'a capability in a query',
      `?u=wss%3A%2F%2Fvapi.ai%2F${UUID}%2Ftransport`,
      '?u=wss%3A%2F%2Fvapi.ai%2F[redacted]',
    ],
    ['a user in an address', 'https://AC1:pw@api.twilio.com/2010', 'https://[redacted]@api.twilio.com/2010'],
    ['a query', 'GET https://x.example/calls?token=abc', 'GET https://x.example/calls?[redacted]'],
    ['a ticket in a path', 'upgrade of /media/abcdefghij0123456789', 'upgrade of /media/[redacted]'],
    ['a bearer', 'authorization: bearer abc.def', 'authorization: bearer [redacted]'],
    ['basic credentials', 'Basic QUMxMjM6c2VjcmV0c2VjcmV0', 'Basic [redacted]'],
    ['an API key', 'key sk-abcdefgh01234567 is wrong', 'key [redacted] is wrong'],
    ['32 hex digits', `token ${HEX}, AC${HEX}:${HEX.toUpperCase()}`, `token [redacted], AC${HEX}:[redacted]`],
    ['32 hex digits within a word', `x${HEX}`, '[redacted]'],
    ['a ticket', `${'a'.repeat(20)}.${'b-_'.repeat(10)} given`, '[redacted] given'],
    ['a JSON Web Token', `${'a'.repeat(20)}.${'b'.repeat(30)}.${'c'.repeat(30)}`, '[redacted]'],
    ['a number', 'from +15551234567 to +4930123456', 'from [redacted] to [redacted]'],
    ['the shortest and the longest number', '+1234567 +123456789012345', '[redacted] [redacted]'],
    ['a number as people write it', 'call +1 (555) 123-4567 now', 'call [redacted] now'],
    ['a number in a form', 'From=%2B15551234567&To', 'From=[redacted]&To'],
    ['a card', 'pay 4111 1111 1111 1111.', 'pay [redacted].'],
  ])('holds no longer %s', (_what, text, scrubbed) => {
    expect(scrub(text)).toBe(scrubbed);
  });

  it.each([
    `[Session Start] MZ${HEX} → CA${HEX}`,
    `SM${HEX} of AC${HEX}`,
    '[Barge-in] Flushed buffer for MZ123 (42 chunks dropped)',
    '2026-01-01T14:23:01.234Z +00:00 1767277381234 ms',
    `call ${UUID} ended: assistant-ended-call`,
    'listening on http://0.0.0.0:3000/inspector',
    'a task-force, a risk-averse one, sk-',
    'wss://example.com/transportation and /control',
    'ec2-203-0-113-25.compute-1.amazonaws.com',
    '4111 1111 1111 1112',
  ])('keeps what is no secret: %s', (text) => {
    expect(scrub(text)).toBe(text);
  });

  it.each([
    'a'.repeat(200_000),
    'ws://'.repeat(40_000),
    '+'.repeat(200_000),
    '1 '.repeat(100_000),
    'aaaaaaaa.'.repeat(25_000),
    'Bearer '.repeat(30_000),
    `${' '.repeat(100_000)}Bearer${' '.repeat(100_000)}`,
    '/media/'.repeat(30_000),
    `${'a-'.repeat(100_000)}/control`,
  ])('is made in a time that grows only with its length (%#)', (text) => {
    const before = performance.now();
    scrub(text);
    expect(performance.now() - before).toBeLessThan(500);
  });
});
