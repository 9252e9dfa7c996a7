import { describe, expect, it } from 'vitest';
import { createRedactor } from '../../src/inspector/redact.ts';

const { facts, words } = createRedactor({ transcripts: false });

describe('what may be shown', () => {
  it('has numbers, yes and no, ids and the words of protocols', () => {
    const shown = {
      at: 12.3,
      final: true,
      callSid: `CA${'0'.repeat(32)}`,
      words: 'The caller hung up.',
      cause: 'stopped',
      streamSid: null,
    };
    expect(facts(shown)).toEqual(shown);
  });

  it('has no text of a field that nobody has thought of', () => {
    expect(facts({ note: 'what the caller said' })).toEqual({ note: '[redacted]' });
  });

  it.each([
    'digit',
    'digits',
    'callerNumber',
    'phone',
    'apiKey',
    'token',
    'websocketCallUrl',
    'ticketSecret',
  ])('has no field %s at all, whatever it holds', (name) => {
    expect(facts({ [name]: 7, at: 1 })).toEqual({ at: 1 });
  });

  it.each([
    ['a key', 'The key sk-abcdefgh12345678 was refused.'],
    ['an address with a token', 'No socket at wss://api.vapi.ai/1234/transport came.'],
    ['a phone number', 'Told +1 202 555 0143 of it.'],
    ['a phone number without a plus', 'Told 12025550143 of it.'],
    ['a phone number in groups', 'Told (202) 555-0143 of it.'],
    ['a bearer', 'Sent Bearer abcdefgh.'],
  ])('has no %s in its words', (_, text) => {
    expect(words(text)).toContain('[redacted]');
    expect(words(text)).not.toMatch(/0143|5550|abcdefgh|transport/);
  });

  it('leaves the numbers in our own words', () => {
    const ours = 'Vapi did not answer the request for a call within 8000 ms.';
    expect(words(ours)).toBe(ours);
  });

  it('has what is said only where the operator asked for it', () => {
    expect(facts({ text: 'my words' })).toEqual({ text: '[redacted]' });
    expect(createRedactor({ transcripts: true }).facts({ text: 'my words', digit: '7' })).toEqual({
      text: 'my words',
    });
  });

  it('is cut short: long texts, long lists, what lies too deep', () => {
    expect(words('x '.repeat(1_000)).length).toBeLessThan(500);
    expect(facts({ list: Array.from({ length: 100 }, (_, i) => i) }).list).toEqual(
      Array.from({ length: 24 }, (_, i) => 76 + i),
    );
    const deep = { a: { a: { a: { a: { a: { a: { a: { a: 1 } } } } } } } };
    expect(JSON.stringify(facts(deep)).length).toBeLessThan(60);
  });

  it('has nothing that is no fact: errors, bytes, functions, what goes round in a circle', () => {
    const circle: Record<string, unknown> = {};
    circle.again = circle;
    const shown = facts({
      error: new Error('secret'),
      bytes: Buffer.from('secret'),
      act() {},
      map: new Map(),
      circle,
    });
    expect(JSON.stringify(shown)).not.toContain('secret');
    expect(Object.keys(shown)).toEqual(['circle']);
  });
});
