import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  decodeMulaw,
  encodeMulaw,
  fadedIn,
  isQuiet,
  MULAW_SILENCE,
  MULAW_TO_PCM,
  PCM_TO_MULAW,
  quietTail,
} from '../../src/audio/mulaw.ts';
import { FULL_SCALE, signalToError, sine } from './measure.ts';

const CODES = Uint8Array.from({ length: 256 }, (_, code) => code);

function decoded(bytes: Uint8Array): Int16Array {
  const samples = new Int16Array(bytes.length);
  decodeMulaw(bytes, samples);
  return samples;
}

function encoded(samples: Int16Array): Uint8Array {
  const bytes = new Uint8Array(samples.length);
  encodeMulaw(samples, bytes);
  return bytes;
}

describe('µ-law', () => {
  it('decodes the 256 codes as ITU-T G.191 does', () => {
    const littleEndian = Buffer.alloc(512);
    MULAW_TO_PCM.forEach((sample, code) => {
      littleEndian.writeInt16LE(sample, 2 * code);
    });
    expect(createHash('sha256').update(littleEndian).digest('hex')).toBe(
      '3dab54339e520bb2c924826e3b72a917a2b612e9fd12fc867500f1d983a75827',
    );
    expect(decoded(CODES)).toEqual(MULAW_TO_PCM);
  });

  it('encodes the 65,536 samples as ITU-T G.191 does', () => {
    expect(createHash('sha256').update(PCM_TO_MULAW).digest('hex')).toBe(
      '455d3ccb989aea3ed20d8783a99859635739069ad7ffab3bfc61f36feb6de709',
    );
    const samples = Int16Array.from({ length: 65_536 }, (_, i) => i);
    expect(encoded(samples)).toEqual(PCM_TO_MULAW);
  });

  it('gives back every code but 0x7F, which is the other zero', () => {
    const returned = encoded(decoded(CODES));
    const changed = [...CODES].filter((code) => returned[code] !== code);
    expect(changed).toEqual([0x7f]);
    expect(returned[0x7f]).toBe(MULAW_SILENCE);
    expect([...decoded(Uint8Array.of(0x7f, MULAW_SILENCE))]).toEqual([0, 0]);
  });

  it.each([0, -10, -20, -30, -40])('keeps a sine of %i dBFS 33 dB above its error', (level) => {
    const said = sine(1_020, 8_000, 8_000, FULL_SCALE * 10 ** (level / 20));
    expect(signalToError(said, decoded(encoded(said)))).toBeGreaterThanOrEqual(33);
  });

  it('calls silence and the two steps next to it quiet, and nothing else', () => {
    const quiet = [...CODES].filter((code) => isQuiet(Uint8Array.of(code)));
    expect(quiet.map((code) => MULAW_TO_PCM[code]).sort((a, b) => Number(a) - Number(b))).toEqual([
      -16, -8, 0, 0, 8, 16,
    ]);
  });

  it('looks for sound only between start and end', () => {
    const bytes = Buffer.alloc(160, MULAW_SILENCE);
    bytes[80] = 0x20;
    expect(isQuiet(bytes)).toBe(false);
    expect(isQuiet(bytes, 0, 80)).toBe(true);
    expect(isQuiet(bytes, 81)).toBe(true);
    expect(isQuiet(bytes, 80, 81)).toBe(false);
    expect(isQuiet(Buffer.alloc(0))).toBe(true);
  });

  it('counts the quiet bytes at an end, none of them before the last sound', () => {
    const bytes = Buffer.alloc(160, MULAW_SILENCE);
    expect(quietTail(bytes)).toBe(160);
    bytes[80] = 0x20;
    bytes[20] = 0x20;
    expect(quietTail(bytes)).toBe(79);
    expect(quietTail(bytes.subarray(0, 81))).toBe(0);
    expect(quietTail(Buffer.alloc(0))).toBe(0);
  });

  it('fades in over the first samples, in a copy', () => {
    const loud = Buffer.alloc(160, 0x00);
    const faded = fadedIn(loud, 80);
    expect(loud.equals(Buffer.alloc(160, 0x00))).toBe(true);
    expect(faded.subarray(80).equals(loud.subarray(80))).toBe(true);
    const rising = [...decoded(faded.subarray(0, 80))].map((sample) => -sample);
    expect(rising.every((sample, i) => i === 0 || sample >= (rising[i - 1] ?? 0))).toBe(true);
    expect(rising[0]).toBeLessThan(32_124 / 64);
    expect(rising[79]).toBeGreaterThan(30_000);
    expect(fadedIn(loud.subarray(0, 40), 80)).toHaveLength(40);
  });

  it('calls a pad of zeros loud', () => {
    expect(isQuiet(Buffer.alloc(160))).toBe(false);
  });
});
