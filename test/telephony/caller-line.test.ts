import { expect, it } from 'vitest';
import { createMediaStream } from '../../src/simulation/media-stream.ts';
import { createCallerLine } from '../../src/telephony/caller-line.ts';
import { createMemoryNetwork } from '../support/memory-network.ts';
import { createVirtualClock } from '../support/virtual-clock.ts';

const FRAME = Buffer.alloc(160, 0x55);

/** A caller's line that is listened at, and Twilio at its far end. */
function listenedAt({ admitted = true } = {}) {
  const clock = createVirtualClock();
  const [near, far] = createMemoryNetwork({ clock }).pair();
  const told: string[] = [];
  const line = createCallerLine({
    clock,
    sinceStart: clock.now,
    mediaTimeoutMs: 2_000,
    heard() {},
    marked() {},
    pressed() {},
    overhear: (from, to, message, facts) =>
      told.push(`${from} → ${to} ${message}${facts ? ` ${JSON.stringify(facts)}` : ''}`),
  });
  const stream = createMediaStream({
    clock,
    socket: near,
    streamSid: 'MZ1',
    callSid: 'CA1',
    accountSid: 'AC1',
    parameters: { nonce: 'the-nonce' },
  });
  line.attach(far, () => (admitted ? { ok: true } : { ok: false, words: 'the ticket was refused' }));
  return { clock, line, stream, told, sendText: near.sendText };
}

it('tells every message of Twilio and every answer, in order', () => {
  const { clock, line, stream, told } = listenedAt();
  stream.begin();
  stream.sendFrame(FRAME);
  line.media(FRAME);
  line.mark('g0:160');
  clock.advance(20);
  line.clear();
  stream.press('7');
  stream.stop();
  expect(told).toEqual([
    'twilio → bridge connected',
    'twilio → bridge start {"admitted":true}',
    'bridge → twilio mark {"name":"g0:160"}',
    'twilio → bridge mark {"name":"g0:160"}',
    'bridge → twilio clear',
    'twilio → bridge dtmf',
    'twilio → bridge stop',
    'twilio → bridge close {"code":1000}',
  ]);
});

it('tells neither the key that was pressed, nor ids, nor what the TwiML proves itself with', () => {
  const { stream, told } = listenedAt();
  stream.begin();
  stream.press('7');
  expect(told.join()).not.toMatch(/7|MZ1|CA1|AC1|nonce/);
});

it('repeats no mark that is none of ours', () => {
  const { stream, told, sendText } = listenedAt();
  stream.begin();
  sendText('{"event":"mark","streamSid":"MZ1","mark":{"name":"call me on +12025550143"}}');
  expect(told.at(-1)).toBe('twilio → bridge mark {}');
});

it('tells of a hole in the frames once it is over, and of no single frame', () => {
  const { clock, stream, told } = listenedAt();
  stream.begin();
  for (let i = 0; i < 50; i += 1) {
    clock.advance(20);
    stream.sendFrame(FRAME);
  }
  const before = told.length;
  clock.advance(800);
  stream.sendFrame(FRAME);
  stream.sendFrame(FRAME);
  expect(told.slice(before)).toEqual(['twilio → bridge media again {"afterMs":800}']);
});

it('tells who is turned away, and that the line is cut', () => {
  const turnedAway = listenedAt({ admitted: false });
  turnedAway.stream.begin();
  turnedAway.line.dismiss('the ticket was refused');
  expect(turnedAway.told.slice(1)).toEqual([
    'twilio → bridge start {"admitted":false}',
    'bridge → twilio close {"code":1008}',
  ]);

  const { line, stream, told } = listenedAt();
  stream.begin();
  line.cut();
  line.cut();
  expect(told.slice(2)).toEqual(['bridge → twilio cut']);
});
