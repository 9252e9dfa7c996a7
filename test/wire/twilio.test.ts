import { describe, expect, test } from 'vitest';
import {
  createTwilioWriter,
  readTwilioMessage,
  writeClear,
  writeMark,
  writeMedia,
} from '../../src/wire/twilio.ts';

const streamSid = 'MZ00000000000000000000000000000000';
const frame = Buffer.alloc(160, 0xd5);

function start(fields: Record<string, unknown>): string {
  return JSON.stringify({ event: 'start', start: { streamSid, callSid: 'CA0', ...fields } });
}

function media(fields: Record<string, unknown>): string {
  return JSON.stringify({ event: 'media', media: { payload: frame.toString('base64'), ...fields } });
}

describe('reading what Twilio says', () => {
  test('reads the greeting of a stream', () => {
    const text = '{ "event": "connected", "protocol": "Call", "version": "1.0.0" }';
    expect(readTwilioMessage(text)).toEqual({ kind: 'connected' });
  });

  test('reads a start with all that Twilio puts into it', () => {
    const text = `{
      "event": "start",
      "sequenceNumber": "1",
      "start": {
        "accountSid": "AC00000000000000000000000000000000",
        "streamSid":  "MZ00000000000000000000000000000000",
        "callSid":    "CA00000000000000000000000000000000",
        "tracks": ["inbound"],
        "mediaFormat": { "encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1 },
        "customParameters": { "token": "abc", "from": "+15551234567" }
      },
      "streamSid": "MZ00000000000000000000000000000000"
    }`;
    expect(readTwilioMessage(text)).toEqual({
      kind: 'started',
      streamSid,
      callSid: 'CA00000000000000000000000000000000',
      accountSid: 'AC00000000000000000000000000000000',
      tracks: ['inbound'],
      mediaFormat: { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 },
      parameters: new Map([
        ['token', 'abc'],
        ['from', '+15551234567'],
      ]),
    });
  });

  test('reads the shortest start that a development client sends', () => {
    const text = '{"event":"start","start":{"streamSid":"test-123","callSid":"CA-test"}}';
    expect(readTwilioMessage(text)).toEqual({
      kind: 'started',
      streamSid: 'test-123',
      callSid: 'CA-test',
      accountSid: '',
      tracks: [],
      mediaFormat: undefined,
      parameters: new Map(),
    });
  });

  test('takes the streamSid from the outside of a start when the inside lacks it', () => {
    const text = '{"event":"start","streamSid":"MZ1","start":{"callSid":"CA1"}}';
    expect(readTwilioMessage(text)).toMatchObject({ kind: 'started', streamSid: 'MZ1' });
  });

  test.each([
    ['no fields', '{"event":"start"}'],
    ['no callSid', '{"event":"start","start":{"streamSid":"MZ1"}}'],
    ['a streamSid that would break a log line', start({ streamSid: 'MZ1\n[Cleanup]' })],
    ['a callSid that would leave its path', start({ callSid: '../Accounts' })],
    ['a callSid of 65 characters', start({ callSid: 'C'.repeat(65) })],
    ['a format without an encoding', start({ mediaFormat: { sampleRate: 8000 } })],
    ['a format that is a word', start({ mediaFormat: 'mulaw' })],
  ])('does not accept a start with %s', (_, text) => {
    expect(readTwilioMessage(text)).toMatchObject({ kind: 'unreadable' });
  });

  test('tells a format that is not ours from one that is missing', () => {
    const mediaFormat = { encoding: 'audio/L16', sampleRate: '16000', channels: 2 };
    expect(readTwilioMessage(start({ mediaFormat }))).toMatchObject({
      mediaFormat: { encoding: 'audio/L16', sampleRate: 16000, channels: 2 },
    });
  });

  test('keeps 32 parameters of at most 500 characters and leaves the rest', () => {
    const parameters = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`p${i}`, 'v']));
    const customParameters = { long: 'x'.repeat(497), exact: 'x'.repeat(495), count: 7, ...parameters };
    const message = readTwilioMessage(start({ customParameters }));
    if (message.kind !== 'started') throw new Error(message.kind);
    expect(message.parameters.size).toBe(32);
    expect(message.parameters.has('long')).toBe(false);
    expect(message.parameters.has('count')).toBe(false);
    expect(message.parameters.get('exact')).toHaveLength(495);
  });

  test('is not moved by a parameter called __proto__', () => {
    const text =
      '{"event":"start","start":{"streamSid":"MZ1","callSid":"CA1",' +
      '"customParameters":{"__proto__":{"token":"stolen"},"constructor":"x"}}}';
    const message = readTwilioMessage(text);
    if (message.kind !== 'started') throw new Error(message.kind);
    expect([...message.parameters]).toEqual([['constructor', 'x']]);
    expect('token' in {}).toBe(false);
  });

  test('reads a frame of sound, whose counters are strings', () => {
    const text = JSON.stringify({
      event: 'media',
      sequenceNumber: '3',
      media: { track: 'inbound', chunk: '2', timestamp: '45', payload: frame.toString('base64') },
      streamSid,
    });
    expect(readTwilioMessage(text)).toEqual({
      kind: 'media',
      track: 'inbound',
      chunk: 2,
      timestampMs: 45,
      payload: frame,
    });
  });

  test('reads counters that are numbers, too', () => {
    expect(readTwilioMessage(media({ chunk: 2, timestamp: 45 }))).toMatchObject({
      chunk: 2,
      timestampMs: 45,
    });
  });

  test.each([[undefined], [''], ['soon'], [-1], [null], ['1e3'], [[]]])(
    'has no time for a frame whose timestamp is %j',
    (timestamp) => {
      expect(readTwilioMessage(media({ timestamp }))).toMatchObject({
        kind: 'media',
        track: 'inbound',
        timestampMs: undefined,
      });
    },
  );

  test('knows the two tracks and no third', () => {
    expect(readTwilioMessage(media({ track: 'outbound' }))).toMatchObject({ track: 'outbound' });
    expect(readTwilioMessage(media({ track: 'sideways' }))).toMatchObject({ track: 'unknown' });
  });

  test.each([
    ['is missing', undefined],
    ['is empty', ''],
    ['has junk in it', `!!${frame.toString('base64').slice(2)}`],
    ['has a line break in it', 'AAAA\nAAA'],
    ['is cut short', 'AAAAA'],
    ['is all padding', '===='],
    ['goes on after its padding', 'AA==AA=='],
    ['is larger than 16 KiB', Buffer.alloc(16_385).toString('base64')],
    ['is a number', 7],
  ])('does not accept a frame whose payload %s', (_, payload) => {
    expect(readTwilioMessage(media({ payload }))).toMatchObject({ kind: 'unreadable' });
  });

  test.each([1, 2, 3, 160, 16_384])('accepts a payload of %i bytes', (length) => {
    const payload = Buffer.alloc(length, 0x7f);
    const message = readTwilioMessage(media({ payload: payload.toString('base64') }));
    expect(message).toMatchObject({ kind: 'media', payload });
  });

  test('reads a pressed key, a played mark and the end', () => {
    const dtmf = { event: 'dtmf', streamSid, dtmf: { track: 'inbound_track', digit: '#' } };
    expect(readTwilioMessage(JSON.stringify(dtmf))).toEqual({ kind: 'pressed', digit: '#' });
    const mark = { event: 'mark', sequenceNumber: '4', streamSid, mark: { name: 'g3:m17' } };
    expect(readTwilioMessage(JSON.stringify(mark))).toEqual({ kind: 'mark', name: 'g3:m17' });
    const stop = { event: 'stop', sequenceNumber: '5', streamSid, stop: { callSid: 'CA0' } };
    expect(readTwilioMessage(JSON.stringify(stop))).toEqual({ kind: 'stopped' });
  });

  test.each([
    ['{"event":"dtmf","dtmf":{"digit":"12"}}'],
    ['{"event":"dtmf"}'],
    ['{"event":"mark","mark":{}}'],
    ['{"event":7}'],
    ['{}'],
    ['[]'],
    ['null'],
    ['"media"'],
    ['hello'],
    [''],
  ])('cannot read %s', (text) => {
    expect(readTwilioMessage(text)).toMatchObject({ kind: 'unreadable' });
  });

  test('names an event that it does not know, shortened and on one line', () => {
    const text = JSON.stringify({ event: `news\r\n${'x'.repeat(100)}` });
    expect(readTwilioMessage(text)).toEqual({ kind: 'unknown', event: `news${'x'.repeat(58)}` });
  });

  test('does not parse a text longer than any message', () => {
    const text = JSON.stringify({ event: 'connected', padding: 'x'.repeat(65_536) });
    expect(readTwilioMessage(text)).toEqual({ kind: 'unreadable', why: 'longer than any message' });
  });
});

describe('writing what Twilio accepts', () => {
  const writer = createTwilioWriter(streamSid);

  test('writes exactly the documented fields', () => {
    expect(JSON.parse(writer.media(Buffer.from([0xff, 0x7f, 0])))).toEqual({
      event: 'media',
      streamSid,
      media: { payload: '/38A' },
    });
    expect(JSON.parse(writer.mark('g3:m17'))).toEqual({
      event: 'mark',
      streamSid,
      mark: { name: 'g3:m17' },
    });
    expect(JSON.parse(writer.clear)).toEqual({ event: 'clear', streamSid });
  });

  test('writes the same one by one', () => {
    expect(writeMedia(streamSid, frame)).toBe(writer.media(frame));
    expect(writeMark(streamSid, 'm1')).toBe(writer.mark('m1'));
    expect(writeClear(streamSid)).toBe(writer.clear);
  });

  test('writes a slice of a larger array and nothing around it', () => {
    const slice = new Uint8Array([1, 2, 3, 4, 5, 6]).subarray(2, 4);
    expect(JSON.parse(writer.media(slice)).media.payload).toBe(Buffer.from([3, 4]).toString('base64'));
  });
});
