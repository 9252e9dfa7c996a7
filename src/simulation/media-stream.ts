import type { Clock, Socket } from '../ports.ts';
import { judgeServerText, type Violation } from './media-rules.ts';
import { createPlayback } from './playback.ts';
import { createTwilioMessages, type StreamIds } from './twilio-messages.ts';

export interface MediaStreamOptions extends StreamIds {
  clock: Clock;
  /** The socket to the server. The stream listens on it from the start. */
  socket: Socket;
  /** The TwiML's `<Parameter>`s, which arrive as `start.customParameters`. */
  parameters: Record<string, string>;
  /** How long an echo of a mark is under way; real lines take 20 to 150 ms. 0 unless told. */
  markEchoDelayMs?: number;
  /** Begin as the bare client of the development guide does: a `start` with two ids, and no `connected`. */
  bare?: boolean;
  /** A stream of `<Start>`: whatever the server sends on it is error 31924 and is not played. */
  oneWay?: boolean;
  onEvent?(event: StreamEvent): void;
}

/** What happens on a stream; `atMs` counts from `begin`, and is 0 before it. */
export type StreamEvent = { atMs: number } & (
  | { type: 'opened' }
  | { type: 'media'; bytes: number; queuedMs: number }
  | { type: 'mark'; name: string }
  | { type: 'echo'; name: string }
  | { type: 'clear'; droppedMs: number }
  | ({ type: 'violation' } & Violation)
  | { type: 'closed'; code: number; words: string }
);

/** One `clear`: when it came, and how much audio it kept from being heard. */
export interface Clearing {
  atMs: number;
  droppedMs: number;
}

/** How many `media` messages came, how many bytes they held, and how many there were of each size. */
export interface MediaCount {
  count: number;
  bytes: number;
  sizes: ReadonlyMap<number, number>;
}

/** One Media Stream, from Twilio's side. Sending before `begin` or after the end does nothing. */
export interface MediaStream {
  /** Sends `connected` and `start`. To be called once, when the socket is open. */
  begin(): void;
  /**
   * Sends µ-law of the caller as one `media` message. `timestampMs` counts from `begin`; without it, the audio follows
   * on what was sent before. Answers whether it was sent.
   */
  sendFrame(mulaw: Uint8Array, timestampMs?: number): boolean;
  /** The caller presses one key: `0`-`9`, `*` or `#`. */
  press(digit: string): void;
  /** The call ends: a `stop` message, then the close handshake. */
  stop(): void;
  /** The line breaks: no `stop`, no close handshake. */
  drop(): void;
  /** What the caller heard since `begin`, µ-law 8 kHz, 0xff where nothing was playing. */
  heard(): Buffer;
  /** What the caller heard from byte `fromByte` (8 bytes a millisecond) until now. */
  heardFrom(fromByte: number): Buffer;
  /** Milliseconds since `begin`; stands still when the stream is over. */
  readonly elapsedMs: number;
  readonly streaming: boolean;
  readonly playing: boolean;
  readonly queuedMs: number;
  readonly sentFrames: number;
  readonly marksReceived: number;
  readonly marksEchoed: number;
  readonly clears: readonly Clearing[];
  readonly mediaMessages: MediaCount;
  /** Every rule broken, the first 200. (Twilio itself reports each code once and is silent after.) */
  readonly violations: readonly Violation[];
}

const BYTES_PER_MS = 8;
const VIOLATIONS_KEPT = 200;
const NORMAL_CLOSURE = 1000;

/**
 * A Media Stream as Twilio runs it: queues and plays what the server sends, echoes its marks, empties the queue on
 * `clear`, and holds the server to the letter of the protocol. A message that breaks a rule is noted and has no effect.
 */
