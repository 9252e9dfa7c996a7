import { toTelephoneRate } from './any-rate.ts';
import { decodeMulaw, encodeMulaw } from './mulaw.ts';

/** What a file of speech holds as headerless µ-law at 8 kHz, or why it holds none that can be read. */
export type SpeechReading = { ok: true; mulaw: Buffer } | { ok: false; words: string };

/** Format codes of a WAV file (Microsoft, mmreg.h). An extensible one has its real code in a longer format chunk. */
const PCM = 0x0001;
const MULAW = 0x0007;
const EXTENSIBLE = 0xfffe;

/** The rates between which a recording is believed. */
const LOWEST_RATE = 4_000;
const HIGHEST_RATE = 192_000;

const HEADERLESS = /\.(ulaw|ul|mulaw)$/i;

/**
 * Reads speech out of a file's bytes: a WAV file with 16-bit PCM or µ-law at any usual rate, of which the first channel
 * is taken, or headerless µ-law at 8 kHz under a name that ends in `.ulaw`, `.ul` or `.mulaw`. Never throws; `words`
 * names the file, what is wrong with it and the remedy.
 */
export function readSpeech(bytes: Buffer, fileName: string): SpeechReading {
  const fault = (what: string): SpeechReading => ({
    ok: false,
    words: `${fileName} ${what}. Convert it: ffmpeg -i "${fileName}" -ar 8000 -ac 1 -c:a pcm_s16le speech.wav`,
  });
  const empty: SpeechReading = {
    ok: false,
    words: `${fileName} holds no sound. Give a file with speech in it.`,
  };

  if (!isWav(bytes)) {
    if (bytes.length === 0) return empty;
    if (HEADERLESS.test(fileName)) return { ok: true, mulaw: bytes };
    return fault('is neither a WAV file nor headerless µ-law (.ulaw)');
  }

  const format = formatOf(chunkOf(bytes, 'fmt '));
  if (!format) return fault('is a WAV file that does not say how its sound is written');
  const { code, channels, rate, bits } = format;
  const readable = (code === PCM && bits === 16) || (code === MULAW && bits === 8);
  if (!readable)
    return fault(`holds ${bits}-bit sound of WAV format ${code}; 16-bit PCM and µ-law can be read`);
  if (channels === 0) return fault('is a WAV file of no channels');
  if (rate < LOWEST_RATE || rate > HIGHEST_RATE) {
    return fault(`claims ${rate} samples a second; from ${LOWEST_RATE} to ${HIGHEST_RATE} can be read`);
  }

  const data = chunkOf(bytes, 'data');
  if (!data) return fault('is a WAV file without a data chunk');
  const samples = firstChannel(data, code, channels);
  if (samples.length === 0) return empty;
  const narrow = toTelephoneRate(samples, rate);
  const mulaw = Buffer.alloc(narrow.length);
  encodeMulaw(narrow, mulaw);
  return { ok: true, mulaw };
}

/** A WAV file of 8 kHz µ-law bytes, written as 16-bit mono PCM, which every player opens. */
export function writeWav(mulaw: Uint8Array): Buffer {
  const samples = new Int16Array(mulaw.length);
  decodeMulaw(mulaw, samples);
  const wav = Buffer.alloc(44 + 2 * samples.length);
  wav.write('RIFF', 0, 'latin1');
  wav.writeUInt32LE(wav.length - 8, 4);
  wav.write('WAVEfmt ', 8, 'latin1');
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(PCM, 20);
  wav.writeUInt16LE(1, 22);
  wav.writeUInt32LE(8_000, 24);
  wav.writeUInt32LE(16_000, 28);
  wav.writeUInt16LE(2, 32);
  wav.writeUInt16LE(16, 34);
  wav.write('data', 36, 'latin1');
  wav.writeUInt32LE(2 * samples.length, 40);
  samples.forEach((sample, i) => {
    wav.writeInt16LE(sample, 44 + 2 * i);
  });
  return wav;
}

function isWav(bytes: Buffer): boolean {
  return bytes.toString('latin1', 0, 4) === 'RIFF' && bytes.toString('latin1', 8, 12) === 'WAVE';
}

/**
 * The body of the first chunk called `id`. A length that points past the end is cut there: programs that write to a
 * pipe cannot go back to fill it in, and leave 0xffffffff.
 */
function chunkOf(bytes: Buffer, id: string): Buffer | undefined {
  let at = 12;
  while (at + 8 <= bytes.length) {
    const length = bytes.readUInt32LE(at + 4);
    const body = at + 8;
    if (bytes.toString('latin1', at, at + 4) === id) return bytes.subarray(body, body + length);
    at = body + length + (length % 2);
  }
  return undefined;
}

interface WavFormat {
  code: number;
  channels: number;
  /** Samples a second. */
  rate: number;
  bits: number;
}

function formatOf(chunk: Buffer | undefined): WavFormat | undefined {
  if (!chunk || chunk.length < 16) return undefined;
  const code = chunk.readUInt16LE(0);
  return {
    code: code === EXTENSIBLE && chunk.length >= 26 ? chunk.readUInt16LE(24) : code,
    channels: chunk.readUInt16LE(2),
    rate: chunk.readUInt32LE(4),
    bits: chunk.readUInt16LE(14),
  };
}

function firstChannel(data: Buffer, code: number, channels: number): Int16Array {
  const sampleBytes = code === PCM ? 2 : 1;
  const stride = sampleBytes * channels;
  const count = Math.floor(data.length / stride);
  const samples = new Int16Array(count);
  if (code === PCM) return samples.map((_, i) => data.readInt16LE(i * stride));
  decodeMulaw(
    Uint8Array.from({ length: count }, (_, i) => data[i * stride] ?? 0),
    samples,
  );
  return samples;
}
