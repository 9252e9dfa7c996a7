import twilio from 'twilio';
import { describe, expect, it } from 'vitest';
import { parametersOf, readTwiml } from '../../src/simulation/twiml.ts';

describe('the TwiML reader', () => {
  it('reads what the twilio package writes', () => {
    const response = new twilio.twiml.VoiceResponse();
    response.say('Fish & <chips>');
    const stream = response.connect({ action: 'https://h/after?a=1&b=2' }).stream({ url: 'wss://h/media/t' });
    stream.parameter({ name: 'nonce', value: 'a"b\'c' });
    response.hangup();
    const verbs = readTwiml(response.toString()) ?? [];
    expect(verbs.map((verb) => verb.name)).toEqual(['Say', 'Connect', 'Hangup']);
    expect(verbs[0]?.text).toBe('Fish & <chips>');
    expect(verbs[1]?.attributes).toEqual({ action: 'https://h/after?a=1&b=2' });
    const child = verbs[1]?.children[0];
    expect(child?.attributes.url).toBe('wss://h/media/t');
    expect(child && parametersOf(child)).toEqual({ nonce: 'a"b\'c' });
  });

  it('reads comments, single quotes, spaces and numbered characters', () => {
    const verbs = readTwiml(
      `<?xml version="1.0"?>
      <!-- <Hangup/> --> <Response>
        <Say voice = 'x > y'>caf&#233;&#x21;</Say ></Response>`.replace('</Say >', '</Say>'),
    );
    expect(verbs).toEqual([{ name: 'Say', attributes: { voice: 'x > y' }, text: 'café!', children: [] }]);
  });

  it.each([
    ['nothing', ''],
    ['a web page', '<html><body>404</body></html>'],
    ['text', 'Not found'],
    ['elements that do not nest', '<Response><Say></Response></Say>'],
    ['an element left open', '<Response><Hangup>'],
    ['two documents', '<Response/><Response/>'],
    ['a bare bracket', '<Response><</Response>'],
  ])('says that %s is no TwiML', (_title, text) => {
    expect(readTwiml(text)).toBeUndefined();
  });

  it('reads an empty response', () => {
    expect(readTwiml('<Response/>')).toEqual([]);
  });
});