export function createMediaStream(options: MediaStreamOptions): MediaStream {
  const { clock, socket, streamSid } = options;
  const messages = createTwilioMessages(options);
  const playback = createPlayback({ clock, echoDelayMs: options.markEchoDelayMs ?? 0, echo });
  const violations: Violation[] = [];
  const clears: Clearing[] = [];
  const sizes = new Map<number, number>();
  let phase: 'waiting' | 'streaming' | 'over' = 'waiting';
  let sentFrames = 0;
  let nextTimestampMs = 0;
  let marksReceived = 0;
  let marksEchoed = 0;
  let mediaBytes = 0;
  let mediaCount = 0;

  const tell = (event: StreamEvent) => options.onEvent?.(event);

  function flag(code: Violation['code'], why: string): void {
    if (violations.length < VIOLATIONS_KEPT) violations.push({ code, why });
    tell({ type: 'violation', atMs: playback.elapsedMs, code, why });
  }

  function echo(name: string): void {
    marksEchoed += 1;
    socket.sendText(messages.mark(name));
    tell({ type: 'echo', atMs: playback.elapsedMs, name });
  }

  function play(payload: Buffer): void {
    mediaCount += 1;
    mediaBytes += payload.length;
    sizes.set(payload.length, (sizes.get(payload.length) ?? 0) + 1);
    const lost = playback.play(payload);
    if (lost > 0)
      flag(31931, `ten minutes of audio are waiting: ${lost / BYTES_PER_MS} ms more are thrown away`);
    tell({ type: 'media', atMs: playback.elapsedMs, bytes: payload.length, queuedMs: playback.queuedMs });
  }

  function takeMark(name: string): void {
    marksReceived += 1;
    tell({ type: 'mark', atMs: playback.elapsedMs, name });
    playback.mark(name);
  }

  function clear(): void {
    const atMs = playback.elapsedMs;
    const droppedMs = playback.queuedMs;
    clears.push({ atMs, droppedMs });
    tell({ type: 'clear', atMs, droppedMs });
    playback.clear();
  }

  function takeText(text: string): void {
    if (phase === 'over') return;
    if (options.oneWay) {
      flag(31924, 'a stream of <Start> takes no message at all from the server');
    } else if (phase === 'waiting') {
      flag(31951, 'a message came before the stream had started');
    } else {
      judge(text);
    }
  }

  function judge(text: string): void {
    const { message, violation } = judgeServerText(text, streamSid);
    if (violation) flag(violation.code, violation.why);
    if (message?.event === 'media') play(message.payload);
    if (message?.event === 'mark') takeMark(message.name);
    if (message?.event === 'clear') clear();
  }

  function end(): void {
    if (phase === 'over') return;
    phase = 'over';
    playback.end();
  }

  socket.listen({
    opened: () => tell({ type: 'opened', atMs: 0 }),
    text: takeText,
    binary() {
      if (phase !== 'over') flag(31950, 'a binary frame came; Twilio takes text only');
    },
    ponged() {},
    closed(code, words) {
      end();
      tell({ type: 'closed', atMs: playback.elapsedMs, code, words });
    },
  });

  return {
    begin() {
      if (phase !== 'waiting') return;
      phase = 'streaming';
      playback.begin();
      if (options.bare) {
        socket.sendText(messages.bareStart());
        return;
      }
      socket.sendText(messages.connected());
      socket.sendText(messages.start(options.parameters));
    },
    sendFrame(mulaw, timestampMs = nextTimestampMs) {
      if (phase !== 'streaming') return false;
      sentFrames += 1;
      nextTimestampMs = timestampMs + mulaw.length / BYTES_PER_MS;
      socket.sendText(messages.media(mulaw, timestampMs));
      return true;
    },
    press(digit) {
      if (phase === 'streaming') socket.sendText(messages.dtmf(digit));
    },
    stop() {
      if (phase === 'streaming') socket.sendText(messages.stop());
      end();
      socket.close(NORMAL_CLOSURE, '');
    },
    drop() {
      end();
      socket.terminate();
    },
    heard: () => playback.heardFrom(0),
    heardFrom: playback.heardFrom,
    get elapsedMs() {
      return playback.elapsedMs;
    },
    get streaming() {
      return phase === 'streaming';
    },
    get playing() {
      return playback.queuedMs > 0;
    },
    get queuedMs() {
      return playback.queuedMs;
    },
    get sentFrames() {
      return sentFrames;
    },
    get marksReceived() {
      return marksReceived;
    },
    get marksEchoed() {
      return marksEchoed;
    },
    get mediaMessages() {
      return { count: mediaCount, bytes: mediaBytes, sizes };
    },
    clears,
    violations,
  };
}
