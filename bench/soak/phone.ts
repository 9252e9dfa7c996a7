import { httpFetch } from '../../src/http-fetch.ts';
import type { Socket, SocketEar } from '../../src/ports.ts';
import { realClock } from '../../src/real-clock.ts';
import { type CallEnding, followTwiml, refused } from '../../src/simulation/follow-twiml.ts';
import { createMediaStream, type MediaStream } from '../../src/simulation/media-stream.ts';
import type { StreamEnd } from '../../src/simulation/phone-line.ts';
import { createTwilioRequests, type Sign } from '../../src/simulation/twilio-requests.ts';
import { parametersOf, type Verb } from '../../src/simulation/twiml.ts';
import { openWebSocket } from '../../src/web-sockets.ts';
import { FRAME_MS } from '../track.ts';

export interface SoakPhoneOptions {
  callSid: string;
  accountSid: string;
  /** The caller's number, E.164. */
  from: string;
  /** The server's own address, such as `http://127.0.0.1:3000`. */
  server: string;
  publicUrl: string;
  sign: Sign;
  /** Where media sockets are dialled instead. */
  mediaPort: number;
  newStreamSid: () => string;
  /** What the caller's telephone picks up next. */
  frame: (now: number) => Uint8Array;
  /** What the caller is given to hear, as it comes. */
  heard: (mulaw: Buffer, now: number) => void;
}

/** One caller at a telephone, with Twilio between it and the server. */
export interface SoakPhone {
  /** How the call ended for the caller; never rejects. */
  readonly ended: Promise<CallEnding>;
  /** Picks up what is due by now. */
  tick(now: number): void;
  hangUp(): void;
  /** The media socket breaks: no `stop`, no close handshake. */
  breakLine(): void;
  press(digits: string): void;
  /** Sends `text` as it stands on the media socket. */
  sendText(text: string): void;
  readonly streaming: boolean;
  /** Rules of Twilio's that the server broke. */
  readonly violations: readonly string[];
}

/** Finds the phone's line at the proxy. */
export const CALL_HEADER = 'x-soak-call';
const HANDSHAKE_TIMEOUT_MS = 5_000;
const ABNORMAL_CLOSURE = 1006;

/** Rings. The call follows the server's TwiML until somebody ends it. */
export function ringUp(options: SoakPhoneOptions): SoakPhone {
  const { callSid, accountSid, publicUrl, sign } = options;
  const violations: string[] = [];
  let stream: MediaStream | undefined;
  let socket: Socket | undefined;
  let hungUp = false;
  let beganAt = 0;
  let frames = 0;

  const requests = createTwilioRequests(
    { clock: realClock, fetch: httpFetch },
    {
      to: options.server,
      publicUrl,
      sign,
      fields: {
        CallSid: callSid,
        AccountSid: accountSid,
        Direction: 'inbound',
        From: options.from,
        To: '+12025550187',
      },
    },
  );
  const at = (path: string) => publicUrl + path;
  const ids = { CallSid: callSid, AccountSid: accountSid };

  /** Lets what comes on a socket be heard before the stream judges it. */
  function overheard(dialled: Socket): Socket {
    const listen = (ear: SocketEar) =>
      dialled.listen({
        ...ear,
        text(text) {
          if (text.startsWith('{"event":"media"')) hearMedia(text);
          ear.text(text);
        },
      });
    return { ...dialled, listen };
  }

  function hearMedia(text: string): void {
    try {
      options.heard(Buffer.from(JSON.parse(text).media.payload, 'base64'), performance.now());
    } catch {
      // A proxy has changed a byte: what the stream makes of it counts.
    }
  }

  function talk(verb: Verb): Promise<StreamEnd> {
    const { url = '', statusCallback } = verb.attributes;
    const streamSid = options.newStreamSid();
    const { url: reached, headers } = requests.streamAt(url);
    const address = new URL(reached);
    address.port = String(options.mediaPort);
    const inform = (StreamEvent: string, more: Record<string, string> = {}) => {
      if (statusCallback === undefined) return;
      requests.tell(statusCallback, { ...ids, StreamSid: streamSid, StreamEvent, ...more });
    };
    return new Promise((resolve) => {
      let begun = false;
      const dialled = openWebSocket(address.href, {
        headers: { ...headers, [CALL_HEADER]: callSid },
        handshakeTimeoutMs: HANDSHAKE_TIMEOUT_MS,
      });
      socket = dialled;
      const opened = createMediaStream({
        clock: realClock,
        socket: overheard(dialled),
        callSid,
        accountSid,
        streamSid,
        parameters: parametersOf(verb),
        onEvent(event) {
          if (event.type === 'violation') violations.push(`${event.code}: ${event.why}`);
          if (event.type === 'opened') {
            begun = true;
            beganAt = performance.now();
            frames = 0;
            opened.begin();
            stream = opened;
            inform('stream-started');
          }
          if (event.type !== 'closed') return;
          stream = undefined;
          const broken = event.code === ABNORMAL_CLOSURE && !hungUp;
          inform(broken ? 'stream-error' : 'stream-stopped', broken ? { StreamError: '31903' } : {});
          if (hungUp) resolve({ by: 'caller', words: '' });
          else if (!begun) resolve({ by: 'refusal', words: event.words });
          else resolve({ by: broken ? 'line' : 'server', words: event.words });
        },
      });
    });
  }

  const ask = (url: string, CallStatus: string, fields: Record<string, string> = {}) =>
    requests.askTwiml(url, { CallStatus, ...fields });

  async function call(): Promise<CallEnding> {
    const twiml = await ask(at('/webhook/twilio'), 'ringing');
    if (!Array.isArray(twiml)) return refused(twiml);
    return followTwiml(twiml, {
      ask: (url, fields) => ask(new URL(url, at('/webhook/twilio')).href, 'in-progress', fields),
      // A person who is dialled answers; nobody leaves a message.
      dial: () => 'completed',
      record: () => undefined,
      talk,
      refusalOf: (end) => ({ kind: 'unreachable', words: end.words }),
      tell() {},
      get callerHungUp() {
        return hungUp;
      },
    });
  }

  const ended = call().then((ending) => {
    requests.tell(at('/webhook/twilio/call'), { ...ids, CallStatus: 'completed' });
    return ending;
  });

  return {
    ended,
    tick(now) {
      for (; stream && beganAt + frames * FRAME_MS <= now; frames += 1)
        stream.sendFrame(options.frame(now), frames * FRAME_MS);
    },
    hangUp() {
      if (hungUp) return;
      hungUp = true;
      if (stream) stream.stop();
      else socket?.terminate();
    },
    breakLine: () => stream?.drop(),
    press(digits) {
      for (const digit of digits) stream?.press(digit);
    },
    sendText: (text) => socket?.sendText(text),
    get streaming() {
      return stream !== undefined;
    },
    violations,
  };
}
