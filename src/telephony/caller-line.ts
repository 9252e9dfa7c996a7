import type { TwilioLinkFact } from '../../machines/twilio-socket.ts';
import type { Clock, Overhear, Socket } from '../ports.ts';
import { createPulse } from '../pulse.ts';
import {
  createTwilioWriter,
  readTwilioMessage,
  type TwilioStarted,
  type TwilioWriter,
} from '../wire/twilio.ts';
import { createCallerLimits } from './caller-limits.ts';

/** Whether a `start` is let in, and if not, why; the words go into the close frame and the log. */
export type Admission = { ok: true } | { ok: false; words: string };

export interface CallerLineOptions {
  clock: Clock;
  /** Milliseconds since the call's start. */
  sinceStart(): number;
  /** How long no frame may come before the socket is examined. */
  mediaTimeoutMs: number;
  /** The caller's audio: µ-law bytes, and the time in ms at which Twilio says they were spoken. */
  heard(mulaw: Buffer, timestampMs: number | undefined): void;
  /** Twilio sends a mark back. */
  marked(name: string): void;
  /** The caller pressed a key. */
  pressed(digit: string): void;
  /** How long Twilio took to answer a ping. */
  timed?(rttMs: number): void;
  /** Is told what passes on Twilio's socket, but for the audio and the key that was pressed. */
  overhear?: Overhear;
}

/** What came that could not be used. */
export interface CallerLineReadings {
  unreadable: number;
  ignored: number;
  /** Keys that came too fast for the agent to be told of them. */
  untoldKeys: number;
}

/** The caller's end of a call: Twilio's media socket, once it is there. Before, whatever is sent goes nowhere. */
export interface CallerLine {
  /** Facts go to `tell` from now on. */
  connect(tell: (fact: TwilioLinkFact) => void): void;
  /**
   * Twilio's socket has come. `admit` decides by the `start` message; once one is let in, others are turned away.
   */
  attach(socket: Socket, admit: (started: TwilioStarted) => Admission): void;
  media(mulaw: Uint8Array): void;
  mark(name: string): void;
  clear(): void;
  ping(): void;
  close(code: number, words: string): void;
  /** Turns a socket away that has not proven itself, and is ready for another. */
  dismiss(words: string): void;
  /** Cuts the line, without a handshake, and hears nothing more. */
  cut(): void;
  /** Twilio is at least so late with what it answers, in ms; `null` before its first answer. */
  readonly rttMs: number | null;
  readonly readings: CallerLineReadings;
}

/** WebSocket close code for whom we do not want (RFC 6455, 7.4.1). */
const POLICY = 1008;

/** Twilio brings a frame every 20 ms; a hole longer than this, in ms, is worth telling. */
const HOLE_MS = 500;

/** Between looks at how late Twilio is, in ms. Nothing is done about it but to tell: its marks tell what was heard. */
const PULSE_MS = 2_000;

/** What may wait in our socket for a Twilio that does not read, in bytes: more than a minute of audio. */
const MOST_UNSENT_BYTES = 1024 * 1024;

/** The names of our own marks; whatever else comes back as one is not repeated. */
const OUR_MARK = /^g\d{1,9}:\d{1,12}$/;

const DEAF = { text() {}, binary() {}, ponged() {}, closed() {} };

/** Why a stream of this form cannot be carried, or nothing. Twilio documents just one form. */
function faultOf({ mediaFormat }: TwilioStarted): string | undefined {
  if (!mediaFormat) return undefined;
  const { encoding, sampleRate, channels } = mediaFormat;
  if (encoding === 'audio/x-mulaw' && sampleRate === 8000 && channels === 1) return undefined;
  return 'the stream is not 8 kHz mono mu-law';
}

