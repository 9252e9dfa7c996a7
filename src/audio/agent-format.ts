import { decodeMulaw, encodeMulaw } from './mulaw.ts';
import { createDownsampler, createUpsampler } from './resampler.ts';

/**
 * How audio looks at the agent's end: `mulaw` is 8 kHz, the telephone's own bytes untouched; `pcm_s16le` is signed
 * 16-bit little-endian at 16 kHz. Both are mono and raw, without a header. The names are Vapi's.
 */
export type AudioFormat = 'mulaw' | 'pcm_s16le';

/** Turns the caller's audio into what the agent takes. */
export interface CallerEncoder {
  /**
   * Takes the caller's next µ-law bytes and returns bytes for the agent. As `mulaw` this is `mulaw` itself, the same
   * Buffer; as `pcm_s16le` a new Buffer of four times the length, which a socket may keep.
   */
  encode(mulaw: Buffer): Buffer;
  /** Forgets what went before. */
  reset(): void;
}

/** Turns the agent's audio into what the caller's line takes. */
export interface AgentDecoder {
  /**
   * Takes the agent's next bytes, of any length, and returns µ-law bytes. As `mulaw` this is `bytes` itself, the same
   * Buffer; as `pcm_s16le` a new Buffer. An odd byte or an odd sample waits for what follows it.
   */
  decode(bytes: Buffer): Buffer;
  /**
   * Forgets the sound that went before, whose end would otherwise be heard in what follows: due when audio is discarded.
   * The bytes go on where they were, inside a sample too.
   */
  reset(): void;
  /** What follows comes from elsewhere: its first byte begins a sample. */
  renew(): void;
}

/** Makes the caller's side of one call's conversion. */
export function createCallerEncoder(format: AudioFormat): CallerEncoder {
  if (format === 'mulaw') return { encode: (mulaw) => mulaw, reset() {} };

  const upsampler = createUpsampler();
  let narrow = new Int16Array(160);

  return {
    encode(mulaw) {
      if (narrow.length !== mulaw.length) narrow = new Int16Array(mulaw.length);
      decodeMulaw(mulaw, narrow);
      return toLittleEndian(upsampler.process(narrow));
    },
    reset: upsampler.reset,
  };
}

/** Makes the agent's side of one call's conversion. */
export function createAgentDecoder(format: AudioFormat): AgentDecoder {
  if (format === 'mulaw') return { decode: (bytes) => bytes, reset() {}, renew() {} };

  const downsampler = createDownsampler();
  let wide = new Int16Array(320);
  let oddByte: number | undefined;

  return {
    decode(bytes) {
      const carried = oddByte === undefined ? 0 : 1;
      const count = (carried + bytes.length) >> 1;
      if (wide.length !== count) wide = new Int16Array(count);
      if (oddByte !== undefined && count > 0) wide[0] = oddByte | ((bytes[0] as number) << 8);
      for (let i = carried, at = carried; i < count; i += 1, at += 2) {
        wide[i] = (bytes[at] as number) | ((bytes[at + 1] as number) << 8);
      }
      // With no byte in, nothing changes: the one that waited still waits.
      if (bytes.length > 0) {
        oddByte = (carried + bytes.length) % 2 === 1 ? bytes[bytes.length - 1] : undefined;
      }
      const narrow = downsampler.process(wide);
      const mulaw = Buffer.allocUnsafe(narrow.length);
      encodeMulaw(narrow, mulaw);
      return mulaw;
    },
    // The odd byte stays: it is the first half of a sample whose second half is still to come.
    reset: downsampler.reset,
    renew() {
      oddByte = undefined;
      downsampler.reset();
    },
  };
}

function toLittleEndian(samples: Int16Array): Buffer {
  const bytes = Buffer.allocUnsafe(2 * samples.length);
  for (let i = 0; i < samples.length; i += 1) {
    const sample = samples[i] as number;
    bytes[2 * i] = sample;
    bytes[2 * i + 1] = sample >> 8;
  }
  return bytes;
}
