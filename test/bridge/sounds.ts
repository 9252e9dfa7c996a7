import { type AudioFormat, createAgentDecoder, createCallerEncoder } from '../../src/audio/agent-format.ts';
import { decodeMulaw, encodeMulaw } from '../../src/audio/mulaw.ts';
import { speechMulaw } from '../audio/speech.ts';

export const FRAME_BYTES = 160;
export const FRAME_MS = 20;
export const BYTES_PER_MS = 8;

/** The hiss of a quiet line, in dBFS: it makes every frame unlike every other. */
const LINE_DBFS = -62;
const AGENT_DBFS = -20;

/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function createNoise(seed: number, dbfs: number): () => number {
  const random = createRandom(seed);
  // The sum of three is near enough to a bell; its deviation is 1/2 over the range of -1.5 to 1.5.
  const amplitude = 32_768 * 10 ** (dbfs / 20) * 2;
  return () => amplitude * (random() + random() + random() - 1.5);
}

/** What a caller's telephone picks up: whatever is said into it, over the hiss of its line. */
export interface Mouthpiece {
  /** Speech to be picked up from the next frame on, after what is being said already. µ-law. */
  say(mulaw: Buffer): void;
  /** The next 20 ms. */
  next(): Buffer;
}

export function createMouthpiece(seed: number): Mouthpiece {
  const hiss = createNoise(seed, LINE_DBFS);
  let speech = new Int16Array(0);

  return {
    say(mulaw) {
      const more = new Int16Array(speech.length + mulaw.length);
      more.set(speech);
      decodeMulaw(mulaw, more.subarray(speech.length));
      speech = more;
    },
    next() {
      const samples = Int16Array.from({ length: FRAME_BYTES }, (_, i) => (speech[i] ?? 0) + hiss());
      speech = speech.subarray(FRAME_BYTES);
      const frame = Buffer.alloc(FRAME_BYTES);
      encodeMulaw(samples, frame);
      return frame;
    },
  };
}

/** About five seconds of a caller's speech. */
export function callerSpeech(): Buffer {
  return Buffer.concat(['utt/u01', 'utt/u02', 'utt/u03', 'utt/u04'].map(speechMulaw));
}

/** A turn of the agent, `ms` long, in the agent's format: no two of its frames are alike, nor any of another `seed`. */
export function agentTurn(format: AudioFormat, seed: number, ms: number): Buffer {
  const noise = createNoise(1_000 + seed, AGENT_DBFS);
  if (format === 'mulaw') {
    const mulaw = Buffer.alloc(ms * BYTES_PER_MS);
    encodeMulaw(Int16Array.from({ length: mulaw.length }, noise), mulaw);
    return mulaw;
  }
  const pcm = Buffer.alloc(ms * 32);
  for (let at = 0; at < pcm.length; at += 2) pcm.writeInt16LE(Math.round(noise()), at);
  return pcm;
}

/** What the caller's line makes of the agent's audio, converted as one piece. */
export function atTheEar(format: AudioFormat, audio: Buffer): Buffer {
  return Buffer.from(createAgentDecoder(format).decode(audio));
}

/** What the agent is to hear of the caller's audio, converted as one piece. */
export function atTheAgent(format: AudioFormat, mulaw: Buffer): Buffer {
  return createCallerEncoder(format).encode(mulaw);
}

/** Where `heard` stops being silent, in bytes from `from`; its length if it never does. */
export function endOfSilence(heard: Buffer, from = 0): number {
  for (let at = from; at < heard.length; at += 1) if (heard[at] !== 0xff) return at;
  return heard.length;
}
