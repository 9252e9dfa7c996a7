import type { Clock } from '../ports.ts';
import { createLineNoise } from './line-noise.ts';
import type { MediaStream } from './media-stream.ts';
import { createSpeechFinder, type SpeechEdge } from './speech-finder.ts';

export interface CallerOptions {
  clock: Clock;
  /** A stream that has begun, or begins before `start`. */
  stream: MediaStream;
  /** What the caller says, µ-law 8 kHz, pauses included. */
  speech: Uint8Array;
  /** The caller hangs up when neither side has spoken for this long and everything was said. */
  tailMs: number;
  /** The caller hangs up after this long whatever happens. No bound unless told. */
  maxMs?: number;
  /** Which noise the line makes: the same seed, the same noise. */
  seed?: number;
  /** Who begins or ceases to speak, as the caller's own ear and mouth have it. */
  onSpeech?(who: 'caller' | 'agent', edge: SpeechEdge): void;
}

/** Somebody who says one recording, listens, and hangs up when the talk is over. */
export interface Caller {
  /** Sends the first frame now, and frame `n` 20·n ms from now. */
  start(): void;
  /** Hangs up: the stream is stopped. Does nothing once the caller or the server ended the call. */
  hangUp(): void;
  /** Frames of the recording sent so far, and how many it has. */
  readonly speechFramesSent: number;
  readonly speechFrames: number;
  /** Whether it was the caller who ended the stream. */
  readonly hungUp: boolean;
}

const FRAME_MS = 20;
const FRAME_BYTES = 160;
const SILENCE = 0xff;

/**
 * A caller who keeps time as a telephone does: every frame has its moment on the clock, counted from the start, and a
 * late timer is caught up with. After the recording the line hisses faintly, as real ones do.
 */
export function createCaller(options: CallerOptions): Caller {
  const { clock, stream, speech, tailMs, maxMs = Number.POSITIVE_INFINITY } = options;
  const noise = createLineNoise(options.seed ?? 1);
  const mouth = createSpeechFinder((edge) => options.onSpeech?.('caller', edge));
  const ear = createSpeechFinder((edge) => options.onSpeech?.('agent', edge));
  const speechFrames = Math.ceil(speech.length / FRAME_BYTES);
  let startedAt = 0;
  let frames = 0;
  let heardBytes = 0;
  let hungUp = false;
  let timer: unknown;

  function frame(index: number): Uint8Array {
    if (index >= speechFrames) return noise(FRAME_BYTES);
    const bytes = speech.subarray(index * FRAME_BYTES, (index + 1) * FRAME_BYTES);
    if (bytes.length === FRAME_BYTES) return bytes;
    const padded = Buffer.alloc(FRAME_BYTES, SILENCE);
    padded.set(bytes);
    return padded;
  }

  function listen(): void {
    const bytes = stream.heardFrom(heardBytes);
    heardBytes += bytes.length;
    ear.push(bytes);
  }

  /** Whether the caller has nothing more to wait for at `elapsedMs`. */
  function isDone(elapsedMs: number): boolean {
    if (elapsedMs >= maxMs) return true;
    if (frames < speechFrames) return false;
    const lastSoundMs = Math.max(speechFrames * FRAME_MS, ear.lastLoudMs ?? 0);
    return elapsedMs - lastSoundMs >= tailMs;
  }

  function hangUp(): void {
    clock.clearTimeout(timer);
    if (!stream.streaming) return;
    hungUp = true;
    stream.stop();
  }

  function keepTime(): void {
    listen();
    for (; startedAt + frames * FRAME_MS <= clock.now(); frames += 1) {
      const elapsedMs = frames * FRAME_MS;
      if (isDone(elapsedMs)) {
        hangUp();
        return;
      }
      const bytes = frame(frames);
      if (!stream.sendFrame(bytes, elapsedMs)) return;
      mouth.push(bytes);
    }
    timer = clock.setTimeout(keepTime, startedAt + frames * FRAME_MS - clock.now());
  }

  return {
    start() {
      startedAt = clock.now();
      keepTime();
    },
    hangUp,
    get speechFramesSent() {
      return Math.min(frames, speechFrames);
    },
    speechFrames,
    get hungUp() {
      return hungUp;
    },
  };
}
