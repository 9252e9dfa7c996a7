import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeMulaw } from '../../src/audio/mulaw.ts';
import { readSpeech, writeWav } from '../../src/audio/wav.ts';
import { FULL_SCALE, signalToError, sine } from './measure.ts';
import { speechMulaw } from './speech.ts';

interface Fields {
  code?: number;
  channels?: number;
  rate?: number;
  bits?: number;
}

function chunk(id: string, body: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.write(id, 'latin1');
  head.writeUInt32LE(body.length, 4);
  return Buffer.concat([head, body, Buffer.alloc(body.length % 2)]);
}

function fmt({ code = 1, channels = 1, rate = 8_000, bits = 16 }: Fields, subFormat?: number): Buffer {
  const body = Buffer.alloc(subFormat === undefined ? 16 : 40);
  body.writeUInt16LE(subFormat === undefined ? code : 0xfffe, 0);
  body.writeUInt16LE(channels, 2);
  body.writeUInt32LE(rate, 4);
  body.writeUInt32LE((rate * channels * bits) / 8, 8);
  body.writeUInt16LE((channels * bits) / 8, 12);
  body.writeUInt16LE(bits, 14);
  if (subFormat !== undefined) body.writeUInt16LE(subFormat, 24);
  return chunk('fmt ', body);
}

function wav(...chunks: Buffer[]): Buffer {
  return Buffer.concat([Buffer.from('RIFF\0\0\0\0WAVE', 'latin1'), ...chunks]);
}

function pcm(samples: Int16Array, channels = 1): Buffer {
  const bytes = Buffer.alloc(2 * samples.length * channels);
  samples.forEach((sample, i) => {
    bytes.writeInt16LE(sample, 2 * channels * i);
  });
  return bytes;
}

function mulawOf(bytes: Buffer, fileName = 'speech.wav'): Buffer {
  const reading = readSpeech(bytes, fileName);
  if (!reading.ok) throw new Error(reading.words);
  return reading.mulaw;
}

function wordsOf(bytes: Buffer, fileName = 'speech.wav'): string {
  const reading = readSpeech(bytes, fileName);
  return reading.ok ? 'read' : reading.words;
}

