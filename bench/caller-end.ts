import { WebSocket } from 'ws';
import { createTwilioMessages } from '../src/simulation/twilio-messages.ts';

/** The caller's end of one call: Twilio, as far as it costs the bridge something. */
export interface CallerEnd {
  /** Sends one frame; `timestampMs` is the time at which it was spoken, from the stream's start. */
  sendAudio(mulaw: Buffer, timestampMs: number): void;
  /** Sends back the marks whose audio has been played by now. */
  echoMarks(now: number): void;
  /** Says `stop` and closes. */
  hangUp(): void;
  /** Closes without having said `stop`. */
  close(): void;
  /** Cuts the line without a word. */
  cut(): void;
  readonly closed: boolean;
  /** When all that has come will have been played. */
  readonly playedAt: number;
}

export interface CallerEndOptions {
  url: string;
  number: number;
  /** What the caller is to hear. */
  heard(mulaw: Buffer, now: number): void;
  cleared(now: number): void;
  /** The server has closed the line, or it broke. */
  closed?(): void;
}

const BYTES_PER_MS = 8;
const HANDSHAKE_TIMEOUT_MS = 10_000;

/** The CallSid of the caller of this number. */
export function callSidOf(number: number): string {
  return `CA${idOf(number)}`;
}

function idOf(number: number): string {
  return number.toString(16).padStart(32, '0');
}

/** Opens a media socket and starts its stream. Rejects when the socket is not let in. */
export function openCallerEnd(options: CallerEndOptions): Promise<CallerEnd> {
  const { url, number, heard, cleared } = options;
  const id = idOf(number);
  const messages = createTwilioMessages({
    streamSid: `MZ${id}`,
    callSid: callSidOf(number),
    accountSid: `AC${id}`,
  });
  const socket = new WebSocket(url, { perMessageDeflate: false, handshakeTimeout: HANDSHAKE_TIMEOUT_MS });
  const marks: Array<{ name: string; playedAt: number }> = [];
  let playedAt = 0;

  function hear(text: string): void {
    const now = performance.now();
    const message = JSON.parse(text);
    if (message.event === 'media') {
      const mulaw = Buffer.from(message.media.payload, 'base64');
      playedAt = Math.max(playedAt, now) + mulaw.length / BYTES_PER_MS;
      heard(mulaw, now);
    } else if (message.event === 'mark') {
      marks.push({ name: message.mark.name, playedAt });
    } else if (message.event === 'clear') {
      cleared(now);
      playedAt = now;
      for (const { name } of marks.splice(0)) socket.send(messages.mark(name));
    }
  }

  const end: CallerEnd = {
    sendAudio: (mulaw, timestampMs) => socket.send(messages.media(mulaw, timestampMs)),
    echoMarks(now) {
      if (socket.readyState !== WebSocket.OPEN) return;
      for (let next = marks[0]; next && next.playedAt <= now; next = marks[0]) {
        marks.shift();
        socket.send(messages.mark(next.name));
      }
    },
    hangUp() {
      if (socket.readyState === WebSocket.OPEN) socket.send(messages.stop());
      socket.close(1000);
    },
    close: () => socket.close(1000),
    cut: () => socket.terminate(),
    get closed() {
      return socket.readyState !== WebSocket.OPEN;
    },
    get playedAt() {
      return playedAt;
    },
  };

  return new Promise((resolve, reject) => {
    socket.on('open', () => {
      socket.send(messages.connected());
      socket.send(messages.start({}));
      resolve(end);
    });
    socket.on('message', (data) => hear((data as Buffer).toString()));
    socket.on('error', (error) => reject(error));
    socket.on('close', () => options.closed?.());
  });
}
