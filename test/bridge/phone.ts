import type { Clock, Socket } from '../../src/ports.ts';
import { createMediaStream, type MediaStream, type StreamEvent } from '../../src/simulation/media-stream.ts';
import type { StreamIds } from '../../src/simulation/twilio-messages.ts';
import { createMouthpiece, FRAME_MS } from './sounds.ts';

/** A caller's telephone at the end of a strict Media Stream. */
export interface Phone extends StreamIds {
  readonly stream: MediaStream;
  /** Every frame that was sent, in order. */
  readonly said: readonly Buffer[];
  readonly events: readonly StreamEvent[];
  /** Whether its socket is gone, and with which code. */
  readonly closedWith: number | undefined;
  /** Sends a frame every 20 ms from now on. */
  talk(): void;
  /** Says `mulaw` over the hiss of the line. */
  say(mulaw: Buffer): void;
  /** Sends no more frames. */
  hush(): void;
  /** Sends one frame now. */
  sendFrame(): void;
  /** Sends `text` as it stands on the stream's socket. */
  sendText(text: string): void;
  hangUp(): void;
  dropLine(): void;
}

export interface PhoneOptions extends StreamIds {
  clock: Clock;
  socket: Socket;
  parameters: Record<string, string>;
  bare: boolean;
  markEchoDelayMs: number;
  seed: number;
}

/** Makes a telephone on `socket`. Its stream begins when the socket is open and `begin` is called. */
export function createPhone(options: PhoneOptions): { phone: Phone; opened: Promise<void> } {
  const { clock, socket, seed, streamSid, callSid, accountSid } = options;
  const mouthpiece = createMouthpiece(seed);
  const said: Buffer[] = [];
  const events: StreamEvent[] = [];
  let talking = false;
  let nextDue = 0;
  let timer: unknown;
  let closedWith: number | undefined;
  let open: () => void = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });

  const stream = createMediaStream({
    ...options,
    onEvent(event) {
      events.push(event);
      if (event.type === 'opened') open();
      if (event.type !== 'closed') return;
      closedWith = event.code;
      open();
      hush();
    },
  });

  function sendFrame(): void {
    const frame = mouthpiece.next();
    if (stream.sendFrame(frame)) said.push(frame);
  }

  function tick(): void {
    // A timer may fire a little before its time; a late one makes up for the frames that it missed.
    while (talking && clock.now() >= nextDue - 1) {
      nextDue += FRAME_MS;
      sendFrame();
    }
    if (talking) timer = clock.setTimeout(tick, nextDue - clock.now());
  }

  function hush(): void {
    talking = false;
    clock.clearTimeout(timer);
  }

  const phone: Phone = {
    streamSid,
    callSid,
    accountSid,
    stream,
    said,
    events,
    get closedWith() {
      return closedWith;
    },
    talk() {
      talking = true;
      nextDue = clock.now();
      tick();
    },
    say: mouthpiece.say,
    hush,
    sendFrame,
    sendText: socket.sendText,
    hangUp() {
      hush();
      stream.stop();
    },
    dropLine() {
      hush();
      stream.drop();
    },
  };
  return { phone, opened };
}
