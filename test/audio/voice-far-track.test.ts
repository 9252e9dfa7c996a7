import { describe, expect, it } from 'vitest';
import { createFarTrack, type FarTrack } from '../../src/audio/far-track.ts';
import { PCM_TO_MULAW } from '../../src/audio/mulaw.ts';

/** Frames of a square wave of `magnitude`, of 32768. */
function square(magnitude: number, frames = 1): Uint8Array {
  return Uint8Array.from({ length: frames * 160 }, (_, i) => {
    return PCM_TO_MULAW[(i & 8 ? magnitude : -magnitude) & 0xffff] as number;
  });
}

/** The level around `atMs`. */
function levelAt(track: FarTrack, atMs: number): number {
  const level = new Float64Array(1);
  track.levels(atMs, level);
  return level[0] ?? Number.NaN;
}

describe('the far track', () => {
  it('knows how loud each 20 ms are that the caller is given', () => {
    const track = createFarTrack();
    track.playing(square(3_277), 1_000);
    track.playing(square(328), 1_020);
    expect(levelAt(track, 1_010)).toBeCloseTo(-20, 0);
    expect(levelAt(track, 1_030)).toBeCloseTo(-40, 0);
    expect(levelAt(track, 990)).toBe(-90);
    expect(levelAt(track, 1_050)).toBe(-90);
  });

  it('tells what was before as well, 10 ms apart', () => {
    const track = createFarTrack();
    track.playing(square(3_277, 2), 1_000);
    const levels = new Float64Array(8);
    track.levels(1_050, levels);
    expect(Array.from(levels, Math.round)).toEqual([-90, -23, -20, -20, -20, -23, -90, -90]);
  });

  it('knows a short sound to within a decibel and a half, wherever it begins', () => {
    for (let beginsAt = 1_000; beginsAt < 1_020; beginsAt += 1) {
      const track = createFarTrack();
      track.playing(square(3_277), beginsAt);
      const levels = new Float64Array(80);
      track.levels(beginsAt + 200, levels);
      const greatest = Math.max(...levels);
      expect([beginsAt, greatest < -19.5, greatest > -21.5]).toEqual([beginsAt, true, true]);
    }
  });

  it('shares out a frame that lies between two of its slots', () => {
    const track = createFarTrack();
    track.playing(square(3_277, 3), 1_010);
    expect([1_005, 1_025, 1_045, 1_065].map((at) => Math.round(levelAt(track, at)))).toEqual([
      -23, -20, -20, -23,
    ]);
  });

  it('forgets what was cut before it was heard', () => {
    const track = createFarTrack();
    track.playing(square(3_277, 10), 1_000);
    track.cut(1_050);
    expect([1_030, 1_050, 1_070, 1_190].map((at) => Math.round(levelAt(track, at)))).toEqual([
      -20, -23, -90, -90,
    ]);
    track.playing(square(328), 1_060);
    expect(levelAt(track, 1_070)).toBeCloseTo(-40, 0);
  });

  it('hears a pause as silence, though what was before it is still in memory', () => {
    const track = createFarTrack();
    track.playing(square(3_277, 20), 1_000);
    track.cut(1_300);
    track.playing(square(3_277), 2_400);
    const levels = new Float64Array(100);
    track.levels(2_385, levels);
    expect(Math.max(...levels)).toBe(-90);
  });

  it('remembers a second, however long the call', () => {
    const track = createFarTrack();
    const frame = square(3_277);
    for (let at = 0; at < 60_000; at += 20) track.playing(frame, at);
    expect(levelAt(track, 59_000)).toBeCloseTo(-20, 0);
    expect(levelAt(track, 58_000)).toBe(-90);
    expect(levelAt(track, 10)).toBe(-90);
  });
});
