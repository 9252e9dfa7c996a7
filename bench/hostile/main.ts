/**
 * What strangers at the door cost those who are talking: the same calls without and with a crowd, one after the other.
 *
 *   npm run bench:hostile -- --calls 50 --strangers 1000 --seconds 25 --json hostile.json
 *
 * The server takes sockets without a ticket, as in development: in production hardly one of these strangers would come
 * past the handshake. Exits with 1 when the 99th percentile of the delay is twice what it was, when a call is lost, or
 * when a socket, a timer or a session of theirs is left.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { startFakeVapi } from '../fake-vapi.ts';
import { machineWords, table, wholeNumber } from '../figures.ts';
import { type Load, openLoad, type Stretch } from '../load.ts';
import {
  type Build,
  buildServers,
  type Reading,
  type ServerProcess,
  sleep,
  startServer,
} from '../server-process.ts';

const MOST_CALLS = 200;
const MOST_STRANGERS = 5_000;
const MOST_SECONDS = 300;
/** For the crowd to be there, and for the server to be rid of it, in ms. */
const COME_MS = 5_000;
const LEAVE_TIMEOUT_MS = 30_000;
const LOOK_EVERY_MS = 1_000;
/** By so much may the 99th percentile grow. */
const MOST_RATIO = 2;
/** Below this, in ms, a percentile is the machine's and not the server's: ratios begin here. */
const LEAST_DELAY_MS = 1;

const { values } = parseArgs({
  options: {
    calls: { type: 'string', default: '50' },
    strangers: { type: 'string', default: '1000' },
    seconds: { type: 'string', default: '25' },
    seed: { type: 'string', default: '1' },
    json: { type: 'string' },
  },
});
const calls = wholeNumber('--calls', values.calls, MOST_CALLS);
const strangers = wholeNumber('--strangers', values.strangers, MOST_STRANGERS);
const seconds = wholeNumber('--seconds', values.seconds, MOST_SECONDS);
const seed = wholeNumber('--seed', values.seed, 2 ** 31);
const say = (text: string) => process.stdout.write(text);

/** How many came of each kind, and how many were there on average. */
interface Crowd {
  came: Record<string, number>;
  here: number;
}

/** Sends a crowd to the server; what is returned calls it off. */
function sendCrowd(build: Build, port: number): () => Promise<Crowd> {
  const child: ChildProcess = spawn(
    process.execPath,
    [`${build.directory}/bench/hostile/crowd.js`, String(port), String(strangers), String(seed)],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  let said = '';
  child.stdout?.on('data', (text) => {
    said += text;
  });
  const gone = new Promise<void>((resolve) => child.once('close', () => resolve()));
  return async () => {
    child.stdin?.end();
    await gone;
    process.off('exit', kill);
    return JSON.parse(said);
  };
}

interface Held extends Reading {
  sessions: number;
}

const look = async (server: ServerProcess): Promise<Held> => ({
  sessions: await server.sessions(),
  ...(await server.read()),
});

/** What the server holds more than before, once it has had time to be rid of the crowd. */
async function leftOf(server: ServerProcess, before: Held) {
  const leaveBy = performance.now() + LEAVE_TIMEOUT_MS;
  for (;;) {
    const now = await look(server);
    const more = (kind: string) =>
      Math.max(0, (now.resources.get(kind) ?? 0) - (before.resources.get(kind) ?? 0));
    const left = {
      sessions: Math.max(0, now.sessions - before.sessions),
      sockets: more('TCPSocketWrap'),
    };
    const heapMb = (now.heapBytes - before.heapBytes) / 1e6;
    if ((left.sessions === 0 && left.sockets === 0) || performance.now() >= leaveBy) return { left, heapMb };
    await sleep(LOOK_EVERY_MS);
  }
}

const ratioOf = (during: number, before: number) => during / Math.max(LEAST_DELAY_MS, before);

async function run(build: Build, server: ServerProcess, load: Load) {
  const settled = await look(server);
  const before = await load.measure(seconds);
  const callOff = sendCrowd(build, Number(new URL(server.httpUrl).port));
  await sleep(COME_MS);
  const during = await load.measure(seconds);
  const atPeak = await look(server);
  const crowd = await callOff();
  const { left, heapMb } = await leftOf(server, settled);
  const after = await load.measure(seconds);
  const ways = ['toAgent', 'toCaller'] as const;
  const ratios = Object.fromEntries(ways.map((way) => [way, ratioOf(during[way].p99, before[way].p99)]));
  return { before, during, after, crowd, left, heapMb, atPeak, ratios, callsLost: load.callsLost };
}

function told({
  before,
  during,
  after,
  crowd,
  left,
  heapMb,
  atPeak,
  ratios,
  callsLost,
}: Awaited<ReturnType<typeof run>>) {
  const row = (name: string, { toAgent, toCaller, cpuShare, generator }: Stretch) => [
    name,
    ...[toAgent.p50, toAgent.p99, toCaller.p50, toCaller.p99].map((ms) => ms.toFixed(1)),
    `${(100 * cpuShare).toFixed(0)} %`,
    generator.lag.p99.toFixed(1),
  ];
  const times = Object.entries(ratios).map(([way, ratio]) => `${way} ${ratio.toFixed(2)} ×`);
  return [
    `p99 with the crowd, as a multiple of p99 without: ${times.join(', ')} (less than ${MOST_RATIO} is asked for).\n`,
    table(
      ['', 'to agent p50 ms', 'p99', 'to caller p50 ms', 'p99', 'server CPU', "generator's lag p99"],
      [row('before', before), row('with the crowd', during), row('after', after)],
    ),
    table(
      ['kind', 'came'],
      Object.entries(crowd.came).map(([kind, n]) => [kind, String(n)]),
    ),
    `${crowd.here} strangers at once on average. Calls lost: ${callsLost}.`,
    `The server had ${atPeak.resources.get('TCPSocketWrap') ?? 0} sockets and ${atPeak.sessions} sessions with the crowd; left of it: ${left.sockets} sockets, ${left.sessions} sessions, heap ${heapMb.toFixed(1)} MB, garbage included.`,
    during.disturbed || before.disturbed
      ? 'The generator was kept from its work: the delays say little.'
      : '',
  ].join('\n');
}

say(
  `${calls} calls, ${strangers} strangers, ${seconds} s each without and with them. ${machineWords()}.\n\n`,
);
const build = await buildServers(['bench/hostile/crowd.ts']);
const vapi = await startFakeVapi();
let failed = true;
try {
  const server = await startServer(build, build.bridge, {
    AGENT: 'vapi',
    VAPI_API_KEY: 'bench',
    VAPI_BASE_URL: vapi.httpUrl,
    // A stranger let in without a ticket counts as a call until it is found out.
    MAX_CALLS: String(calls + strangers),
  });
  try {
    const load = await openLoad({ server, vapi, calls, format: 'mulaw' });
    try {
      const result = await run(build, server, load).catch((error) => {
        // That too is a cost of the crowd.
        say(`The server did not answer in time: ${error instanceof Error ? error.message : error}.\n`);
      });
      if (!result) process.exit(1);
      say(`${told(result)}\n`);
      const { atPeak: _, ...figures } = result;
      if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(figures, null, 2)}\n`);
      failed =
        Object.values(result.ratios).some((ratio) => ratio >= MOST_RATIO) ||
        Object.values(result.left).some((n) => n > 0) ||
        result.callsLost > 0;
    } finally {
      await load.hangUp();
    }
  } finally {
    await server.stop();
  }
} finally {
  await vapi.close();
  build.remove();
}
process.exit(failed ? 1 : 0);