describe('a file of speech', () => {
  const speech = speechMulaw('utt/u01');
  const tone = sine(1_000, 8_000, 1_600, 0.5 * FULL_SCALE);

  it('is taken as it is when it is headerless µ-law', () => {
    expect(mulawOf(speech, 'u01.ulaw').equals(speech)).toBe(true);
    expect(mulawOf(speech, 'U01.UL').equals(speech)).toBe(true);
  });

  it('is read back as it was written', () => {
    // 0x7F is the other zero, which PCM cannot tell from 0xFF.
    const expected = speech.map((code) => (code === 0x7f ? 0xff : code));
    expect(mulawOf(writeWav(speech)).equals(expected)).toBe(true);
  });

  it('is a WAV even under the name of a headerless file', () => {
    expect(mulawOf(writeWav(speech), 'u01.ulaw').length).toBe(speech.length);
  });

  it('may be a µ-law WAV', () => {
    const file = wav(fmt({ code: 7, bits: 8 }), chunk('data', speech.subarray(0, 1_000)));
    const expected = speech.subarray(0, 1_000).map((code) => (code === 0x7f ? 0xff : code));
    expect(mulawOf(file).equals(expected)).toBe(true);
  });

  it('may be of the extensible format', () => {
    const file = wav(fmt({}, 1), chunk('data', pcm(tone)));
    expect(mulawOf(file).equals(mulawOf(wav(fmt({}), chunk('data', pcm(tone)))))).toBe(true);
  });

  it('may hold other chunks, of odd length too, before and after the sound', () => {
    const list = chunk('LIST', Buffer.from('INFOISFT\x05\0\0\0Lavf\0', 'latin1'));
    const file = wav(list, fmt({}), list, chunk('data', pcm(tone)), list);
    expect(mulawOf(file).length).toBe(tone.length);
  });

  it.each([0xffffffff, 1_000_000])('is read to its end when its length claims to be %i', (claimed) => {
    const data = chunk('data', pcm(tone));
    data.writeUInt32LE(claimed, 4);
    expect(mulawOf(wav(fmt({}), data)).length).toBe(tone.length);
  });

  it('gives its first channel', () => {
    const stereo = pcm(tone, 2);
    for (let i = 0; i < tone.length; i += 1) stereo.writeInt16LE(12_345, 4 * i + 2);
    const mono = mulawOf(wav(fmt({}), chunk('data', pcm(tone))));
    expect(mulawOf(wav(fmt({ channels: 2 }), chunk('data', stereo))).equals(mono)).toBe(true);
  });

  it.each([11_025, 16_000, 22_050, 44_100, 48_000])('is brought from %i Hz to 8 kHz', (rate) => {
    const said = sine(1_000, rate, rate / 5, 0.5 * FULL_SCALE);
    const mulaw = mulawOf(wav(fmt({ rate }), chunk('data', pcm(said))));
    const heard = new Int16Array(mulaw.length);
    decodeMulaw(mulaw, heard);
    expect(heard.length).toBe(1_600);
    // As good as µ-law itself, which keeps a sine 33 dB above its error.
    expect(signalToError(tone.subarray(100, -100), heard.subarray(100, -100))).toBeGreaterThanOrEqual(33);
  });

  it.each([
    ['nothing at all', Buffer.alloc(0), /speech\.wav holds no sound/],
    ['no samples', wav(fmt({}), chunk('data', Buffer.alloc(0))), /holds no sound/],
    ['something else', Buffer.from('ID3 and so on'), /neither a WAV file nor headerless µ-law.*ffmpeg -i/],
    ['no format', wav(chunk('data', pcm(tone))), /does not say how its sound is written/],
    ['a format cut short', wav(chunk('fmt ', Buffer.alloc(8))), /does not say how its sound is written/],
    ['no data', wav(fmt({})), /without a data chunk/],
    ['24 bits', wav(fmt({ bits: 24 }), chunk('data', pcm(tone))), /24-bit sound of WAV format 1.*ffmpeg -i/],
    ['an unknown code', wav(fmt({ code: 85 }), chunk('data', pcm(tone))), /WAV format 85/],
    ['a promise of more format', wav(fmt({ code: 0xfffe }), chunk('data', pcm(tone))), /WAV format 65534/],
    ['no channels', wav(fmt({ channels: 0 }), chunk('data', pcm(tone))), /no channels/],
    ['an impossible rate', wav(fmt({ rate: 3 }), chunk('data', pcm(tone))), /claims 3 samples a second/],
  ])('is refused in words when it holds %s', (_, bytes, words) => {
    expect(wordsOf(bytes)).toMatch(words);
  });

  it('never throws, whatever the bytes', () => {
    const noise = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes));
    const broken = fc.tuple(fc.nat(60), fc.nat(255), fc.nat(150)).map(([at, value, length]) => {
      const file = Buffer.from(writeWav(speech.subarray(0, 50)));
      file[at] = value;
      return file.subarray(0, length);
    });
    fc.assert(
      fc.property(fc.oneof(noise, broken), fc.constantFrom('a.wav', 'a.ulaw', ''), (bytes, fileName) => {
        const reading = readSpeech(bytes, fileName);
        expect(reading.ok ? reading.mulaw.length : reading.words.length).toBeGreaterThan(0);
      }),
      { numRuns: 500 },
    );
  });

  it('is written as 16-bit mono PCM at 8 kHz', () => {
    const file = writeWav(Buffer.from([0xff, 0x00, 0x80]));
    expect(file.toString('hex')).toBe(
      `${[
        '52494646 2a000000 57415645',
        '666d7420 10000000 0100 0100 401f0000 803e0000 0200 1000',
        '64617461 06000000 0000 8482 7c7d',
      ].join('')}`.replaceAll(' ', ''),
    );
  });
});
