import { type ServerProcess, sleep } from '../server-process.ts';
import type { SoakCalls } from './calls.ts';
import type { Sample } from './judge.ts';

/** What the server holds once everybody has gone, and had not before. */
export interface Left {
  sessions: number;
  /** Calls at Vapi that nobody ended. */
  vapiCalls: number;
  timers: number;
  sockets: number;
}

/** For the server to give a call's ending once the caller is alone, in ms. */
const ENDING_WITHIN_MS = 20_000;
/**
 * For everything to be gone once all callers are, in ms: a call at Vapi whose socket never came lives for 20 s, an HTTP
 * connection is kept for 5, what is written down of strangers is told after 10.
 */
const LEAVE_TIMEOUT_MS = 60_000;
const LOOK_EVERY_MS = 2_000;

/** Has the server collect its garbage when it is told to, so that its heap holds only what is held. */
export const COLLECTS_ON_SIGNAL = [
  '--expose-gc',
  '--import',
  'data:text/javascript,process.on("SIGUSR2",()=>globalThis.gc())',
];

/** Why the bridge says that this call ended; `unknown` where it knows of none, `notEnded` where it will not end. */
export async function endingOf(
  server: ServerProcess,
  callSid: string,
): Promise<{ reason: string; words: string }> {
  let state = '';
  for (const until = performance.now() + ENDING_WITHIN_MS; performance.now() < until; await sleep(200)) {
    const response = await fetch(`${server.httpUrl}/calls/${callSid}`, { headers: { connection: 'close' } });
    if (response.status === 404) return { reason: 'unknown', words: 'The bridge knows of no such call.' };
    const call = (await response.json()) as {
      ending: { reason: string; words: string } | null;
      state: string;
    };
    if (call.ending) return call.ending;
    state = call.state;
  }
  return { reason: 'notEnded', words: `The call is ${state}.` };
}

/** The server as it is now. One that `collects` throws its garbage away first. */
export async function sampled(server: ServerProcess, collects: boolean): Promise<Sample> {
  if (collects) {
    server.signal('SIGUSR2');
    await sleep(300);
  }
  return { at: performance.now(), sessions: await server.sessions(), ...(await server.read()) };
}

/** Waits until everything is gone, and says what will not go. */
export async function leftOver(server: ServerProcess, calls: SoakCalls, before: Sample): Promise<Left> {
  const leaveBy = performance.now() + LEAVE_TIMEOUT_MS;
  for (;;) {
    const now = await sampled(server, false);
    const more = (kind: string) =>
      Math.max(0, (now.resources.get(kind) ?? 0) - (before.resources.get(kind) ?? 0));
    const left = {
      sessions: now.sessions,
      vapiCalls: calls.standIn.live(),
      timers: more('Timeout'),
      sockets: more('TCPSocketWrap'),
    };
    if (Object.values(left).every((n) => n === 0) || performance.now() >= leaveBy) return left;
    await sleep(LOOK_EVERY_MS);
  }
}
