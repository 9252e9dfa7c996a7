import type { Ports } from '../ports.ts';
import { type Caller, createCaller } from './caller.ts';
import { createHeardTimeline } from './heard-timeline.ts';
import type { Violation } from './media-rules.ts';
import { type Clearing, createMediaStream, type MediaStream, type StreamEvent } from './media-stream.ts';
import type { SpeechEdge } from './speech-finder.ts';

export interface PhoneLineOptions {
  callSid: string;
  accountSid: string;
  /** What the caller says, µ-law 8 kHz. Time passes for it between two streams too. */
  speech: Uint8Array;
  tailMs: number;
  maxMs: number;
  markEchoDelayMs: number;
  /** Who begins or ceases to speak; counted from the beginning of the first stream, as all times here. */
  onSpeech(who: 'caller' | 'agent', edge: SpeechEdge): void;
  onStream(event: StreamEvent): void;
}

/** How one stream ended: never opened, hung up by the caller, closed by the server, or broken. */
export interface StreamEnd {
  by: 'refusal' | 'caller' | 'server' | 'line';
  words: string;
}

/** What went over the line, all streams of the call together. Times count from the beginning of the first. */
export interface LineRecord {
  /** What the caller heard, µ-law 8 kHz; silence between two streams. */
  heard: Buffer;
  clears: Clearing[];
  violations: Violation[];
  streams: number;
  framesSent: number;
  /** Frames of the speech that fell between two streams, or after the server had ended the last one. */
  framesLost: number;
  marksReceived: number;
  marksEchoed: number;
  mediaMessages: number;
  durationMs: number;
}

/** The caller's telephone: one caller, and the streams that carry the call, one after the other. */
export interface PhoneLine {
  /** Opens a stream to `url` and answers when it is over. Never rejects. */
  connect(url: string, headers: Record<string, string>, stream: StreamStart): Promise<StreamEnd>;
  hangUp(): void;
  /** Milliseconds since the first stream began; 0 before. */
  readonly elapsedMs: number;
  record(): LineRecord;
}

/** What the TwiML says of a stream. */
export interface StreamStart {
  streamSid: string;
  parameters: Record<string, string>;
  /** The line breaks, without a word, this long after the stream has begun. */
  breaksAfterMs?: number | undefined;
  /** Told once the stream has begun. */
  begun?(): void;
}

const HANDSHAKE_TIMEOUT_MS = 5_000;
const BYTES_PER_MS = 8;
const FRAME_MS = 20;
const FRAME_BYTES = 160;
/** What a socket says that was closed without a close handshake (RFC 6455, 7.1.5). */
const ABNORMAL_CLOSURE = 1006;

/** A line that is not connected yet. */
export function createPhoneLine(
  ports: Pick<Ports, 'clock' | 'openSocket'>,
  options: PhoneLineOptions,
): PhoneLine {
  const { clock } = ports;
  const { speech } = options;
  const speechFrames = Math.ceil(speech.length / FRAME_BYTES);
  const timeline = createHeardTimeline();
  const clears: Clearing[] = [];
  const violations: Violation[] = [];
  const totals = { streams: 0, framesSent: 0, marksReceived: 0, marksEchoed: 0, mediaMessages: 0 };
  let firstBeganAt: number | undefined;
  let durationMs = 0;
  /** The frame of the speech up to which all is said or lost. */
  let framesPassed = 0;
  let framesLost = 0;
  let endStream = () => {};

  const elapsedMs = () => (firstBeganAt === undefined ? 0 : clock.now() - firstBeganAt);

  /** The caller of a stream that begins `atMs`: what should have been said by then is lost. */
  function callerAt(atMs: number, stream: MediaStream): Caller {
    const from = Math.floor(atMs / FRAME_MS);
    const resumed = Math.min(Math.max(from, framesPassed), speechFrames);
    framesLost += resumed - framesPassed;
    framesPassed = resumed;
    return createCaller({
      clock,
      stream,
      speech: speech.subarray(resumed * FRAME_BYTES),
      tailMs: options.tailMs,
      maxMs: options.maxMs - atMs,
      seed: from + 1,
      onSpeech: (who, { edge, atMs: sinceBegin }) => options.onSpeech(who, { edge, atMs: atMs + sinceBegin }),
    });
  }

  function keep(stream: MediaStream, beganMs: number, caller: Caller): void {
    timeline.write(Math.round(beganMs * BYTES_PER_MS), stream.heard());
    clears.push(...stream.clears.map((clear) => ({ ...clear, atMs: beganMs + clear.atMs })));
    violations.push(...stream.violations);
    totals.streams += 1;
    totals.framesSent += stream.sentFrames;
    totals.marksReceived += stream.marksReceived;
    totals.marksEchoed += stream.marksEchoed;
    totals.mediaMessages += stream.mediaMessages.count;
    framesPassed += caller.speechFramesSent;
    durationMs = beganMs + stream.elapsedMs;
    // What the caller did not stay to say is not lost.
    if (caller.hungUp) framesPassed = speechFrames;
  }

  function connect(url: string, headers: Record<string, string>, start: StreamStart): Promise<StreamEnd> {
    return new Promise((resolve) => {
      let caller: Caller | undefined;
      let beganMs = 0;
      let breaking: unknown;
      const { callSid, accountSid, markEchoDelayMs } = options;
      const socket = ports.openSocket(url, { headers, handshakeTimeoutMs: HANDSHAKE_TIMEOUT_MS });

      function begin(): void {
        stream.begin();
        start.begun?.();
        caller = callerAt(beganMs, stream);
        endStream = caller.hangUp;
        caller.start();
        const { breaksAfterMs } = start;
        if (breaksAfterMs !== undefined) breaking = clock.setTimeout(stream.drop, breaksAfterMs);
      }

      function ended(code: number, words: string): StreamEnd {
        if (!caller) return { by: 'refusal', words };
        keep(stream, beganMs, caller);
        if (caller.hungUp) return { by: 'caller', words: '' };
        return { by: code === ABNORMAL_CLOSURE ? 'line' : 'server', words };
      }

      function hear(event: StreamEvent): void {
        if (event.type === 'opened') {
          firstBeganAt ??= clock.now();
          beganMs = elapsedMs();
        }
        options.onStream({ ...event, atMs: beganMs + event.atMs });
        if (event.type === 'opened') begin();
        if (event.type !== 'closed') return;
        endStream = () => {};
        clock.clearTimeout(breaking);
        resolve(ended(event.code, event.words));
      }

      endStream = () => socket.terminate();
      const { streamSid, parameters } = start;
      const ids = { callSid, accountSid, streamSid };
      const stream = createMediaStream({ clock, socket, ...ids, parameters, markEchoDelayMs, onEvent: hear });
    });
  }

  return {
    connect,
    hangUp: () => endStream(),
    get elapsedMs() {
      return elapsedMs();
    },
    record: () => ({
      ...totals,
      heard: timeline.read(0, Math.round(durationMs * BYTES_PER_MS)),
      clears,
      violations,
      framesLost: framesLost + speechFrames - framesPassed,
      durationMs,
    }),
  };
}
