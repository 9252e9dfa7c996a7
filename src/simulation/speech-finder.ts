import { MULAW_TO_PCM } from '../audio/mulaw.ts';

/** A stretch of speech, in milliseconds from the beginning of the sound. */
export interface Span {
  fromMs: number;
  toMs: number;
}

/** What a finder tells, at the moment it is sure; `atMs` is when it happened, a little earlier. */
export interface SpeechEdge {
  edge: 'start' | 'end';
  atMs: number;
}

/** Finds speech in sound that arrives piece by piece. */
export interface SpeechFinder {
  /** Listens on: `bytes` follow what came before. */
  push(bytes: Uint8Array): void;
  /** Whether the speech found last still goes on. */
  readonly speaking: boolean;
  /** When speech was last found, in ms; undefined before the first. */
  readonly lastLoudMs: number | undefined;
  /** The stretches found so far; the last one is still open while `speaking`. */
  spans(): Span[];
}

const WINDOW_BYTES = 80;
const WINDOW_MS = 10;
/** A window this loud is heard as something: 17 dB above the hiss of the line, 15 dB and more below speech. */
const LOUD_DBFS = -45;
const LOUD_POWER = 32_768 ** 2 * 10 ** (LOUD_DBFS / 10);
/** A shorter sound is a click. */
const LEAST_LOUD_WINDOWS = 3;
/** Longer than the closure of a consonant and than the gap between two words, shorter than a turn. */
const QUIET_WINDOWS = 30;

function isLoud(bytes: Uint8Array, from: number, to: number): boolean {
  let sum = 0;
  for (let i = from; i < to; i += 1) sum += (MULAW_TO_PCM[bytes[i] ?? 0xff] ?? 0) ** 2;
  return sum >= LOUD_POWER * (to - from);
}

/** A finder by level alone, in windows of 10 ms: enough for a recording or an agent's voice, not for a street. */
export function createSpeechFinder(tell: (edge: SpeechEdge) => void = () => {}): SpeechFinder {
  const found: Span[] = [];
  const rest = Buffer.alloc(WINDOW_BYTES);
  let restBytes = 0;
  let windows = 0;
  let candidate: (Span & { loudWindows: number }) | undefined;
  let speaking = false;

  function hear(loud: boolean): void {
    windows += 1;
    const toMs = windows * WINDOW_MS;
    if (loud) {
      candidate ??= { fromMs: toMs - WINDOW_MS, toMs, loudWindows: 0 };
      candidate.toMs = toMs;
      candidate.loudWindows += 1;
      if (!speaking && candidate.loudWindows >= LEAST_LOUD_WINDOWS) {
        speaking = true;
        found.push(candidate);
        tell({ edge: 'start', atMs: candidate.fromMs });
      }
    } else if (candidate && toMs - candidate.toMs >= QUIET_WINDOWS * WINDOW_MS) {
      const ended = candidate;
      candidate = undefined;
      if (!speaking) return;
      speaking = false;
      tell({ edge: 'end', atMs: ended.toMs });
    }
  }

  return {
    push(bytes) {
      let at = 0;
      if (restBytes > 0) {
        at = Math.min(WINDOW_BYTES - restBytes, bytes.length);
        rest.set(bytes.subarray(0, at), restBytes);
        restBytes += at;
        if (restBytes < WINDOW_BYTES) return;
        restBytes = 0;
        hear(isLoud(rest, 0, WINDOW_BYTES));
      }
      for (; at + WINDOW_BYTES <= bytes.length; at += WINDOW_BYTES)
        hear(isLoud(bytes, at, at + WINDOW_BYTES));
      rest.set(bytes.subarray(at));
      restBytes = bytes.length - at;
    },
    get speaking() {
      return speaking;
    },
    get lastLoudMs() {
      return found.at(-1)?.toMs;
    },
    spans: () => found.map(({ fromMs, toMs }) => ({ fromMs, toMs })),
  };
}

/** The stretches of speech in `mulaw` (8 kHz). Pauses under 300 ms belong to the stretch; clicks under 30 ms do not count. */
export function findSpeech(mulaw: Uint8Array): Span[] {
  const finder = createSpeechFinder();
  finder.push(mulaw);
  return finder.spans();
}
