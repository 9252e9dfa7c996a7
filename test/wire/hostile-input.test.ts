import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readDirectMessage } from '../../src/wire/direct.ts';
import {
  readCallStatus,
  readRecordingStatus,
  readStreamStatus,
  readVoiceWebhook,
  wasAnswered,
} from '../../src/wire/status-callbacks.ts';
import { createTwilioWriter, readTwilioMessage } from '../../src/wire/twilio.ts';
import {
  readCreateCallResponse,
  readVapiMessage,
  writeAddMessage,
  writeControl,
  writeEndCall,
  writeSay,
} from '../../src/wire/vapi.ts';

const kinds = {
  twilio: 'connected started media pressed mark stopped unknown unreadable'.split(' '),
  vapi: 'statusUpdate speechUpdate transcript userInterrupted hang toolCalls assistantStarted other unreadable'.split(
    ' ',
  ),
  outcome: 'created keyRefused unpaid blocked outOfSlots rateLimited rejected broken noSocketUrl'.split(' '),
};

const word = fc.constantFrom(
  ...['event', 'type', 'message', 'start', 'media', 'dtmf', 'mark', 'audio', 'transcript', 'payload'],
  ...['track', 'timestamp', 'streamSid', 'callSid', 'mediaFormat', 'customParameters', 'status', 'role'],
  ...['id', 'transport', 'websocketCallUrl', 'monitor', 'subscriptionLimits', '__proto__', 'constructor'],
);
const value = fc.oneof(
  word,
  fc.constantFrom('user', 'final', 'started', 'AAAA', 'CA1', 'wss://x', 'ended', 'speech-update'),
  fc.jsonValue(),
);

/** JSON of objects whose names and values come from the protocols, put together without sense. */
const { nonsense } = fc.letrec<{ nonsense: string }>((tie) => ({
  nonsense: fc
    .array(fc.tuple(word, fc.oneof({ maxDepth: 3 }, value.map(jsonOf), tie('nonsense'))), { maxLength: 6 })
    .map((entries) => `{${entries.map(([name, json]) => `"${name}":${json}`).join(',')}}`),
}));

function jsonOf(anything: unknown): string {
  return JSON.stringify(anything);
}

const anyText = fc.oneof(fc.string({ unit: 'binary' }), fc.json(), nonsense);
const anyForm = fc.dictionary(
  fc.constantFrom(
    'CallSid',
    'StreamSid',
    'StreamEvent',
    'StreamError',
    'CallStatus',
    'SequenceNumber',
    'From',
  ),
  fc.oneof(
    fc.string(),
    fc.constantFrom('CA1', 'stream-error', 'completed'),
    fc.anything({ withNullPrototype: true }),
  ),
);

describe('whatever arrives', () => {
  test('is a value of a known kind and never an exception', () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 100, max: 599 }), (text, status) => {
        expect(kinds.twilio).toContain(readTwilioMessage(text).kind);
        expect(kinds.vapi).toContain(readVapiMessage(text).kind);
        expect([...kinds.vapi, 'audio']).toContain(readDirectMessage(text).kind);
        expect(kinds.outcome).toContain(readCreateCallResponse(status, text).kind);
        expect(kinds.outcome).toContain(readCreateCallResponse(201, text, text).kind);
      }),
      { numRuns: 2_000 },
    );
  });

  test('is a value when it is a form, too', () => {
    fc.assert(
      fc.property(anyForm, (form) => {
        expect(['streamStatus', 'unreadable']).toContain(readStreamStatus(form).kind);
        expect(['callStatus', 'unreadable']).toContain(readCallStatus(form).kind);
        expect(['voiceWebhook', 'unreadable']).toContain(readVoiceWebhook(form).kind);
        expect(['recordingStatus', 'unreadable']).toContain(readRecordingStatus(form).kind);
        expect([true, false]).toContain(wasAnswered(form));
      }),
      { numRuns: 1_000 },
    );
  });

  test('is a value when one part of a good message is replaced', () => {
    const good = {
      event: 'start',
      start: {
        streamSid: 'MZ1',
        callSid: 'CA1',
        tracks: ['inbound'],
        mediaFormat: { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 },
        customParameters: { token: 'abc' },
      },
    };
    const places = ['streamSid', 'callSid', 'accountSid', 'tracks', 'mediaFormat', 'customParameters'];
    fc.assert(
      fc.property(fc.constantFrom(...places), fc.jsonValue(), (place, junk) => {
        const message = readTwilioMessage(
          JSON.stringify({ ...good, start: { ...good.start, [place]: junk } }),
        );
        expect(['started', 'unreadable']).toContain(message.kind);
      }),
    );
  });

  test('leaves every object as it was', () => {
    const before = Object.getOwnPropertyNames(Object.prototype);
    fc.assert(
      fc.property(nonsense, (text) => {
        readTwilioMessage(text);
        readVapiMessage(text);
        readDirectMessage(text);
      }),
    );
    expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(before);
  });

  test('is refused quickly when it is nested without end', () => {
    const deep = '['.repeat(60_000);
    expect(readTwilioMessage(deep)).toMatchObject({ kind: 'unreadable' });
    expect(readVapiMessage(`{"type":${deep}`)).toMatchObject({ kind: 'unreadable' });
  });
});

describe('whatever is sent', () => {
  test('has exactly the documented fields on the way to Twilio', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.string({ unit: 'binary' }),
        fc.uint8Array({ minLength: 1 }),
        (sid, name, audio) => {
          const writer = createTwilioWriter(sid);
          const payload = Buffer.from(audio).toString('base64');
          expect(JSON.parse(writer.media(audio))).toStrictEqual({
            event: 'media',
            streamSid: sid,
            media: { payload },
          });
          expect(JSON.parse(writer.mark(name))).toStrictEqual({
            event: 'mark',
            streamSid: sid,
            mark: { name },
          });
          expect(JSON.parse(writer.clear)).toStrictEqual({ event: 'clear', streamSid: sid });
        },
      ),
    );
  });

  test('can be read back when it is a frame for the caller', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 1_000 }), (audio) => {
        const message = readTwilioMessage(createTwilioWriter('MZ1').media(audio));
        expect(message).toMatchObject({ kind: 'media', payload: Buffer.from(audio) });
      }),
    );
  });

  test('has exactly the documented fields on the way to Vapi', () => {
    const fieldsOf = (message: string) => Object.keys(JSON.parse(message)).sort();
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.boolean(), (words, yes) => {
        const say = writeSay(words, { endCallAfterSpoken: yes });
        expect(fieldsOf(say)).toEqual([
          'content',
          'endCallAfterSpoken',
          'interruptAssistantEnabled',
          'interruptionsEnabled',
          'type',
        ]);
        expect(JSON.parse(say).content).toBe(words);
        expect(fieldsOf(writeAddMessage('user', words, yes))).toEqual([
          'message',
          'triggerResponseEnabled',
          'type',
        ]);
        expect(JSON.parse(writeAddMessage('user', words, yes)).message).toStrictEqual({
          role: 'user',
          content: words,
        });
      }),
    );
    expect(fieldsOf(writeEndCall())).toEqual(['type']);
    expect(fieldsOf(writeControl('mute-customer'))).toEqual(['control', 'type']);
  });
});
