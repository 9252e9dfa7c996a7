import { describe, expect, it } from 'vitest';
import { toTelephoneRate } from '../../src/audio/any-rate.ts';
import { amplitudeAt, decibels, FULL_SCALE, sinad, sine } from './measure.ts';

const AMPLITUDE = 0.9 * FULL_SCALE;

/** 200 ms of a tone at 8 kHz, out of the middle of 300 ms at `rate`. */
function heard(frequency: number, rate: number): Int16Array {
  return toTelephoneRate(sine(frequency, rate, Math.round(0.3 * rate), AMPLITUDE), rate).subarray(400, 2_000);
}

describe('a recording brought to 8 kHz', () => {
  it('comes back as it is when it is at 8 kHz', () => {
    const samples = sine(1_000, 8_000, 100, AMPLITUDE);
    expect(toTelephoneRate(samples, 8_000)).toBe(samples);
  });

  it.each([6_000, 11_025, 16_000, 22_050, 44_100, 48_000])('is clean and in place from %i Hz', (rate) => {
    expect(sinad(heard(1_000, rate), 1_000, 8_000)).toBeGreaterThanOrEqual(75);
    const expected = sine(1_000, 8_000, 2_400, AMPLITUDE).subarray(400, 2_000);
    const error = Math.max(...heard(1_000, rate).map((sample, i) => Math.abs(sample - (expected[i] ?? 0))));
    expect(error).toBeLessThanOrEqual(30);
  });

  it.each([16_000, 44_100, 48_000])(
    'keeps the voice band of %i Hz and refuses what would fold onto it',
    (rate) => {
      for (const frequency of [300, 1_000, 3_000, 3_400]) {
        const gain = decibels(amplitudeAt(heard(frequency, rate), frequency, 8_000) / AMPLITUDE);
        expect(Math.abs(gain)).toBeLessThanOrEqual(0.1);
      }
      for (const frequency of [4_100, 4_600, 5_000, 7_000, 7_700]) {
        const alias = decibels(amplitudeAt(heard(frequency, rate), 8_000 - frequency, 8_000) / AMPLITUDE);
        expect(alias).toBeLessThanOrEqual(-65);
      }
    },
  );

  it('has a sample for every moment that began', () => {
    const lengths = [0, 1, 6, 7, 12].map((count) => toTelephoneRate(new Int16Array(count), 48_000).length);
    expect(lengths).toEqual([0, 1, 1, 2, 2]);
  });

  it('stays at the edge of 16 bits where it would leave them', () => {
    const square = Int16Array.from({ length: 4_800 }, (_, i) => (i % 480 < 240 ? 32_767 : -32_768));
    const output = toTelephoneRate(square, 48_000);
    expect(Math.max(...output)).toBe(32_767);
    expect(Math.min(...output)).toBe(-32_768);
    expect(output[20]).toBeGreaterThan(32_000);
  });
});
