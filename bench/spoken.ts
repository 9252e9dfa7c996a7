import { MULAW_TO_PCM, PCM_TO_MULAW } from '../src/audio/mulaw.ts';
import { readMulaw, readWide } from './coded-frames.ts';
import { FRAME_BYTES, type Track } from './track.ts';

/** What an agent speaks: µ-law; samples of 16 bits at 16 kHz; the same at 8 kHz. */
export type SpokenFormat = 'mulaw' | 'pcm_s16le' | 'pcm_8k';

/** How numbered frames look at the two ends of a call, and how they are known again. */
export interface Spoken {
  callerSays(track: Track, now: number): Buffer;
  agentSays(track: Track, now: number): Buffer;
  callerHears(track: Track, mulaw: Buffer, now: number): void;
  agentHears(track: Track, bytes: Buffer, now: number): void;
}

const WIDE_BYTES = 4 * FRAME_BYTES;

/** `soundDelayMs` is by how much the resampler of the server delays the sound within its frames. */
export function spokenIn(format: SpokenFormat, soundDelayMs = 0): Spoken {
  switch (format) {
    case 'mulaw':
      return {
        callerSays: (track, now) => track.next(now),
        agentSays: (track, now) => track.next(now),
        callerHears: (track, mulaw, now) => track.arrived(mulaw, now),
        agentHears: (track, bytes, now) => track.arrived(bytes, now),
      };
    case 'pcm_8k':
      // Nothing is lost in decoding, so that the number in the µ-law can be read again.
      return {
        callerSays: (track, now) => track.next(now),
        agentSays: (track, now) => narrowOf(track.next(now)),
        callerHears: (track, mulaw, now) => track.arrived(mulaw, now),
        agentHears: (track, bytes, now) => track.arrived(mulawOf(bytes), now),
      };
    case 'pcm_s16le':
      return {
        callerSays: (track, now) => track.nextCoded(now).mulaw,
        agentSays: (track, now) => track.nextCoded(now).wide,
        callerHears(track, mulaw, now) {
          for (const frame of framesOf(mulaw, FRAME_BYTES))
            track.arrivedCoded(readMulaw(frame, soundDelayMs), now);
        },
        agentHears(track, bytes, now) {
          for (const frame of framesOf(bytes, WIDE_BYTES))
            track.arrivedCoded(readWide(frame, soundDelayMs), now);
        },
      };
  }
}

function* framesOf(bytes: Buffer, size: number): Generator<Buffer> {
  for (let at = 0; at + size <= bytes.length; at += size) yield bytes.subarray(at, at + size);
}

function narrowOf(mulaw: Buffer): Buffer {
  const samples = Buffer.allocUnsafe(2 * mulaw.length);
  for (let i = 0; i < mulaw.length; i += 1)
    samples.writeInt16LE(MULAW_TO_PCM[mulaw[i] as number] as number, 2 * i);
  return samples;
}

function mulawOf(samples: Buffer): Buffer {
  const mulaw = Buffer.allocUnsafe(samples.length >> 1);
  for (let i = 0; i < mulaw.length; i += 1)
    mulaw[i] = PCM_TO_MULAW[samples.readInt16LE(2 * i) & 0xffff] as number;
  return mulaw;
}
