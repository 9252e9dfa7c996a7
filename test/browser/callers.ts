import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { WebSocket } from 'ws';
import { readSpeech } from '../../src/audio/wav.ts';
import { httpFetch } from '../../src/http-fetch.ts';
import type { Ports, Socket } from '../../src/ports.ts';
import { realClock } from '../../src/real-clock.ts';
import { placePhoneCall } from '../../src/simulation/phone-call.ts';
import { createScriptedMind } from '../../src/simulation/scripted-mind.ts';
import { serveVapi } from '../../src/simulation/serve-vapi.ts';
import { openWebSocket } from '../../src/web-sockets.ts';

/** Speaks over the agent after 12.8 s. */
const SPEECH = 'src/simulation/speech/caller/appointment.wav';

/** Before its stream starts, so that who looks on sees the call connecting, in ms. */
const HESITATES_MS = 1_000;

/** The project's own phone in the middle of a call. */
export interface Caller {
  callSid: string;
  /** Reads nothing more from its socket, so that a close that is asked of it takes its whole time. */
  goDeaf(): void;
  hangUp(): void;
  over: Promise<unknown>;
}

/** Has somebody call and say the recording. */
export function call(mediaUrl: string): Caller {
  const speech = readSpeech(readFileSync(SPEECH), SPEECH);
  if (!speech.ok) throw new Error(speech.words);
  const callSid = `CA${randomBytes(16).toString('hex')}`;
  const sockets: Socket[] = [];
  const ports: Ports = {
    clock: realClock,
    fetch: httpFetch,
    randomBytes,
    openSocket(url, options) {
      const socket = openWebSocket(url, options);
      sockets.push(socket);
      return {
        ...socket,
        get unsentBytes() {
          return socket.unsentBytes;
        },
        listen(ear) {
          const opened = () => realClock.setTimeout(() => ear.opened?.(), HESITATES_MS);
          socket.listen({ ...ear, opened });
        },
      };
    },
  };
  const hanging = new AbortController();
  const over = placePhoneCall(ports, { to: mediaUrl, speech: speech.mulaw, callSid, signal: hanging.signal });
  return {
    callSid,
    over,
    goDeaf() {
      for (const socket of sockets) socket.pause();
    },
    hangUp: () => hanging.abort(),
  };
}

/** Sockets that are opened at once; a busy machine makes more of them wait for longer than the server does. */
const AT_ONCE = 50;

/** Opens `count` calls in which nobody ever says anything. Returns what ends them. */
export async function openSilentCalls(mediaUrl: string, count: number): Promise<() => void> {
  const sockets: WebSocket[] = [];
  while (sockets.length < count) {
    const some = Array.from(
      { length: Math.min(AT_ONCE, count - sockets.length) },
      () => new WebSocket(mediaUrl),
    );
    sockets.push(...some);
    await Promise.all(some.map(started));
  }
  return () => {
    for (const socket of sockets) socket.terminate();
  };
}

function started(socket: WebSocket): Promise<void> {
  return new Promise((settle, fail) => {
    socket.once('error', fail);
    socket.once('open', () => {
      const id = randomBytes(16).toString('hex');
      socket.send(JSON.stringify({ event: 'start', start: { streamSid: `MZ${id}`, callSid: `CA${id}` } }));
      settle();
    });
  });
}

/** An agent at Vapi that comes at once and never says a word. Returns the settings by which a server finds it. */
export async function serveSilentAgent(): Promise<{
  settings: Record<string, string>;
  close(): Promise<void>;
}> {
  const apiKey = 'the-key-of-a-silent-agent';
  const vapi = await serveVapi({
    clock: realClock,
    apiKey,
    randomBytes,
    mind: (line) => createScriptedMind(line),
    script: { concurrencyLimit: 1_000 },
  });
  return { settings: { VAPI_API_KEY: apiKey, VAPI_BASE_URL: vapi.httpUrl }, close: vapi.close };
}
