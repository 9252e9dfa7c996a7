import { describe, expect, it } from 'vitest';
import {
  createMediaStream,
  type MediaStreamOptions,
  type StreamEvent,
} from '../../src/simulation/media-stream.ts';
import { createMemoryNetwork } from '../support/memory-network.ts';
import { createVirtualClock } from '../support/virtual-clock.ts';

const streamSid = `MZ${'1'.repeat(32)}`;
const callSid = `CA${'2'.repeat(32)}`;
const accountSid = `AC${'3'.repeat(32)}`;
const FRAME = Buffer.alloc(160, 0x20);

/** A stream that has not begun, and the server's end of its socket. */
function createStream(more: Partial<MediaStreamOptions> = {}) {
  const clock = createVirtualClock();
  const [server, socket] = createMemoryNetwork({ clock }).pair();
  const said: unknown[] = [];
  const closings: [number, string][] = [];
  const events: StreamEvent[] = [];
  server.listen({
    text: (text) => said.push(JSON.parse(text)),
    binary: () => said.push('binary'),
    ponged() {},
    closed: (code, words) => closings.push([code, words]),
  });
  const ids = { streamSid, callSid, accountSid };
  const onEvent = (event: StreamEvent) => events.push(event);
  const stream = createMediaStream({ clock, socket, ...ids, parameters: { nonce: 'n' }, onEvent, ...more });
  const send = (message: unknown) => server.sendText(JSON.stringify(message));
  const media = (payload: Buffer) =>
    send({ event: 'media', streamSid, media: { payload: payload.toString('base64') } });
  return { clock, server, stream, said, closings, events, send, media };
}

function begin(more: Partial<MediaStreamOptions> = {}) {
  const made = createStream(more);
  made.stream.begin();
  return made;
}

describe('what a stream says', () => {
  it('begins with connected and start, and counts in strings', () => {
    const { stream, said } = begin();
    stream.sendFrame(FRAME);
    stream.press('5');
    stream.sendFrame(FRAME);
    stream.stop();
    const payload = FRAME.toString('base64');
    expect(said).toEqual([
      { event: 'connected', protocol: 'Call', version: '1.0.0' },
      {
        event: 'start',
        sequenceNumber: '1',
        start: {
          accountSid,
          streamSid,
          callSid,
          tracks: ['inbound'],
          mediaFormat: { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 },
          customParameters: { nonce: 'n' },
        },
        streamSid,
      },
      {
        event: 'media',
        sequenceNumber: '2',
        media: { track: 'inbound', chunk: '1', timestamp: '0', payload },
        streamSid,
      },
      { event: 'dtmf', streamSid, sequenceNumber: '3', dtmf: { track: 'inbound_track', digit: '5' } },
      {
        event: 'media',
        sequenceNumber: '4',
        media: { track: 'inbound', chunk: '2', timestamp: '20', payload },
        streamSid,
      },
      { event: 'stop', sequenceNumber: '5', streamSid, stop: { accountSid, callSid } },
    ]);
  });

  it('begins as the bare client does, if it is to', () => {
    const { said } = begin({ bare: true });
    expect(said).toEqual([{ event: 'start', start: { streamSid, callSid } }]);
  });

  it('goes on from a timestamp it was given', () => {
    const { stream, said } = begin();
    stream.sendFrame(FRAME, 500);
    stream.sendFrame(FRAME);
    expect(said.slice(2)).toMatchObject([{ media: { timestamp: '500' } }, { media: { timestamp: '520' } }]);
  });

  it('says nothing before it begins and after it ends', () => {
    const { stream, said } = createStream();
    expect(stream.sendFrame(FRAME)).toBe(false);
    stream.press('1');
    expect(said).toEqual([]);
    stream.begin();
    stream.stop();
    const words = said.length;
    expect(stream.sendFrame(FRAME)).toBe(false);
    stream.press('1');
    stream.begin();
    expect(said).toHaveLength(words);
    expect(stream.sentFrames).toBe(0);
  });

  it('closes after stop, and breaks without a word when dropped', () => {
    const stopped = begin();
    stopped.stream.stop();
    expect(stopped.closings).toEqual([[1000, '']]);
    const dropped = begin();
    dropped.stream.drop();
    expect(dropped.closings).toMatchObject([[1006, expect.any(String)]]);
    expect(dropped.said).not.toContainEqual(expect.objectContaining({ event: 'stop' }));
  });
});

describe('what a stream takes', () => {
  it('plays media, echoes marks and clears, and keeps count', () => {
    const { clock, stream, said, events, send, media } = begin();
    media(FRAME);
    media(FRAME);
    media(Buffer.alloc(800, 0x21));
    send({ event: 'mark', streamSid, mark: { name: 'end' } });
    clock.advance(30);
    expect(stream.playing).toBe(true);
    send({ event: 'clear', streamSid });
    expect(stream.playing).toBe(false);
    expect(said.at(-1)).toEqual({ event: 'mark', sequenceNumber: '2', streamSid, mark: { name: 'end' } });
    expect(stream.clears).toEqual([{ atMs: 30, droppedMs: 110 }]);
    expect(stream.mediaMessages.count).toBe(3);
    expect(stream.mediaMessages.bytes).toBe(1_120);
    expect([...stream.mediaMessages.sizes]).toEqual([
      [160, 2],
      [800, 1],
    ]);
    expect([stream.marksReceived, stream.marksEchoed]).toEqual([1, 1]);
    expect(stream.violations).toEqual([]);
    expect(events.map((event) => [event.type, event.atMs])).toEqual([
      ['media', 0],
      ['media', 0],
      ['media', 0],
      ['mark', 0],
      ['clear', 30],
      ['echo', 30],
    ]);
    clock.advance(20);
    expect(stream.heard()).toHaveLength(400);
    expect(stream.heard().subarray(0, 240)).toEqual(Buffer.alloc(240, 0x20));
    expect(stream.heard().subarray(240)).toEqual(Buffer.alloc(160, 0xff));
  });

  it('stops playing when the server closes, and tells so', () => {
    const { clock, server, stream, events, media } = begin();
    media(Buffer.alloc(8_000, 0x20));
    clock.advance(50);
    server.close(1000, 'done');
    clock.advance(50);
    expect(events.at(-1)).toEqual({ type: 'closed', atMs: 50, code: 1000, words: 'done' });
    expect(stream.streaming).toBe(false);
    expect(stream.queuedMs).toBe(0);
    expect(stream.heard()).toEqual(Buffer.alloc(400, 0x20));
  });
});

