import { describe, expect, it } from 'vitest';
import { MULAW_TO_PCM } from '../../src/audio/mulaw.ts';
import type { Clock } from '../../src/ports.ts';
import { type CallerOptions, createCaller } from '../../src/simulation/caller.ts';
import { createMediaStream } from '../../src/simulation/media-stream.ts';
import { createMemoryNetwork } from '../support/memory-network.ts';
import { createVirtualClock } from '../support/virtual-clock.ts';

interface Heard {
  atMs: number;
  timestamp: string;
  payload: Buffer;
}

const LOUD = 0x10;

/** A caller on a stream that has begun; `late` delays the caller's timers. */
function createTalk(options: Partial<CallerOptions> & { late?: (ms: number) => number } = {}) {
  const clock = createVirtualClock();
  const { late = (ms) => ms, ...more } = options;
  const slow: Clock = { ...clock, now: clock.now, setTimeout: (fn, ms) => clock.setTimeout(fn, late(ms)) };
  const [server, socket] = createMemoryNetwork({ clock }).pair();
  const frames: Heard[] = [];
  const events: string[] = [];
  server.listen({
    text(text) {
      const message = JSON.parse(text);
      events.push(message.event);
      if (message.event !== 'media') return;
      const { timestamp, payload } = message.media;
      frames.push({ atMs: clock.now(), timestamp, payload: Buffer.from(payload, 'base64') });
    },
    binary() {},
    ponged() {},
    closed() {},
  });
  const streamSid = 'MZ1';
  const stream = createMediaStream({
    clock,
    socket,
    streamSid,
    callSid: 'CA1',
    accountSid: 'AC1',
    parameters: {},
  });
  stream.begin();
  const speech = Buffer.alloc(1_600, LOUD);
  const caller = createCaller({ clock: slow, stream, speech, tailMs: 1_000, ...more });
  const agentSays = (ms: number) => {
    const payload = Buffer.alloc(ms * 8, LOUD).toString('base64');
    server.sendText(JSON.stringify({ event: 'media', streamSid, media: { payload } }));
  };
  return { clock, server, stream, caller, frames, events, agentSays };
}

describe('a caller', () => {
  it('sends frame n 20·n ms after the first', () => {
    const { clock, caller, frames } = createTalk({ tailMs: 60_000 });
    clock.advance(7);
    caller.start();
    clock.advance(30_000);
    expect(frames).toHaveLength(1_501);
    expect(frames.every((frame, n) => frame.atMs === 7 + 20 * n)).toBe(true);
    expect(frames.every((frame, n) => frame.timestamp === String(20 * n))).toBe(true);
    expect(frames.every((frame) => frame.payload.length === 160)).toBe(true);
  });

  it('catches up after late timers, and does not drift', () => {
    const { clock, caller, frames } = createTalk({ tailMs: 60_000, late: (ms) => ms + 3 });
    caller.start();
    clock.advance(20_003);
    expect(frames).toHaveLength(1_001);
    expect(frames.every((frame, n) => frame.atMs >= 20 * n && frame.atMs <= 20 * n + 3)).toBe(true);
  });

  it('sends all that is due at once after a stall', () => {
    let stalls = 1;
    const late = (ms: number) => {
      stalls -= 1;
      return stalls === 0 ? 205 : ms;
    };
    const { clock, caller, frames } = createTalk({ tailMs: 60_000, late });
    caller.start();
    clock.advance(205);
    expect(frames.map((frame) => frame.atMs)).toEqual([0, ...Array.from({ length: 10 }, () => 205)]);
    clock.advance(15);
    expect(frames.at(-1)?.atMs).toBe(220);
  });

  it('pads the last frame of the recording with silence, then lets the line hiss', () => {
    const { clock, caller, frames } = createTalk({ speech: Buffer.alloc(200, LOUD) });
    caller.start();
    clock.advance(500);
    expect(frames[0]?.payload).toEqual(Buffer.alloc(160, LOUD));
    expect(frames[1]?.payload).toEqual(Buffer.concat([Buffer.alloc(40, LOUD), Buffer.alloc(120, 0xff)]));
    const hiss = frames.slice(2);
    expect(new Set(hiss.map((frame) => frame.payload.toString('hex'))).size).toBe(hiss.length);
    const samples = [...Buffer.concat(hiss.map((frame) => frame.payload))].map(
      (code) => MULAW_TO_PCM[code] ?? 0,
    );
    const rms = Math.sqrt(samples.reduce((sum, sample) => sum + sample ** 2, 0) / samples.length);
    expect(20 * Math.log10(rms / 32_768)).toBeCloseTo(-62, 0);
    expect(caller.speechFramesSent).toBe(2);
  });

  it('makes the same hiss of the same seed, and another of another', () => {
    const hissOf = (seed: number) => {
      const { clock, caller, frames } = createTalk({ speech: Buffer.alloc(0), seed });
      caller.start();
      clock.advance(100);
      return Buffer.concat(frames.map((frame) => frame.payload)).toString('hex');
    };
    expect(hissOf(1)).toBe(hissOf(1));
    expect(hissOf(1)).not.toBe(hissOf(2));
  });

  it('hangs up when nobody has spoken for the tail', () => {
    const { clock, caller, stream, events } = createTalk({ tailMs: 1_000 });
    caller.start();
    clock.advance(1_199);
    expect(stream.streaming).toBe(true);
    clock.advance(1);
    expect(stream.streaming).toBe(false);
    expect(events.at(-1)).toBe('stop');
    expect(caller.hungUp).toBe(true);
    expect(clock.armed).toBe(0);
  });

  it('listens to the agent to the end before the tail counts', () => {
    const { clock, caller, stream, agentSays } = createTalk({ tailMs: 1_000 });
    caller.start();
    clock.advance(900);
    agentSays(2_000);
    clock.advance(2_000 + 990);
    expect(stream.streaming).toBe(true);
    clock.advance(30);
    expect(stream.streaming).toBe(false);
  });

  it('hangs up after the longest time, in the middle of a word', () => {
    const { clock, caller, stream } = createTalk({ speech: Buffer.alloc(80_000, LOUD), maxMs: 400 });
    caller.start();
    clock.advance(5_000);
    expect(caller.speechFramesSent).toBe(20);
    expect(stream.elapsedMs).toBe(400);
  });

  it('falls silent when the server closes', () => {
    const { clock, server, caller } = createTalk({ tailMs: 60_000 });
    caller.start();
    clock.advance(50);
    server.close(1000, '');
    clock.advance(100);
    expect(caller.hungUp).toBe(false);
    expect(clock.armed).toBe(0);
  });

  it('tells who begins and ceases to speak', () => {
    const told: string[] = [];
    const { clock, caller, agentSays } = createTalk({
      onSpeech: (who, { edge, atMs }) => told.push(`${who} ${edge} ${atMs}`),
    });
    caller.start();
    clock.advance(400);
    agentSays(500);
    clock.advance(1_300);
    expect(told).toEqual(['caller start 0', 'agent start 400', 'caller end 200', 'agent end 900']);
  });
});
