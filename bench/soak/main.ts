/**
 * Whether the bridge stands faults for as long as it likes: a real server process between simulated phones and a simulated
 * Vapi, with lines that go bad, agents that die, callers that do as they please, and strangers at the door.
 *
 *   npm run soak -- --minutes 60 --calls 20 --seed 1 --json soak.json
 *
 * `--expose-gc` has the server collect its garbage before each look at its memory, so that only what is held is seen to
 * grow. What happens to which call follows from the seed; when exactly, from the machine. Exits with 1 when a session, a
 * timer, a socket or a call at Vapi is left, when a call ended otherwise than its fault allows, when a rule of Twilio's was
 * broken, or when the server does not go in order when it is told to.
 */
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { createRandom } from '../../test/sim/random.ts';
import { spreadOf, wholeNumber } from '../figures.ts';
import { openStrangers } from '../hostile/strangers.ts';
import { type Build, buildServers, type ServerProcess, sleep, startServer } from '../server-process.ts';
import { openSoakCalls, type Plan, type SoakCalls } from './calls.ts';
import { follows } from './faults.ts';
import { type Judged, type Sample, slopePerHour, tally } from './judge.ts';
import { createPlans, MEASURED_LINES } from './plans.ts';
import { isBroken, type SoakResult, told } from './report.ts';
import { COLLECTS_ON_SIGNAL, endingOf, leftOver, sampled } from './server.ts';
import { openTwilioStandIn, type TwilioStandIn } from './twilio.ts';

const MOST_MINUTES = 24 * 60;
const MOST_CALLS = 200;
const PUBLIC_URL = 'https://soak.example.com';
/** Between the first rings, in ms. */
const DIAL_EVERY_MS = 300;
/** After the first call, in ms. */
const SETTLE_MS = 8_000;
const DRAIN_TIMEOUT_MS = 15_000;
const ALIVE_AT_SIGTERM = 5;
/** Of the samples, the first part says how the server grows to its size, not whether it goes on growing. */
const WARM_UP = 0.25;
const MOST_SAMPLES = 500;
const LEAST_SAMPLE_MS = 3_000;
/** At the door at once, beside the calls. */
const STRANGERS = 8;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    calls: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    json: { type: 'string' },
    'expose-gc': { type: 'boolean', default: false },
  },
});
const minutes = Number(values.minutes);
if (!(minutes > 0 && minutes <= MOST_MINUTES))
  throw new Error(`--minutes is no number above 0 and up to ${MOST_MINUTES}.`);
const lines = wholeNumber('--calls', values.calls, MOST_CALLS);
const seed = wholeNumber('--seed', values.seed, 2 ** 31);
const collects = values['expose-gc'];
const random = createRandom(seed);

interface Had extends Judged {
  violations: readonly string[];
}

function start(build: Build, calls: SoakCalls, twilio: TwilioStandIn): Promise<ServerProcess> {
  const settings = {
    AGENT: 'vapi',
    VAPI_API_KEY: calls.standIn.apiKey,
    VAPI_BASE_URL: calls.standIn.httpUrl,
    PUBLIC_URL,
    TWILIO_ACCOUNT_SID: twilio.accountSid,
    TWILIO_AUTH_TOKEN: twilio.authToken,
    TWILIO_API_BASE_URL: twilio.apiUrl,
    MAX_CALLS: String(2 * lines + 50),
    DRAIN_TIMEOUT_MS: String(DRAIN_TIMEOUT_MS),
  };
  return startServer(build, build.bridge, settings, collects ? COLLECTS_ON_SIGNAL : []);
}

/** One call, to the bridge's own word on how it ended. */
async function haveCall(server: ServerProcess, calls: SoakCalls, plan: Plan): Promise<Had> {
  const lived = await calls.have(plan);
  const known = await endingOf(server, plan.callSid).catch(() => ({
    reason: 'unknown',
    words: 'Nobody answers.',
  }));
  const turnedAway = lived.endedBy === 'refused' && known.reason === 'unknown';
  return {
    number: plan.number,
    callSid: plan.callSid,
    fault: lived.struck ? plan.fault : undefined,
    ending: turnedAway ? 'turnedAway' : known.reason,
    words: `${known.words} For the caller: ${lived.words}${lived.struck || !plan.fault ? '' : ` (Meant, and not done: ${plan.fault}.)`}`,
    // A message with a wrong byte in it is the proxy's, not the server's.
    violations: plan.fault === 'caller corrupt' ? [] : lived.violations,
  };
}

