import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createFramer } from '../../src/audio/framer.ts';
import { cut } from './measure.ts';
import { speechMulaw } from './speech.ts';

describe('the framer', () => {
  const speech = speechMulaw('utt/u01').subarray(0, 4_321);

  it('gives whole frames whatever the chunks, and loses, adds and changes no byte', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(500), { minLength: 1, maxLength: 15 }),
        fc.integer({ min: 1, max: 400 }),
        (lengths, frameBytes) => {
          const framer = createFramer(frameBytes);
          const out: Buffer[] = [];
          let taken = 0;
          for (const chunk of cut(speech, [...lengths, 7])) {
            const frames = framer.push(chunk);
            out.push(Buffer.from(frames));
            taken += chunk.length;
            expect(frames.length % frameBytes).toBe(0);
            // As many frames as there can be: less than a frame waits.
            expect(framer.remainder).toBe(taken % frameBytes);
          }
          const last = framer.finish();
          if (last) out.push(last);
          const all = Buffer.concat(out);
          expect(all.subarray(0, speech.length).equals(speech)).toBe(true);
          expect(all.length).toBe(Math.ceil(speech.length / frameBytes) * frameBytes);
          expect(all.subarray(speech.length).every((code) => code === 0xff)).toBe(true);
        },
      ),
    );
  });

  it('makes frames of 160 bytes unless told otherwise', () => {
    const framer = createFramer();
    expect(framer.push(speech.subarray(0, 159)).length).toBe(0);
    expect(framer.push(speech.subarray(159, 162))).toEqual(speech.subarray(0, 160));
    expect(framer.remainder).toBe(2);
  });

  it('fills the last frame up with silence, once', () => {
    const framer = createFramer(4);
    framer.push(Buffer.from([1, 2, 3, 4, 5]));
    expect(framer.finish()).toEqual(Buffer.from([5, 0xff, 0xff, 0xff]));
    expect(framer.finish()).toBeUndefined();
    expect(framer.push(Buffer.from([6, 7, 8, 9]))).toEqual(Buffer.from([6, 7, 8, 9]));
  });

  it('forgets the bytes that wait when it is reset', () => {
    const framer = createFramer(4);
    framer.push(Buffer.from([1, 2, 3]));
    framer.reset();
    expect(framer.remainder).toBe(0);
    expect(framer.push(Buffer.from([4, 5, 6, 7]))).toEqual(Buffer.from([4, 5, 6, 7]));
  });

  it('keeps frames that it gave apart from the bytes that come later', () => {
    const framer = createFramer(4);
    framer.push(Buffer.from([1, 2, 3]));
    const first = framer.push(Buffer.from([4, 5, 6]));
    framer.push(Buffer.from([7, 8, 9]));
    expect(first).toEqual(Buffer.from([1, 2, 3, 4]));
  });
});
