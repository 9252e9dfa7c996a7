import type { Clock, Socket } from '../../src/ports.ts';
import { judgeServerText } from '../../src/simulation/media-rules.ts';
import { createTwilioMessages, type StreamIds } from '../../src/simulation/twilio-messages.ts';
import { type CallerMix, FRAME, type LineEcho } from '../../test/corpus/mix.ts';

export interface LineOptions extends StreamIds {
  clock: Clock;
  socket: Socket;
  mix: CallerMix;
  echo: LineEcho | null;
  /** How long an echo of a mark is under way. */
  markEchoDelayMs: number;
  /** No more of what is played is kept. */
  longestMs: number;
}

/** What was played on a line, frame by frame from the stream's start. */
export interface Played {
  /** µ-law, 160 bytes a frame, 0xff where nothing was to be played. */
  readonly audio: Buffer;
  /** How many bytes of each frame came from the server. */
  readonly filled: Uint8Array;
  readonly frames: number;
  /** When each `clear` came, in ms from the stream's start. */
  readonly clears: readonly number[];
}

/**
 * Twilio and the telephone behind it, on a clock of 20 ms: a frame that has begun is played to its end, the next is
 * taken from what the server sent, and the frame that the caller's end sends has the echo of what was really played.
 */
export interface Line {
  /** Resolves when the socket is open; rejects when it closes before. */
  readonly opened: Promise<void>;
  begin(): void;
  /** Ends the call. */
  hangUp(): void;
  /** The clock's time of the stream's start. */
  readonly beganAt: number;
  readonly played: Played;
  /** Rules of Twilio's that were broken. */
  readonly violations: readonly string[];
  /** How late each frame left, in ms: how far whoever plays this line was kept from it. */
  readonly lateMs: readonly number[];
  /** Whether the far end has closed it. */
  readonly lost: boolean;
}

const FRAME_MS = 20;
const SILENCE = 0xff;
/** A timer may fire a little before its time. */
const EARLY_MS = 0.5;

/** Makes the line of one call, on a socket that is open or being opened. */
export function createLine(options: LineOptions): Line {
  const { clock, socket, mix, echo, markEchoDelayMs, streamSid } = options;
  const messages = createTwilioMessages(options);
  const most = Math.ceil(options.longestMs / FRAME_MS) + 1;
  const audio = Buffer.alloc(most * FRAME, SILENCE);
  const filled = new Uint8Array(most);
  const clears: number[] = [];
  const violations: string[] = [];
  const lateMs: number[] = [];
  let phase: 'waiting' | 'streaming' | 'over' = 'waiting';
  let lost = false;
  let beganAt = 0;
  /** The frame that is being played. */
  let playing = 0;
  /** The frame whose sound the caller's end sends next. */
  let sent = 0;
  let queue: Buffer[] = [];
  /** Bytes that ever came, and those of them that are played, or cleared. */
  let came = 0;
  let gone = 0;
  let marks: { name: string; at: number }[] = [];
  let timer: unknown;

  let open: () => void = () => {};
  let refuse: (why: Error) => void = () => {};
  const opened = new Promise<void>((resolve, reject) => {
    open = resolve;
    refuse = reject;
  });

  /** The next frame begins: takes what there is to play in it. */
  function playNext(): void {
    let at = playing * FRAME;
    const end = at + FRAME;
    for (let first = queue[0]; first && at < end; first = queue[0]) {
      const taken = first.subarray(0, end - at);
      audio.set(taken, at);
      at += taken.length;
      if (taken.length === first.length) queue.shift();
      else queue[0] = first.subarray(taken.length);
    }
    const bytes = at - playing * FRAME;
    filled[playing] = bytes;
    gone += bytes;
  }

  function sendBack(name: string): void {
    if (markEchoDelayMs === 0) socket.sendText(messages.mark(name));
    else clock.setTimeout(() => socket.sendText(messages.mark(name)), markEchoDelayMs);
  }

  /** Sends back the marks before which everything is played. */
  function echoMarks(): void {
    const played = gone - (filled[playing] ?? 0);
    const due = marks.filter(({ at }) => at <= played);
    marks = marks.filter(({ at }) => at > played);
    for (const { name } of due) sendBack(name);
  }

  /** Plays until now. */
  function playOn(): void {
    const now = clock.now() + EARLY_MS;
    for (let overAt = endOf(playing); now >= overAt && playing + 1 < most; overAt = endOf(playing)) {
      playing += 1;
      playNext();
    }
  }

  const endOf = (frame: number) => beganAt + (frame + 1) * FRAME_MS;

  /** Sends the caller's part of every frame that is over. The next has begun before anything can come in answer. */
  function tick(): void {
    playOn();
    for (; sent < playing && phase === 'streaming'; sent += 1) {
      lateMs.push(Math.max(0, clock.now() - endOf(sent)));
      const played = audio.subarray(sent * FRAME, (sent + 1) * FRAME);
      socket.sendText(messages.media(mix.mulaw(echo?.(played)), sent * FRAME_MS));
    }
    echoMarks();
    if (phase === 'streaming') timer = clock.setTimeout(tick, endOf(playing) - clock.now());
  }

  function hear(text: string): void {
    if (phase !== 'streaming') return;
    playOn();
    const { message, violation } = judgeServerText(text, streamSid);
    if (violation) violations.push(violation.why);
    if (message?.event === 'media') {
      queue.push(message.payload);
      came += message.payload.length;
    } else if (message?.event === 'mark') {
      marks.push({ name: message.name, at: came });
      echoMarks();
    } else if (message?.event === 'clear') {
      clears.push(clock.now() - beganAt);
      queue = [];
      gone = came;
      for (const { name } of marks.splice(0)) sendBack(name);
    }
  }

  function end(): void {
    phase = 'over';
    clock.clearTimeout(timer);
  }

  socket.listen({
    opened: () => open(),
    text: hear,
    binary: () => violations.push('a binary frame came'),
    ponged() {},
    closed(_code, words) {
      lost = phase === 'streaming';
      refuse(new Error(`The media socket closed before it opened: ${words}`));
      end();
    },
  });

  return {
    opened,
    begin() {
      phase = 'streaming';
      beganAt = clock.now();
      socket.sendText(messages.connected());
      socket.sendText(messages.start({}));
      playNext();
      tick();
    },
    hangUp() {
      if (phase === 'streaming') socket.sendText(messages.stop());
      end();
      socket.close(1000, '');
    },
    get beganAt() {
      return beganAt;
    },
    get played() {
      return { audio, filled, frames: playing, clears };
    },
    violations,
    lateMs,
    get lost() {
      return lost;
    },
  };
}
