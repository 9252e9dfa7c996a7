/**
 * Whether anything of a call is left when it is over.
 *
 *   npm run bench:leaks -- --calls 200 --seconds 60
 *
 * Calls with the embedded simulated agent, all at once for a minute, each ended in one of three ways; then none. That
 * twice: the first time fills what is kept on purpose (the last ended calls, compiled code), so what the second adds
 * is a leak. Exits with 1 when a session, a socket or a timer is left.
 */
import { parseArgs } from 'node:util';
import { type CallerEnd, openCallerEnd } from './caller-end.ts';
import { table } from './figures.ts';
import { buildServers, type Reading, type ServerProcess, sleep, startServer } from './server-process.ts';
import { FRAME_BYTES, FRAME_MS } from './track.ts';

const MOST_CALLS = 1_000;
const MOST_SECONDS = 600;
const DIAL_EVERY_MS = 10;
/** For the last call to be gone, in ms. */
const LEAVE_TIMEOUT_MS = 30_000;
/** HTTP connections are kept for 5 s for the next request. */
const SETTLE_MS = 8_000;
/** The callers say something for 2 s in every 5, so that the agent answers, is interrupted, and says goodbye. */
const ROUND_FRAMES = 250;
const VOICED_FRAMES = 100;

const VOICE = Buffer.from(Array.from({ length: FRAME_BYTES }, (_, i) => (i % 8 < 4 ? 0x90 : 0x10)));
const SILENCE = Buffer.alloc(FRAME_BYTES, 0xff);

/** Has the server collect its garbage when it is told to, so that its heap holds only what is held. */
const COLLECTS_ON_SIGNAL = [
  '--expose-gc',
  '--import',
  'data:text/javascript,process.on("SIGUSR2",()=>globalThis.gc())',
];

const say = (text: string) => process.stdout.write(text);

interface Moment extends Reading {
  name: string;
  sessions: number;
}

interface Simulated {
  caller: CallerEnd;
  startedAt: number;
  frames: number;
}

const { values } = parseArgs({
  options: { calls: { type: 'string', default: '200' }, seconds: { type: 'string', default: '60' } },
});
const calls = Math.min(MOST_CALLS, Math.max(1, Math.trunc(Number(values.calls)) || 200));
const seconds = Math.min(MOST_SECONDS, Math.max(1, Math.trunc(Number(values.seconds)) || 60));

let dialled = 0;

async function dial(server: ServerProcess): Promise<Simulated> {
  dialled += 1;
  const caller = await openCallerEnd({
    url: server.mediaUrl,
    number: dialled,
    heard() {},
    cleared() {},
  });
  return { caller, startedAt: performance.now(), frames: 0 };
}

function speak(call: Simulated, now: number): void {
  for (; call.startedAt + call.frames * FRAME_MS <= now; call.frames += 1) {
    const voiced = call.frames % ROUND_FRAMES < VOICED_FRAMES;
    call.caller.sendAudio(voiced ? VOICE : SILENCE, call.frames * FRAME_MS);
  }
  call.caller.echoMarks(now);
}

/** Has `count` calls going for `forMs`; one that the agent ends is dialled anew. Then all end. */
async function carry(
  server: ServerProcess,
  count: number,
  forMs: number,
  halfway: () => Promise<void>,
): Promise<void> {
  const going: Simulated[] = [];
  const ticker = setInterval(() => {
    const now = performance.now();
    for (const call of going) if (!call.caller.closed) speak(call, now);
  }, 5);
  try {
    for (let i = 0; i < count; i += 1) {
      const [call] = await Promise.all([dial(server), sleep(DIAL_EVERY_MS)]);
      going.push(call);
    }
    const endsAt = performance.now() + forMs;
    let looked = false;
    while (performance.now() < endsAt) {
      await sleep(500);
      for (const [i, { caller }] of going.entries()) {
        if (!caller.closed) continue;
        // While the server still clears away the last call there may be no room for another.
        const next = await dial(server).catch(() => undefined);
        if (next) going[i] = next;
      }
      if (looked || performance.now() < endsAt - forMs / 2) continue;
      looked = true;
      await halfway();
    }
  } finally {
    clearInterval(ticker);
    going.forEach(({ caller }, i) => {
      if (i % 3 === 0) caller.hangUp();
      else if (i % 3 === 1) caller.cut();
      else caller.close();
    });
  }
}

async function look(server: ServerProcess, name: string): Promise<Moment> {
  return { name, sessions: await server.sessions(), ...(await server.read()) };
}

/** What the server holds when everybody has gone. */
async function lookAfter(server: ServerProcess, name: string): Promise<Moment> {
  for (let waitedMs = 0; waitedMs < LEAVE_TIMEOUT_MS && (await server.sessions()) > 0; waitedMs += 500) {
    await sleep(500);
  }
  await sleep(SETTLE_MS);
  server.signal('SIGUSR2');
  await sleep(500);
  return look(server, name);
}

function leftIn(after: Moment, before: Moment): string[] {
  const kinds = ['TCPSocketWrap', 'Timeout'] as const;
  const left = kinds.map((kind) => {
    const more = (after.resources.get(kind) ?? 0) - (before.resources.get(kind) ?? 0);
    return more > 0 ? `${more} ${kind}` : '';
  });
  if (after.sessions > 0) left.push(`${after.sessions} sessions`);
  return left.filter((words) => words !== '');
}

function report(moments: readonly Moment[]): string {
  const kinds = [...new Set(moments.flatMap(({ resources }) => [...resources.keys()]))].sort();
  return table(
    ['', 'sessions', 'heap MB', 'RSS MB', ...kinds],
    moments.map(({ name, sessions, heapBytes, rssBytes, resources }) => [
      name,
      String(sessions),
      (heapBytes / 1e6).toFixed(1),
      (rssBytes / 1e6).toFixed(0),
      ...kinds.map((kind) => String(resources.get(kind) ?? 0)),
    ]),
  );
}

say(`${calls} calls at once for ${seconds} s, twice.\n`);
const build = await buildServers();
try {
  const server = await startServer(
    build,
    build.bridge,
    { AGENT: 'simulated', MAX_CALLS: String(calls) },
    COLLECTS_ON_SIGNAL,
  );
  try {
    const moments: Moment[] = [];
    // One call first: what the first call alone brings up for good is not a leak.
    await carry(server, 1, 3_000, async () => {});
    const before = await lookAfter(server, 'before');
    moments.push(before);
    for (const round of ['first', 'second']) {
      await carry(server, calls, seconds * 1000, async () => {
        moments.push(await look(server, `during the ${round} time`));
      });
      const after = await lookAfter(server, `after the ${round} time`);
      moments.push(after);
      say(`${dialled} calls so far: sessions ${after.sessions}\n`);
    }
    say(`\n${report(moments)}\n`);
    const [once, twice] = [moments.at(-3), moments.at(-1)];
    if (once && twice) {
      const grown = twice.heapBytes - once.heapBytes;
      say(`The second time left ${(grown / 1e3).toFixed(0)} kB more in the heap.\n`);
    }
    const left = twice ? leftIn(twice, before) : ['nothing was measured'];
    say(left.length === 0 ? 'Nothing of a call is left.\n' : `Left over: ${left.join(', ')}.\n`);
    process.exitCode = left.length === 0 ? 0 : 1;
  } finally {
    await server.stop();
  }
} finally {
  build.remove();
}
