import { describe, expect, it } from 'vitest';
import { createLineNoise } from '../../src/simulation/line-noise.ts';
import { createSpeechFinder, findSpeech, type SpeechEdge } from '../../src/simulation/speech-finder.ts';

const loud = (ms: number) => Buffer.alloc(ms * 8, 0x10);
const quiet = (ms: number) => createLineNoise(3)(ms * 8);

describe('the speech finder', () => {
  it('finds each stretch, and takes a short pause for part of it', () => {
    const sound = Buffer.concat([
      quiet(500),
      loud(200),
      quiet(250),
      loud(100),
      quiet(400),
      loud(60),
      quiet(90),
    ]);
    expect(findSpeech(sound)).toEqual([
      { fromMs: 500, toMs: 1_050 },
      { fromMs: 1_450, toMs: 1_510 },
    ]);
  });

  it('hears no speech in a click or in the hiss of the line', () => {
    expect(findSpeech(Buffer.concat([quiet(300), loud(20), quiet(500)]))).toEqual([]);
  });

  it('finds the same in pieces of any size, and tells as it goes', () => {
    const sound = Buffer.concat([quiet(100), loud(200), quiet(400), loud(50)]);
    const told: SpeechEdge[] = [];
    const finder = createSpeechFinder((edge) => told.push(edge));
    for (let at = 0; at < sound.length; at += 37) finder.push(sound.subarray(at, at + 37));
    expect(finder.spans()).toEqual(findSpeech(sound));
    expect(told).toEqual([
      { edge: 'start', atMs: 100 },
      { edge: 'end', atMs: 300 },
      { edge: 'start', atMs: 700 },
    ]);
    expect(finder.speaking).toBe(true);
    expect(finder.lastLoudMs).toBe(750);
  });
});
