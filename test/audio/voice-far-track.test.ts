import { describe, expect, it } from 'vitest';
import { createFarTrack } from '../../src/audio/far-track.ts';
import { PCM_TO_MULAW } from '../../src/audio/mulaw.ts';

/** Frames of a square wave of `magnitude`, of 32768. */
function square(magnitude: number, frames = 1): Uint8Array {
  return Uint8Array.from({ length: frames * 160 }, (_, i) => {
    return PCM_TO_MULAW[(i & 8 ? magnitude : -magnitude) & 0xffff] as number;
  });
}

describe('the far track', () => {
  it('knows how loud each 20 ms are that the caller is given', () => {
    const track = createFarTrack();
    track.playing(square(3_277), 1_000);
    track.playing(square(328), 1_020);
    expect(track.levelAt(1_010)).toBeCloseTo(-20, 0);
    expect(track.levelAt(1_030)).toBeCloseTo(-40, 0);
    expect(track.levelAt(990)).toBe(-90);
    expect(track.levelAt(1_050)).toBe(-90);
  });

  it('shares out a frame that lies between two of its slots', () => {
    const track = createFarTrack();
    track.playing(square(3_277, 3), 1_010);
    expect([1_005, 1_025, 1_045, 1_065].map((at) => Math.round(track.levelAt(at)))).toEqual([
      -23, -20, -20, -23,
    ]);
  });

  it('forgets what was cut before it was heard', () => {
    const track = createFarTrack();
    track.playing(square(3_277, 10), 1_000);
    track.cut(1_050);
    expect([1_030, 1_050, 1_070, 1_190].map((at) => Math.round(track.levelAt(at)))).toEqual([
      -20, -23, -90, -90,
    ]);
    track.playing(square(328), 1_060);
    expect(track.levelAt(1_070)).toBeCloseTo(-40, 0);
  });

  it('remembers a second, however long the call', () => {
    const track = createFarTrack();
    const frame = square(3_277);
    for (let at = 0; at < 60_000; at += 20) track.playing(frame, at);
    expect(track.levelAt(59_000)).toBeCloseTo(-20, 0);
    expect(track.levelAt(58_000)).toBe(-90);
    expect(track.levelAt(10)).toBe(-90);
  });
});
