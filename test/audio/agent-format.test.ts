import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createAgentDecoder, createCallerEncoder } from '../../src/audio/agent-format.ts';
import { encodeMulaw, isQuiet } from '../../src/audio/mulaw.ts';
import { createDownsampler, createUpsampler } from '../../src/audio/resampler.ts';
import { cut } from './measure.ts';
import { speechMulaw, speechPcm } from './speech.ts';

function littleEndian(samples: Int16Array): Buffer {
  const bytes = Buffer.alloc(2 * samples.length);
  samples.forEach((sample, i) => {
    bytes.writeInt16LE(sample, 2 * i);
  });
  return bytes;
}

describe('as mulaw', () => {
  it('hands the very same bytes on, both ways', () => {
    const bytes = speechMulaw('utt/u01').subarray(0, 161);
    expect(createCallerEncoder('mulaw').encode(bytes)).toBe(bytes);
    expect(createAgentDecoder('mulaw').decode(bytes)).toBe(bytes);
  });
});

describe('as pcm_s16le', () => {
  const mulaw = speechMulaw('utt/u02');
  const wide = createUpsampler().process(speechPcm('utt/u02'));

  it("gives the agent the caller's frames as 640 little-endian bytes at 16 kHz", () => {
    const encoder = createCallerEncoder('pcm_s16le');
    const frames = cut(mulaw, [160]).map((frame) => encoder.encode(frame));
    expect(frames[0]?.length).toBe(640);
    expect(Buffer.concat(frames).equals(littleEndian(wide))).toBe(true);
  });

  it('gives the agent a new buffer for every frame, since a socket may keep it', () => {
    const encoder = createCallerEncoder('pcm_s16le');
    const first = encoder.encode(mulaw.subarray(1_000, 1_160));
    const kept = Buffer.from(first);
    encoder.encode(mulaw.subarray(1_160, 1_320));
    expect(first.equals(kept)).toBe(true);
  });

  it("reads the agent's bytes the same however they are cut, inside a sample too", () => {
    const bytes = littleEndian(wide).subarray(0, 9_000);
    const narrow = createDownsampler().process(wide.subarray(0, 4_500));
    const whole = Buffer.alloc(narrow.length);
    encodeMulaw(narrow, whole);
    fc.assert(
      fc.property(fc.array(fc.nat(1_500), { minLength: 1, maxLength: 12 }), (lengths) => {
        const decoder = createAgentDecoder('pcm_s16le');
        const pieces = cut(bytes, [...lengths, 1]).map((chunk) => decoder.decode(chunk));
        expect(Buffer.concat(pieces).equals(whole)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it('waits for the second byte, and for the second sample', () => {
    const decoder = createAgentDecoder('pcm_s16le');
    const lengths = [1, 0, 1, 1, 1, 4].map((length) => decoder.decode(Buffer.alloc(length)).length);
    expect(lengths).toEqual([0, 0, 0, 0, 1, 1]);
  });

  it('lets nothing of discarded speech be heard after a reset', () => {
    const decoder = createAgentDecoder('pcm_s16le');
    const speech = littleEndian(wide.subarray(4_000, 4_321));
    decoder.decode(speech);
    expect(isQuiet(decoder.decode(Buffer.alloc(640)))).toBe(false);
    decoder.decode(speech);
    decoder.reset();
    const after = decoder.decode(Buffer.alloc(640));
    expect(after.equals(Buffer.alloc(160, 0xff))).toBe(true);
  });

  it.each([1, 2, 3, 4, 5])('keeps its place inside a sample over a reset after %i bytes', (before) => {
    const bytes = littleEndian(wide.subarray(3_000, 3_320));
    const decoder = createAgentDecoder('pcm_s16le');
    decoder.decode(bytes.subarray(0, before));
    decoder.reset();
    const unheard = createAgentDecoder('pcm_s16le').decode(bytes.subarray(before - (before % 2)));
    expect(decoder.decode(bytes.subarray(before)).equals(unheard)).toBe(true);
  });

  it("forgets the caller's last frame when it is reset", () => {
    const encoder = createCallerEncoder('pcm_s16le');
    encoder.encode(mulaw.subarray(2_000, 2_160));
    encoder.reset();
    expect(encoder.encode(Buffer.alloc(160, 0xff)).equals(Buffer.alloc(640))).toBe(true);
  });
});
