import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createDownsampler, createUpsampler } from '../../src/audio/resampler.ts';
import {
  amplitudeAt,
  cut,
  decibels,
  FULL_SCALE,
  joined,
  signalToError,
  sinad,
  sine,
  telephoneBand,
} from './measure.ts';
import { SPEECH, speechPcm } from './speech.ts';

const AMPLITUDE = 0.9 * FULL_SCALE;
const VOICE_BAND = Array.from({ length: 63 }, (_, i) => 300 + 50 * i);

/** What a resampler gives for a long sine, from where it has settled. All frequencies here have whole periods in it. */
function upsampled(frequency: number, amplitude = AMPLITUDE): Int16Array {
  return createUpsampler()
    .process(sine(frequency, 8_000, 1_760, amplitude))
    .subarray(320);
}
function downsampled(frequency: number, amplitude = AMPLITUDE): Int16Array {
  return createDownsampler()
    .process(sine(frequency, 16_000, 3_520, amplitude))
    .subarray(160);
}

describe('both resamplers', () => {
  const directions = [
    { name: 'up', create: createUpsampler, frame: 160 },
    { name: 'down', create: createDownsampler, frame: 320 },
  ];

  it.each(directions)('give the same $name in frames of 20 ms as in one piece', ({ create, frame }) => {
    const speech = speechPcm('utt/u01');
    const whole = create().process(speech);
    const framed = create();
    expect(joined(cut(speech, [frame]).map((piece) => framed.process(piece).slice()))).toEqual(whole);
  });

  it.each(directions)('give the same $name in chunks of any length, odd ones and none too', ({ create }) => {
    const speech = speechPcm('utt/u02').subarray(0, 4_000);
    const whole = create().process(speech);
    fc.assert(
      fc.property(fc.array(fc.nat(700), { minLength: 1, maxLength: 12 }), (lengths) => {
        const chunked = create();
        const pieces = cut(speech, [...lengths, 1]).map((piece) => chunked.process(piece).slice());
        expect(joined(pieces)).toEqual(whole);
      }),
      { numRuns: 60 },
    );
  });

  it.each(directions)('never wrap $name at full scale', ({ create }) => {
    // A square wave overshoots, so that a wrap would show as a sample of the wrong sign in the middle of a half wave.
    const square = Int16Array.from({ length: 3_200 }, (_, i) => (i % 160 < 80 ? 32_767 : -32_768));
    const output = create().process(square);
    const ratio = output.length / square.length;
    const delay = 48 * (ratio === 2 ? 1 : 0.5);
    expect(Math.max(...output)).toBe(32_767);
    expect(Math.min(...output)).toBe(-32_768);
    output.forEach((sample, i) => {
      const place = (i - delay) / ratio;
      const phase = place % 80;
      if (place < 0 || phase < 2 || phase > 78) return;
      expect(Math.sign(sample)).toBe(place % 160 < 80 ? 1 : -1);
    });
  });

  it.each(directions)('give exact zeros $name for zeros after a reset', ({ create, frame }) => {
    const resampler = create();
    resampler.process(speechPcm('utt/u03').subarray(2_000, 2_000 + frame + 1));
    expect(resampler.process(new Int16Array(frame)).some((sample) => sample !== 0)).toBe(true);
    resampler.process(speechPcm('utt/u03').subarray(2_000, 2_000 + frame + 1));
    resampler.reset();
    const after = resampler.process(new Int16Array(frame));
    expect(after.every((sample) => sample === 0)).toBe(true);
  });

  it.each(directions)('are new $name after a reset', ({ create }) => {
    const speech = speechPcm('utt/u04');
    const used = create();
    used.process(speech.subarray(0, 777));
    used.reset();
    expect(used.process(speech)).toEqual(create().process(speech));
  });

  it.each(directions)('reuse one buffer $name while frames are of one length', ({ create, frame }) => {
    const resampler = create();
    const first = resampler.process(new Int16Array(frame));
    expect(resampler.process(new Int16Array(frame))).toBe(first);
  });
});

describe('the upsampler', () => {
  it('makes 320 samples of 160, and the first of them is heard 3.00 ms late', () => {
    const impulse = new Int16Array(160);
    impulse[0] = 20_000;
    const output = createUpsampler().process(impulse);
    expect(output.length).toBe(320);
    expect(output.indexOf(Math.max(...output))).toBe(48);
  });

  it('is flat to 0.1 dB from 300 to 3400 Hz', () => {
    const gains = VOICE_BAND.map((f) => decibels(amplitudeAt(upsampled(f), f, 16_000) / AMPLITUDE));
    expect(Math.max(...gains.map(Math.abs))).toBeLessThanOrEqual(0.1);
  });

  it('keeps the images of 300 to 3400 Hz below -65 dB', () => {
    const images = VOICE_BAND.map((f) => decibels(amplitudeAt(upsampled(f), 8_000 - f, 16_000) / AMPLITUDE));
    expect(Math.max(...images)).toBeLessThanOrEqual(-65);
  });

  it('gives a sine of 1 kHz 75 dB above everything else', () => {
    expect(sinad(upsampled(1_000), 1_000, 16_000)).toBeGreaterThanOrEqual(75);
  });
});

describe('the downsampler', () => {
  it('makes 160 samples of 320, and the first of them is heard 3.00 ms late', () => {
    const impulse = new Int16Array(320);
    impulse[0] = 20_000;
    const output = createDownsampler().process(impulse);
    expect(output.length).toBe(160);
    expect(output.indexOf(Math.max(...output))).toBe(24);
  });

  it('lets an odd sample wait for its pair', () => {
    const downsampler = createDownsampler();
    const lengths = [1, 1, 3, 2, 0, 1].map((length) => downsampler.process(new Int16Array(length)).length);
    expect(lengths).toEqual([0, 1, 1, 1, 0, 1]);
  });

  it('is flat to 0.1 dB from 300 to 3400 Hz', () => {
    const gains = VOICE_BAND.map((f) => decibels(amplitudeAt(downsampled(f), f, 8_000) / AMPLITUDE));
    expect(Math.max(...gains.map(Math.abs))).toBeLessThanOrEqual(0.1);
  });

  it('keeps what would fold onto 300 to 3400 Hz below -65 dB', () => {
    const aliases = VOICE_BAND.map((f) =>
      decibels(amplitudeAt(downsampled(8_000 - f), f, 8_000) / AMPLITUDE),
    );
    expect(Math.max(...aliases)).toBeLessThanOrEqual(-65);
  });

  it('gives a sine of 1 kHz 75 dB above everything else', () => {
    expect(sinad(downsampled(1_000), 1_000, 8_000)).toBeGreaterThanOrEqual(75);
  });
});

describe('up and down again', () => {
  it.each(SPEECH)('gives the speech of %s back, 70 dB above the error and 6.00 ms later', (id) => {
    // Within the telephone's band: what µ-law's own noise puts above 3.4 kHz is the filters' to take away.
    const said = telephoneBand(speechPcm(id));
    const heard = createDownsampler().process(createUpsampler().process(said));
    expect(signalToError(said.subarray(0, -48), heard.subarray(48))).toBeGreaterThanOrEqual(70);
  });
});
