/**
 * How many calls fit on a core, what a frame costs and how late it becomes: the bridge beside the least that any such
 * program costs (`relay.ts`), the server that it grew from (`tutorial-server.ts`), and itself with every frame told as an
 * event (`frames-as-events.ts`).
 *
 *   npm run bench -- --calls 1,50,200,500,1000 --seconds 4 --rounds 3 --servers bridge,relay --json figures.json --write
 *
 * The servers take turns, since a machine that is shared with other work is never twice the same: the ratios say more
 * than the figures, and the spread says how much they can be trusted. Nothing is contacted outside 127.0.0.1.
 */
import { mkdir } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { buildContenders, CONTENDERS, type Contender, type ContenderBuild } from './contenders.ts';
import { coresHere, stayOn } from './cores.ts';
import { machineWords, wholeNumber } from './figures.ts';
import { keepResults, keptResults, RESULTS_FILE, writePage } from './page.ts';
import { categoriesOf } from './profile.ts';
import { reportOf } from './report.ts';
import type { BenchResults, Step } from './results.ts';
import { measureSteps } from './steps.ts';

const MOST_CALLS = 2_000;
const MOST_SECONDS = 600;
const MOST_ROUNDS = 20;
/** What a step takes beside its measurement, and a server beside its steps, in seconds. */
const AROUND_STEP_SECONDS = 2;
const AROUND_SERVER_SECONDS = 6;
/** Up to so many calls cores have time to fall asleep: there the relay and the bridge are measured awake, too. */
const SLEEPY_CALLS = 50;
const PROFILE_SECONDS = 8;

const say = (text: string) => process.stdout.write(text);

const { values } = parseArgs({
  options: {
    calls: { type: 'string', default: '1,50,200,500,1000' },
    seconds: { type: 'string', default: '4' },
    rounds: { type: 'string', default: '3' },
    servers: { type: 'string', default: CONTENDERS.map(({ name }) => name).join(',') },
    'profile-calls': { type: 'string', default: '200' },
    json: { type: 'string' },
    write: { type: 'boolean', default: false },
  },
});
const loads = values.calls
  .split(',')
  .map((calls) => wholeNumber('--calls', calls, MOST_CALLS))
  .sort((a, b) => a - b);
const seconds = wholeNumber('--seconds', values.seconds, MOST_SECONDS);
const rounds = wholeNumber('--rounds', values.rounds, MOST_ROUNDS);
const contenders = values.servers.split(',').map(contenderNamed);
const profileCalls =
  values['profile-calls'] === '0' ? 0 : wholeNumber('--profile-calls', values['profile-calls'], MOST_CALLS);

function contenderNamed(name: string): Contender {
  const contender = CONTENDERS.find((known) => known.name === name);
  if (contender) return contender;
  throw new Error(`--servers has ${name}; there are ${CONTENDERS.map((known) => known.name).join(', ')}.`);
}

const cores = coresHere();
const sleepyLoads = loads.filter((calls) => calls <= SLEEPY_CALLS);
const sleepy = contenders.filter(({ name }) => name === 'bridge' || name === 'relay');
const steps: Step[] = [];

function measured(step: Step): void {
  const { server, calls, usPerFrame, toAgent, toCaller, generator, disturbed, awake } = step;
  const delays = `p99 ${toAgent.p99.toFixed(1)} ms to the agent, ${toCaller.p99.toFixed(1)} to the caller`;
  const invalid = `; NOT VALID: the generator was late by ${generator.lag.p99.toFixed(0)} ms, at ${(100 * generator.cpuShare).toFixed(0)} % of a core`;
  say(
    `  ${calls} calls, ${server}${awake ? ', cores awake' : ''}: ${usPerFrame.toFixed(1)} µs a frame, ${delays}${disturbed ? invalid : ''}\n`,
  );
}

async function measureAll(build: ContenderBuild): Promise<void> {
  for (let round = 1; round <= rounds; round += 1) {
    say(`round ${round} of ${rounds}\n`);
    // Each begins once in a while, so that what changes with time counts against nobody.
    const order = contenders.map((_, i) => contenders[(i + round - 1) % contenders.length] as Contender);
    for (const contender of order) {
      const shared = { build, contender, seconds, round, cores, measured };
      steps.push(...(await measureSteps({ ...shared, loads, awake: false })));
      if (cores && sleepy.includes(contender) && sleepyLoads.length > 0)
        steps.push(...(await measureSteps({ ...shared, loads: sleepyLoads, awake: true })));
    }
  }
}

/** Where the bridge's time goes: one more run, whose figures are not counted. */
async function profiled(build: ContenderBuild): Promise<BenchResults['profile']> {
  const contender = contenders.find(({ name }) => name === 'bridge');
  if (!contender || profileCalls === 0) return null;
  const directory = `${build.directory}/profile`;
  await mkdir(directory);
  say(`where the time goes, at ${profileCalls} calls\n`);
  await measureSteps({
    build,
    contender,
    loads: [profileCalls],
    seconds: PROFILE_SECONDS,
    round: 0,
    awake: false,
    cores,
    nodeOptions: ['--cpu-prof', '--cpu-prof-dir', directory],
    measured() {},
  });
  return { server: contender.name, calls: profileCalls, shares: await categoriesOf(directory) };
}

const dialled = (loads.at(-1) ?? 0) / 150;
const perServer = AROUND_SERVER_SECONDS + dialled + loads.length * (seconds + AROUND_STEP_SECONDS);
const perSleepy = AROUND_SERVER_SECONDS + sleepyLoads.length * (seconds + AROUND_STEP_SECONDS);
const expected = rounds * (contenders.length * perServer + sleepy.length * perSleepy);
say(`Compiling the servers. The measurement takes some ${Math.ceil(expected / 60)} minutes at most.\n`);
const [machine, loadBefore] = [machineWords(), loadavg()[0] ?? 0];
const build = await buildContenders();
if (cores) stayOn(cores.generator);
let profile: BenchResults['profile'] = null;
try {
  await measureAll(build);
  profile = await profiled(build);
} finally {
  build.remove();
}

const day = new Date().toISOString().slice(0, 10);
const results: BenchResults = {
  day,
  machine,
  loadBefore,
  pinned: cores !== undefined,
  seconds,
  rounds,
  loads,
  steps,
  profile,
};
say(`\n${reportOf(results)}`);
if (values.json !== undefined) await keepResults(results, values.json);
if (values.write) {
  await keepResults(results, RESULTS_FILE);
  await writePage(await keptResults());
}
if (steps.every(({ disturbed }) => disturbed)) {
  say('\nThe run is not valid: the generator was the bottleneck all the time.\n');
  process.exitCode = 1;
}
