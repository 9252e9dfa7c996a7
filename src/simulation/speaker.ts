import type { AudioFormat } from '../audio/agent-format.ts';
import type { Clock } from '../ports.ts';

/**
 * How speech leaves: `real-time` in small bursts at about the speed of speech, as Vapi's audio was seen to arrive, or
 * `at-once` in one message, as an agent does that leaves the pacing to the line.
 */
export type Pace = 'real-time' | 'at-once';

/** Streams one utterance at a time. */
export interface Speaker {
  /**
   * Speaks `audio`, in the call's format, instead of what was being spoken. `finished` is told when the whole of it
   * would have been heard by someone who plays it as it comes; never when it was stopped.
   */
  say(audio: Uint8Array, finished?: () => void): void;
  /** Falls silent at once. */
  stop(): void;
  readonly speaking: boolean;
  /** The part of the current utterance, 0 to 1, that has been sent. 0 when silent. */
  readonly progress: number;
}

/** Bytes of one millisecond of audio: µ-law at 8 kHz, or 16-bit samples at 16 kHz. */
export const BYTES_PER_MS: Record<AudioFormat, number> = { mulaw: 8, pcm_s16le: 32 };

const FRAME_MS = 20;
const BURST_INTERVAL_MS = 50;

/** How far the sound that has left runs ahead of real time. */
const LEAD_MS = 60;

/** Every so many bursts the messages have a length that is no whole number of frames, nor of samples. */
const ODD_EVERY = 7;
const ODD_BYTES = 333;

interface Utterance {
  readonly audio: Uint8Array;
  readonly finished: (() => void) | undefined;
  readonly since: number;
  sent: number;
  bursts: number;
  timer: unknown;
}

/** Makes the speaker of one call. It has a timer only while it speaks. */
export function createSpeaker(options: {
  clock: Clock;
  format: AudioFormat;
  send: (bytes: Uint8Array) => void;
  pace?: Pace;
}): Speaker {
  const { clock, format, send, pace = 'real-time' } = options;
  const bytesPerMs = BYTES_PER_MS[format];
  const frameBytes = FRAME_MS * bytesPerMs;
  let current: Utterance | undefined;

  function burst(utterance: Utterance): void {
    const { audio, since, finished } = utterance;
    const elapsedMs = clock.now() - since;
    const framesDue = Math.floor((elapsedMs + LEAD_MS) / FRAME_MS);
    const due = pace === 'at-once' ? audio.length : Math.min(audio.length, framesDue * frameBytes);
    utterance.bursts += 1;
    const usualBytes = utterance.bursts % ODD_EVERY === 0 ? ODD_BYTES : frameBytes;
    const messageBytes = pace === 'at-once' ? audio.length : usualBytes;
    // Whoever takes a message may stop the speaker, or give it other words, before it returns.
    while (current === utterance && utterance.sent < due) {
      const start = utterance.sent;
      utterance.sent = Math.min(start + messageBytes, due);
      send(audio.subarray(start, utterance.sent));
    }
    if (current !== utterance) return;
    if (due < audio.length) {
      const nextMs = (Math.floor(elapsedMs / BURST_INTERVAL_MS) + 1) * BURST_INTERVAL_MS;
      utterance.timer = clock.setTimeout(() => burst(utterance), since + nextMs - clock.now());
      return;
    }
    const restMs = since + audio.length / bytesPerMs - clock.now();
    utterance.timer = clock.setTimeout(() => {
      current = undefined;
      finished?.();
    }, restMs);
  }

  function stop(): void {
    if (current) clock.clearTimeout(current.timer);
    current = undefined;
  }

  return {
    say(audio, finished) {
      stop();
      current = { audio, finished, since: clock.now(), sent: 0, bursts: 0, timer: undefined };
      burst(current);
    },
    stop,
    get speaking() {
      return current !== undefined;
    },
    get progress() {
      return current ? current.sent / current.audio.length : 0;
    },
  };
}
