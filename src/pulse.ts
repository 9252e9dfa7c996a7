import type { Clock } from './ports.ts';

/** An answer that is out for longer, in ms, is late; what one word takes to be said. */
const LATE_MS = 1_500;
/** A line is late once this many looks in a row have found it so: one may be an accident. */
const LATE_LOOKS = 2;

export interface PulseOptions {
  clock: Clock;
  /** Between two looks at the line, in ms. */
  everyMs: number;
  /** Sends a ping that carries this number. */
  ping(number: number): void;
  /** The line has answered whoever asked for it. */
  answered(): void;
  /** How long an answer took, in ms. */
  timed?(rttMs: number): void;
  /** Whether the line is late: told when that changes, and with every answer while it is late. */
  late?(isLate: boolean): void;
  /** An answer is out for longer than this, in ms, or took longer: told as `gone`, and the pulse stops. Never unless told. */
  mostMs?: number;
  gone?(): void;
}

/** How far behind a socket's line is. Bytes that wait in our own socket do not tell: the kernel takes seconds of audio. */
export interface Pulse {
  /** Looks at the line from now on. */
  start(): void;
  stop(): void;
  /** An answer is wanted now. */
  ask(): void;
  /** The answer to the ping that carried `number` has come. */
  ponged(number: number): void;
  /** The socket is not read from now on, so that no answer can be heard, or is read again. */
  hold(held: boolean): void;
  /** The line is at least so late, in ms; `null` before the first answer. */
  readonly rttMs: number | null;
}

/** Makes the pulse of one socket: a ping is out at a time, so that its number tells whose answer comes. */
export function createPulse(options: PulseOptions): Pulse {
  const { clock, everyMs, mostMs = Number.POSITIVE_INFINITY } = options;
  let timer: unknown = null;
  let lookAt = Number.POSITIVE_INFINITY;
  let number = 0;
  let sentAt: number | null = null;
  let rttMs: number | null = null;
  let lateLooks = 0;
  let asked = false;
  let held = false;

  /** The time for which a busy process was late for its own look at the line is not the line's. */
  const outForMs = () => (sentAt === null ? 0 : Math.max(0, Math.min(clock.now(), lookAt) - sentAt));

  function send(): void {
    number = (number + 1) % 2 ** 32;
    sentAt = clock.now();
    options.ping(number);
  }

  function look(): void {
    const now = clock.now();
    if (sentAt !== null) sentAt += now - Math.max(lookAt, sentAt);
    watchFrom(now);
    if (held) return;
    if (sentAt === null) send();
    else judge(now - sentAt, false);
  }

  function watchFrom(now: number): void {
    lookAt = now + everyMs;
    timer = clock.setTimeout(look, everyMs);
  }

  function judge(ms: number, isAnswer: boolean): void {
    const wasLate = lateLooks >= LATE_LOOKS;
    if (ms > LATE_MS) lateLooks += 1;
    else if (isAnswer) lateLooks = 0;
    const isLate = lateLooks >= LATE_LOOKS;
    if (isLate !== wasLate || (isLate && isAnswer)) options.late?.(isLate);
    if (ms <= mostMs) return;
    stop();
    options.gone?.();
  }

  function forgive(): void {
    const wasLate = lateLooks >= LATE_LOOKS;
    lateLooks = 0;
    if (wasLate) options.late?.(false);
  }

  function tellAsked(): void {
    if (!asked) return;
    asked = false;
    options.answered();
  }

  function stop(): void {
    clock.clearTimeout(timer);
    lookAt = Number.POSITIVE_INFINITY;
    sentAt = null;
  }

  return {
    start() {
      stop();
      forgive();
      rttMs = null;
      asked = false;
      held = false;
      watchFrom(clock.now());
    },
    stop,
    ask() {
      asked = true;
      if (held) tellAsked();
      else if (sentAt === null) send();
    },
    ponged(of) {
      if (sentAt === null || of !== number) return;
      const ms = outForMs();
      sentAt = null;
      rttMs = ms;
      tellAsked();
      options.timed?.(ms);
      judge(ms, true);
      // The next answer is what lets go of what waits for a late line.
      if (lateLooks >= LATE_LOOKS && lookAt < Number.POSITIVE_INFINITY) send();
    },
    hold(isHeld) {
      held = isHeld;
      sentAt = null;
      if (!held) return;
      // What we do not read we cannot hold against the line.
      forgive();
      tellAsked();
    },
    get rttMs() {
      return sentAt === null ? rttMs : Math.max(rttMs ?? 0, outForMs());
    },
  };
}
