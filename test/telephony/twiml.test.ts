import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readTwiml } from '../../src/simulation/twiml.ts';
import {
  apologyTwiml,
  connectTwiml,
  dialTwiml,
  hangUpTwiml,
  NONCE_PARAMETER,
  thanksTwiml,
  voicemailTwiml,
} from '../../src/telephony/twiml.ts';

const ORDINARY = {
  greeting: 'Connecting you to the assistant',
  streamUrl: 'wss://bridge.example.com/media/TICKET',
  actionUrl: 'https://bridge.example.com/webhook/twilio/after',
  streamStatusUrl: 'https://bridge.example.com/webhook/twilio/stream',
  nonce: 'NONCE',
};

const VOICEMAIL = {
  words: 'Leave a message.',
  actionUrl: 'https://h/after-voicemail',
  recordingStatusUrl: 'https://h/recording',
};

const HEAD = '<?xml version="1.0" encoding="UTF-8"?>';

/** The names of all elements, in the order in which they open. */
function elements(xml: string): string[] {
  return [...xml.matchAll(/<([A-Za-z:_][^\s/>]*)/g)].map((match) => match[1] ?? '');
}

/** Reads what escaping wrote, so that a text can be compared with what was put in. */
function unescaped(text: string): string {
  return text
    .replace(/&#x([0-9A-F]+);/g, (_, hex: string) => String.fromCodePoint(Number.parseInt(hex, 16)))
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&');
}

const hostile = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    '</Say><Dial>+19005550100</Dial>',
    '"/><Redirect>http://evil.example</Redirect>',
    ']]><![CDATA[<Hangup/>',
    '<!-- --><?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>&e;',
    '&lt;Dial&gt; &#60;Dial&#62;',
    'nul \u0000 bell \u0007 half \ud800 pair \udc00 not a character \uffff',
    "' onload='x",
  ),
);

describe('TwiML', () => {
  it('greets the caller, connects both ways and keeps a safe tail', () => {
    expect(connectTwiml(ORDINARY)).toBe(
      `${HEAD}<Response><Say>Connecting you to the assistant</Say>` +
        '<Connect action="https://bridge.example.com/webhook/twilio/after" method="POST">' +
        '<Stream url="wss://bridge.example.com/media/TICKET" ' +
        'statusCallback="https://bridge.example.com/webhook/twilio/stream" statusCallbackMethod="POST">' +
        '<Parameter name="nonce" value="NONCE"/></Stream></Connect>' +
        '<Say>We are sorry, we cannot take your call right now. Please try again later.</Say><Hangup/></Response>',
    );
    expect(NONCE_PARAMETER).toBe('nonce');
  });

  it('says nothing before the stream when there is no greeting', () => {
    for (const greeting of ['', '  ', '\u0000']) {
      expect(elements(connectTwiml({ ...ORDINARY, greeting }))).toEqual([
        'Response',
        'Connect',
        'Stream',
        'Parameter',
        'Say',
        'Hangup',
      ]);
    }
  });

  it('hangs up without a word', () => {
    expect(hangUpTwiml()).toBe(`${HEAD}<Response><Hangup/></Response>`);
  });

  it('apologises and then hangs up', () => {
    expect(elements(apologyTwiml())).toEqual(['Response', 'Say', 'Hangup']);
  });

  it('dials a person, and does not apologise after a conversation that went well', () => {
    const xml = dialTwiml('+15551234567', { callerId: '+15557654321' });
    expect(elements(xml)).toEqual(['Response', 'Say', 'Dial', 'Number', 'Hangup']);
    expect(xml).toContain('<Dial answerOnBridge="true" timeout="20" callerId="+15557654321">');
    expect(xml).toContain('<Number>+15551234567</Number>');
  });

  it('asks what to do after the dialling only where it is told whom to ask', () => {
    expect(dialTwiml('+15551234567')).not.toContain('action=');
    expect(dialTwiml('+15551234567', { actionUrl: 'https://h/after' })).toContain(
      'action="https://h/after" method="POST"',
    );
  });

  it('tells the caller of a full house so, whatever follows', () => {
    const busy = '<Say>All our lines are busy right now. ';
    expect(apologyTwiml(true)).toContain(`${busy}Please try again later.</Say><Hangup/>`);
    expect(dialTwiml('+15551234567', { busy: true })).toContain(`${busy}Let me connect you to a person.`);
    expect(voicemailTwiml({ ...VOICEMAIL, busy: true })).toContain(`${busy}Leave a message.</Say><Record`);
  });

  it('takes a message of two minutes at most, and says what follows it and who is told of it', () => {
    expect(voicemailTwiml(VOICEMAIL)).toBe(
      `${HEAD}<Response><Say>Leave a message.</Say>` +
        '<Record maxLength="120" playBeep="true" action="https://h/after-voicemail" method="POST" ' +
        'recordingStatusCallback="https://h/recording" recordingStatusCallbackMethod="POST" ' +
        'recordingStatusCallbackEvent="completed"/>' +
        '<Say>We have not heard a message. Goodbye.</Say><Hangup/></Response>',
    );
    expect(thanksTwiml()).toBe(
      `${HEAD}<Response><Say>Thank you for your message. Goodbye.</Say><Hangup/></Response>`,
    );
  });

  it('ends in every document by hanging up, and so leaves nobody in silence', () => {
    const all = [
      connectTwiml(ORDINARY),
      connectTwiml({ ...ORDINARY, greeting: '' }),
      hangUpTwiml(),
      apologyTwiml(),
      apologyTwiml(true),
      dialTwiml('+15551234567'),
      dialTwiml('+15551234567', { busy: true, callerId: '+15557654321', actionUrl: 'https://h/after-dial' }),
      voicemailTwiml(VOICEMAIL),
      thanksTwiml(),
    ];
    for (const xml of all) expect(readTwiml(xml)?.at(-1)?.name, xml).toBe('Hangup');
  });

  it('lets no text become an element, whatever it holds', () => {
    const ours = ['Response', 'Say', 'Connect', 'Stream', 'Parameter', 'Say', 'Hangup'];
    fc.assert(
      fc.property(hostile, hostile, hostile, hostile, hostile, (a, b, c, d, e) => {
        const options = { streamUrl: a, actionUrl: b, streamStatusUrl: c, nonce: d };
        expect(elements(connectTwiml({ ...options, greeting: `Hello ${e}` }))).toEqual(ours);
        const dialled = ['Response', 'Say', 'Dial', 'Number', 'Hangup'];
        expect(elements(dialTwiml(a, { callerId: b, actionUrl: c }))).toEqual(dialled);
        const recorded = voicemailTwiml({ words: `Hello ${a}`, actionUrl: b, recordingStatusUrl: c });
        expect(elements(recorded)).toEqual(['Response', 'Say', 'Record', 'Say', 'Hangup']);
      }),
      { numRuns: 500 },
    );
  });

  it('keeps every character that XML can hold', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (text) => {
        const said = /<Say>([^<]*)<\/Say><Connect/.exec(connectTwiml({ ...ORDINARY, greeting: `x${text}` }));
        expect(unescaped(said?.[1] ?? '')).toBe(`x${text}`);
      }),
    );
  });

  it('drops the characters that XML cannot hold, and nothing beside them', () => {
    const xml = connectTwiml({ ...ORDINARY, greeting: 'a\u0000b\u0008c\ud800d\udc00e\uffff\tf\u{1f600}' });
    expect(xml).toContain('<Say>abcde\tf\u{1f600}</Say>');
  });
});