async function soak(server: ServerProcess, calls: SoakCalls): Promise<SoakResult> {
  const plans = createPlans(random.fork(2), lines);
  const had: Had[] = [];
  const draw = (line: number) => plans(line, performance.now());
  const have = async (plan: Plan) => void had.push(await haveCall(server, calls, plan));

  // What the first call brings up for good is not a leak.
  await have({ ...draw(0), talkMs: 4_000, measured: false });
  await sleep(SETTLE_MS);
  const before = await sampled(server, collects);

  const startedAt = performance.now();
  const endsAt = startedAt + minutes * 60_000;
  const strangers = openStrangers({
    port: Number(new URL(server.httpUrl).port),
    random: random.fork(3).next,
  });
  strangers.keep(STRANGERS);
  async function onLine(line: number): Promise<void> {
    await sleep(line * DIAL_EVERY_MS);
    while (performance.now() < endsAt) await have(draw(line));
  }
  const samples: Sample[] = [];
  const sampleEveryMs = Math.max(LEAST_SAMPLE_MS, (minutes * 60_000) / MOST_SAMPLES);
  async function watch(): Promise<void> {
    for (let next = startedAt + sampleEveryMs; next < endsAt; next += sampleEveryMs) {
      await sleep(Math.max(0, next - performance.now()));
      samples.push(await sampled(server, collects));
    }
  }
  await Promise.all([watch(), ...Array.from({ length: lines }, (_, line) => onLine(line))]);
  const came = strangers.leave();
  const left = await leftOver(server, calls, before);
  const drained = await drain(server, calls, () =>
    calls.have({ ...draw(MEASURED_LINES), fault: undefined, talkMs: 5_000 }),
  );

  const warm = samples.slice(Math.floor(samples.length * WARM_UP));
  return {
    minutes,
    lines,
    seed,
    collects,
    calls: had.length,
    faults: tally(had.flatMap(({ fault }) => fault ?? [])),
    endings: tally(had.map(({ ending }) => ending)),
    endingsByFault: tally(had.map(({ fault = 'none', ending }) => `${fault} → ${ending}`)),
    strangers: came,
    unexplained: had
      .filter(({ fault, ending }) => !follows(fault, ending))
      .map(({ violations: _, ...call }) => call),
    violations: tally(had.flatMap(({ violations }) => violations)),
    left,
    drained,
    slopes: {
      heapMbPerHour: slopePerHour(warm, ({ heapBytes }) => heapBytes / 1e6),
      rssMbPerHour: slopePerHour(warm, ({ rssBytes }) => rssBytes / 1e6),
    },
    delays: { toAgent: spreadOf(calls.delays.toAgent), toCaller: spreadOf(calls.delays.toCaller) },
    generatorLateness: spreadOf(calls.lateness),
  };
}

/** SIGTERM with calls alive: those may come to their end, and then the process goes by itself. */
async function drain(
  server: ServerProcess,
  calls: SoakCalls,
  have: () => Promise<unknown>,
): Promise<SoakResult['drained']> {
  const alive = Array.from({ length: Math.min(ALIVE_AT_SIGTERM, lines) }, have);
  await sleep(2_500);
  server.signal('SIGTERM');
  const exit = await Promise.race([
    server.exited,
    sleep(DRAIN_TIMEOUT_MS + 10_000).then(() => 'none: it still runs'),
  ]);
  await Promise.all(alive);
  return { calls: alive.length, exit, vapiCalls: calls.standIn.live() };
}

process.stdout.write(`${lines} calls at once for ${minutes} min, seed ${seed}.\n\n`);
const build = await buildServers();
const twilio = await openTwilioStandIn();
let server: ServerProcess | undefined;
const calls = await openSoakCalls({
  random: random.fork(1),
  twilio,
  serverUrl: () => server?.httpUrl ?? '',
  publicUrl: PUBLIC_URL,
});
let broken = true;
try {
  server = await start(build, calls, twilio);
  const result = await soak(server, calls);
  process.stdout.write(`${told(result)}\n`);
  if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(result, null, 2)}\n`);
  broken = isBroken(result);
} finally {
  await server?.stop();
  await calls.close();
  await twilio.close();
  build.remove();
}
process.exit(broken ? 1 : 0);
