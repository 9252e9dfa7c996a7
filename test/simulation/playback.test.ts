import { describe, expect, it } from 'vitest';
import { createPlayback } from '../../src/simulation/playback.ts';
import { createVirtualClock } from '../support/virtual-clock.ts';

const FRAME = Buffer.alloc(160, 0x20);

function begin(echoDelayMs = 0) {
  const clock = createVirtualClock();
  const echoes: [name: string, atMs: number][] = [];
  clock.advance(1_000);
  const playback = createPlayback({
    clock,
    echoDelayMs,
    echo: (name) => echoes.push([name, clock.now() - 1_000]),
  });
  playback.begin();
  return { clock, playback, echoes };
}

describe('playback', () => {
  it('plays eight bytes a millisecond, in the order of arrival', () => {
    const { clock, playback } = begin();
    playback.play(Buffer.alloc(80, 1));
    playback.play(Buffer.alloc(80, 2));
    expect(playback.queuedMs).toBe(20);
    clock.advance(12.5);
    expect(playback.queuedMs).toBe(7.5);
    expect(playback.heardFrom(0)).toEqual(Buffer.concat([Buffer.alloc(80, 1), Buffer.alloc(20, 2)]));
    clock.advance(100);
    expect(playback.queuedMs).toBe(0);
  });

  it('is silent where nothing is queued', () => {
    const { clock, playback } = begin();
    clock.advance(10);
    playback.play(FRAME);
    clock.advance(30);
    const silence = Buffer.alloc(80, 0xff);
    expect(playback.heardFrom(0)).toEqual(Buffer.concat([silence, FRAME, silence]));
    expect(playback.heardFrom(80)).toEqual(Buffer.concat([FRAME, silence]));
  });

  it('echoes a mark at the moment when everything before it was played', () => {
    const { clock, playback, echoes } = begin();
    playback.play(FRAME);
    playback.mark('first');
    clock.advance(5);
    playback.play(FRAME);
    playback.mark('second');
    clock.advance(14.999);
    expect(echoes).toEqual([]);
    clock.advance(100);
    expect(echoes).toEqual([
      ['first', 20],
      ['second', 40],
    ]);
    expect(clock.armed).toBe(0);
  });

  it('echoes a mark at once when nothing is queued', () => {
    const { playback, echoes } = begin();
    playback.mark('idle');
    expect(echoes).toEqual([['idle', 0]]);
  });

  it('keeps one timer, however many marks wait', () => {
    const { clock, playback } = begin();
    for (let i = 0; i < 70; i += 1) {
      playback.play(FRAME);
      playback.mark(`m${i}`);
    }
    expect(clock.armed).toBe(1);
  });

  it('keeps to the moment on a clock that has fractions', () => {
    const { clock, playback, echoes } = begin();
    clock.advance(0.1);
    playback.play(Buffer.alloc(159));
    for (let i = 0; i < 100; i += 1) {
      playback.play(Buffer.alloc(161));
      playback.mark(`m${i}`);
    }
    clock.advance(3_000);
    expect(echoes).toHaveLength(100);
    expect(echoes.at(-1)?.[1]).toBeCloseTo((159 + 16_100) / 8, 1);
  });

  it('drops on clear what was not heard, and echoes every waiting mark in order', () => {
    const { clock, playback, echoes } = begin();
    playback.play(FRAME);
    playback.mark('a');
    playback.play(FRAME);
    playback.mark('b');
    playback.mark('c');
    clock.advance(5);
    expect(playback.clear()).toBe(35);
    expect(echoes).toEqual([
      ['a', 5],
      ['b', 5],
      ['c', 5],
    ]);
    expect(playback.queuedMs).toBe(0);
    clock.advance(50);
    const heard = playback.heardFrom(0);
    expect(heard.subarray(0, 40)).toEqual(FRAME.subarray(0, 40));
    expect(heard.subarray(40).every((byte) => byte === 0xff)).toBe(true);
    expect(echoes).toHaveLength(3);
  });

  it('plays what comes after a clear at once', () => {
    const { clock, playback, echoes } = begin();
    playback.play(Buffer.alloc(8_000));
    clock.advance(100);
    playback.clear();
    playback.play(FRAME);
    playback.mark('answer');
    clock.advance(20);
    expect(playback.heardFrom(800)).toEqual(FRAME);
    expect(echoes).toEqual([['answer', 120]]);
  });

  it('has an echo under way when clear arrives, and lets none overtake it', () => {
    const { clock, playback, echoes } = begin(100);
    playback.play(FRAME);
    playback.mark('played');
    playback.play(FRAME);
    playback.mark('cleared');
    clock.advance(30);
    playback.clear();
    playback.mark('sentinel');
    expect(echoes).toEqual([]);
    clock.advance(200);
    expect(echoes).toEqual([
      ['played', 120],
      ['cleared', 130],
      ['sentinel', 130],
    ]);
  });

  it('holds ten minutes, and loses what is beyond', () => {
    const { clock, playback } = begin();
    expect(playback.play(Buffer.alloc(4_800_000))).toBe(0);
    expect(playback.play(FRAME)).toBe(160);
    clock.advance(10);
    expect(playback.play(FRAME)).toBe(80);
    expect(playback.queuedMs).toBe(600_000);
  });

  it('forgets its marks and stands still once it ended', () => {
    const { clock, playback, echoes } = begin();
    playback.play(FRAME);
    playback.mark('never');
    clock.advance(10);
    playback.end();
    expect(clock.armed).toBe(0);
    clock.advance(100);
    expect(echoes).toEqual([]);
    expect(playback.elapsedMs).toBe(10);
    expect(playback.heardFrom(0)).toHaveLength(80);
  });
});