/** Makes the caller's end of one call. */
export function createCallerLine(options: CallerLineOptions): CallerLine {
  const { clock, sinceStart, mediaTimeoutMs, overhear = () => {} } = options;
  let tell: (fact: TwilioLinkFact) => void = () => {};
  let socket: Socket | null = null;
  let writer: TwilioWriter | null = null;
  let admit: (started: TwilioStarted) => Admission = () => ({ ok: false, words: 'no socket is expected' });
  let lastFrameAt = 0;
  let silenceTimer: unknown = null;
  let deaf = false;
  let wasLate = false;
  const limits = createCallerLimits(clock);
  const readings = { unreadable: 0, ignored: 0, untoldKeys: 0 };

  const pulse = createPulse({
    clock,
    everyMs: PULSE_MS,
    ping: (number) => socket?.ping(number),
    answered: () => tell({ type: 'socket.ponged' }),
    ...(options.timed && { timed: options.timed }),
    late: (isLate) => noteLate(isLate),
  });

  function start(started: TwilioStarted): void {
    if (writer) {
      readings.ignored += 1;
      return;
    }
    const fault = faultOf(started);
    const admission = fault ? { ok: false as const, words: fault } : admit(started);
    overhear('twilio', 'bridge', 'start', { admitted: admission.ok });
    if (!admission.ok) {
      tell({ type: 'twilio.refused', words: admission.words });
      return;
    }
    writer = createTwilioWriter(started.streamSid);
    lastFrameAt = clock.now();
    watchForSilence(mediaTimeoutMs);
    pulse.start();
    tell({
      type: 'twilio.started',
      at: sinceStart(),
      streamSid: started.streamSid,
      callSid: started.callSid,
    });
  }

  function watchForSilence(inMs: number): void {
    silenceTimer = clock.setTimeout(examine, inMs);
  }

  function examine(): void {
    const silentMs = clock.now() - lastFrameAt;
    if (silentMs >= mediaTimeoutMs) tell({ type: 'socket.silent' });
    if (socket && socket.unsentBytes > MOST_UNSENT_BYTES) tell({ type: 'socket.clogged' });
    watchForSilence(silentMs < mediaTimeoutMs ? mediaTimeoutMs - silentMs : mediaTimeoutMs);
  }

  function noteFrame(now: number): void {
    if (now - lastFrameAt >= HOLE_MS)
      overhear('twilio', 'bridge', 'media again', { afterMs: Math.round(now - lastFrameAt) });
    lastFrameAt = now;
  }

  function noteLate(isLate: boolean): void {
    if (isLate === wasLate) return;
    wasLate = isLate;
    overhear('twilio', 'bridge', isLate ? 'late' : 'in time', { afterMs: Math.round(pulse.rttMs ?? 0) });
  }

  function noteUnreadable(): void {
    readings.unreadable += 1;
    if (limits.isNonsense()) refuse('too much that cannot be read');
  }

  /** Whoever breaks the rules is heard no more, and the socket is closed on it. */
  function refuse(words: string): void {
    deaf = true;
    tell({ type: 'twilio.refused', words });
  }

  function hear(text: string): void {
    if (limits.floods()) {
      refuse('too many messages');
      return;
    }
    const message = readTwilioMessage(text);
    switch (message.kind) {
      case 'media':
        if (!writer || message.track !== 'inbound') break;
        noteFrame(clock.now());
        options.heard(message.payload, message.timestampMs);
        return;
      case 'mark':
        overhear('twilio', 'bridge', 'mark', OUR_MARK.test(message.name) ? { name: message.name } : {});
        options.marked(message.name);
        return;
      case 'started':
        start(message);
        return;
      case 'pressed':
        if (!writer) break;
        overhear('twilio', 'bridge', 'dtmf');
        if (limits.hammers()) {
          readings.untoldKeys += 1;
          return;
        }
        options.pressed(message.digit);
        tell({ type: 'caller.pressed', at: sinceStart() });
        return;
      case 'stopped':
        overhear('twilio', 'bridge', 'stop');
        tell({ type: 'twilio.stopped' });
        return;
      case 'connected':
        overhear('twilio', 'bridge', 'connected');
        return;
      case 'unreadable':
        noteUnreadable();
        return;
    }
    readings.ignored += 1;
  }

  function turnAway(words: string): void {
    const away = socket;
    forget();
    if (away) leave(away, POLICY, words);
  }

  function leave(from: Socket, code: number, words: string): void {
    overhear('bridge', 'twilio', 'close', { code });
    from.close(code, words);
  }

  function forget(): void {
    socket = null;
    clock.clearTimeout(silenceTimer);
    pulse.stop();
  }

  return {
    connect(to) {
      tell = to;
    },
    attach(arrived, admitBy) {
      if (writer) {
        arrived.listen(DEAF);
        leave(arrived, POLICY, 'this call has its stream already');
        return;
      }
      // Until one has said its start, nothing tells the right socket from another: the newest is heard.
      turnAway('another socket came');
      socket = arrived;
      deaf = false;
      admit = admitBy;
      const current = (act: () => void) => {
        if (socket === arrived) act();
      };
      arrived.listen({
        text(text) {
          if (socket === arrived && !deaf) hear(text);
        },
        binary() {
          if (socket === arrived && !deaf) noteUnreadable();
        },
        ponged: (number) => current(() => pulse.ponged(number)),
        closed: (code) =>
          current(() => {
            forget();
            overhear('twilio', 'bridge', 'close', { code });
            tell({ type: 'socket.closed', code });
          }),
      });
      tell({ type: 'socket.attached' });
    },
    dismiss: turnAway,
    media(mulaw) {
      if (writer) socket?.sendText(writer.media(mulaw));
    },
    mark(name) {
      if (!writer || !socket) return;
      overhear('bridge', 'twilio', 'mark', { name });
      socket.sendText(writer.mark(name));
    },
    clear() {
      if (!writer || !socket) return;
      overhear('bridge', 'twilio', 'clear');
      socket.sendText(writer.clear);
    },
    ping: pulse.ask,
    close(code, words) {
      if (socket) leave(socket, code, words);
    },
    cut() {
      tell = () => {};
      const cutting = socket;
      forget();
      if (!cutting) return;
      overhear('bridge', 'twilio', 'cut');
      cutting.terminate();
    },
    get rttMs() {
      return pulse.rttMs;
    },
    readings,
  };
}