const payload = FRAME.toString('base64');
const withHeader = (magic: string) => Buffer.concat([Buffer.from(magic), FRAME]).toString('base64');
const faults: [title: string, code: number, message: unknown, why: RegExp][] = [
  ['text that is not JSON', 31951, '{', /not JSON/],
  ['a message that is no object', 31951, '[]', /not an object/],
  ['an event that it does not know', 31951, { event: 'ping', streamSid }, /unknown event "ping"/],
  ['an event that every object has', 31951, { event: 'toString', streamSid }, /unknown event/],
  ['no event', 31951, { streamSid }, /unknown event/],
  [
    'media of another stream',
    31951,
    { event: 'media', streamSid: 'MZ0', media: { payload } },
    /another stream/,
  ],
  ['a clear of no stream', 31951, { event: 'clear' }, /lacks the field "streamSid"/],
  ['a field in the wrong spelling', 31951, { event: 'clear', stream_sid: streamSid }, /lacks the field/],
  [
    'a track copied from the caller',
    31951,
    { event: 'media', streamSid, media: { payload, track: 'outbound' } },
    /media has the unexpected field "track"/,
  ],
  [
    'a sequence number',
    31951,
    { event: 'clear', streamSid, sequenceNumber: '4' },
    /unexpected field "sequenceNumber"/,
  ],
  ['media without a payload', 31951, { event: 'media', streamSid, media: {} }, /lacks the field "payload"/],
  ['a payload that is no text', 31951, { event: 'media', streamSid, media: { payload: 5 } }, /not a string/],
  ['an empty payload', 31951, { event: 'media', streamSid, media: { payload: '' } }, /empty/],
  ['base64 of the URL kind', 31951, { event: 'media', streamSid, media: { payload: '-_8=' } }, /not base64/],
  ['base64 cut short', 31951, { event: 'media', streamSid, media: { payload: 'QUJ' } }, /not base64/],
  ['a mark without a name', 31951, { event: 'mark', streamSid, mark: {} }, /lacks the field "name"/],
  ['a mark named by a number', 31951, { event: 'mark', streamSid, mark: { name: 7 } }, /not a text/],
  [
    'audio with a WAV header',
    31924,
    { event: 'media', streamSid, media: { payload: withHeader('RIFF') } },
    /RIFF/,
  ],
  [
    'audio with an MP3 header',
    31924,
    { event: 'media', streamSid, media: { payload: withHeader('ID3') } },
    /ID3/,
  ],
];

describe('the rules of a stream', () => {
  it.each(faults)('flags %s', (_title, code, message, why) => {
    const { server, stream, events } = begin();
    server.sendText(typeof message === 'string' ? message : JSON.stringify(message));
    expect(stream.violations).toEqual([{ code, why: expect.stringMatching(why) }]);
    expect(events).toContainEqual({ type: 'violation', atMs: 0, code, why: expect.stringMatching(why) });
  });

  it('does nothing of what an invalid message asks', () => {
    const { stream, send } = begin();
    send({ event: 'media', streamSid, media: { payload, track: 'outbound' } });
    send({ event: 'mark', streamSid: 'MZ0', mark: { name: 'm' } });
    send({ event: 'clear', streamSid, extra: true });
    expect(stream.mediaMessages.count).toBe(0);
    expect(stream.marksReceived).toBe(0);
    expect(stream.clears).toEqual([]);
  });

  it('plays audio that has a file header, as Twilio does', () => {
    const { stream, send } = begin();
    send({ event: 'media', streamSid, media: { payload: withHeader('RIFF') } });
    expect(stream.queuedMs).toBe(20.5);
  });

  it('flags a binary frame', () => {
    const { server, stream } = begin();
    server.sendBinary(FRAME);
    expect(stream.violations).toMatchObject([{ code: 31950 }]);
    expect(stream.queuedMs).toBe(0);
  });

  it('flags audio beyond ten minutes', () => {
    const { stream, media } = begin();
    media(Buffer.alloc(4_800_000, 0x20));
    expect(stream.violations).toEqual([]);
    media(FRAME);
    expect(stream.violations).toMatchObject([{ code: 31931 }]);
    expect(stream.queuedMs).toBe(600_000);
  });

  it('flags a message that comes before the start', () => {
    const { stream, media } = createStream();
    media(FRAME);
    expect(stream.violations).toMatchObject([{ code: 31951 }]);
  });

  it('flags whatever comes on a one-way stream, and plays none of it', () => {
    const { stream, media } = begin({ oneWay: true });
    media(FRAME);
    expect(stream.violations).toMatchObject([{ code: 31924 }]);
    expect(stream.playing).toBe(false);
  });

  it('forgives what was under way when the call ended', () => {
    const { server, stream, send } = begin();
    stream.stop();
    send({ event: 'nonsense' });
    server.sendBinary(FRAME);
    expect(stream.violations).toEqual([]);
  });
});
