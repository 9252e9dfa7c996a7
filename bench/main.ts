/**
 * What the bridge costs and how much it delays, beside the least that any such program costs (`relay.ts`).
 *
 *   npm run bench -- --calls 50,200 --seconds 20 --rounds 3 --format mulaw --json figures.json --profile profiles/
 *
 * The two take turns, since a machine that is shared with other work is never twice the same: the ratios say more than
 * the figures, and the spread says how much they can be trusted. Nothing is contacted outside 127.0.0.1.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { AudioFormat } from '../src/audio/agent-format.ts';
import { PLAYOUT_FILL_MS } from '../src/call/call-options.ts';
import { startFakeVapi } from './fake-vapi.ts';
import { table, told, wholeNumber } from './figures.ts';
import { type LoadResult, runLoad } from './load.ts';
import { busiestFunctions } from './profile.ts';
import { type Build, buildServers, startServer } from './server-process.ts';

type ServerName = 'bridge' | 'relay';

interface Run extends LoadResult {
  server: ServerName;
  calls: number;
  round: number;
}

const MOST_CALLS = 1_000;
const MOST_SECONDS = 600;
const MOST_ROUNDS = 20;
/** How often a run is tried that other work on the machine disturbs: what the generator's own delay tells. */
const MOST_TRIES = 2;
/** What a run takes beside its measurement, in seconds: start, dialling, warming up, hanging up. */
const AROUND_SECONDS = 11;

const say = (text: string) => process.stdout.write(text);

const { values } = parseArgs({
  options: {
    calls: { type: 'string', default: '50,200' },
    seconds: { type: 'string', default: '20' },
    rounds: { type: 'string', default: '3' },
    format: { type: 'string', default: 'mulaw' },
    json: { type: 'string' },
    profile: { type: 'string' },
  },
});
const loads = values.calls.split(',').map((calls) => wholeNumber('--calls', calls, MOST_CALLS));
const seconds = wholeNumber('--seconds', values.seconds, MOST_SECONDS);
const rounds = wholeNumber('--rounds', values.rounds, MOST_ROUNDS);
const format = formatOf(values.format);
const profiles = values.profile === undefined ? undefined : resolve(values.profile);

function formatOf(name: string): AudioFormat {
  if (name === 'mulaw' || name === 'pcm_s16le') return name;
  throw new Error('--format is neither mulaw nor pcm_s16le.');
}

async function measure(build: Build, server: ServerName, calls: number, round: number): Promise<Run> {
  const vapi = await startFakeVapi();
  const isBridge = server === 'bridge';
  const profiled = isBridge && profiles !== undefined;
  try {
    const started = await startServer(
      build,
      isBridge ? build.bridge : build.relay,
      isBridge
        ? {
            AGENT: 'vapi',
            VAPI_API_KEY: 'bench-key',
            VAPI_BASE_URL: vapi.httpUrl,
            VAPI_AUDIO_FORMAT: format,
            MAX_CALLS: String(calls),
          }
        : { AGENT_URL: vapi.socketUrl },
      profiled ? ['--cpu-prof', '--cpu-prof-dir', profiles] : [],
    );
    try {
      const spoken = isBridge ? format : 'mulaw';
      return {
        server,
        calls,
        round,
        ...(await runLoad({ server: started, vapi, calls, seconds, format: spoken })),
      };
    } finally {
      await started.stop();
    }
  } finally {
    await vapi.close();
  }
}

/** Measures again when the machine was busy with something else, and in the end takes what there is. */
async function measureUndisturbed(
  build: Build,
  server: ServerName,
  calls: number,
  round: number,
): Promise<Run> {
  for (let tries = 1; ; tries += 1) {
    const run = await measure(build, server, calls, round).catch((error: Error) => {
      say(`round ${round}: ${calls} calls, ${server}: not measured. ${error.message}\n`);
      if (tries === MOST_TRIES) throw error;
    });
    if (!run) continue;
    const told = `round ${round}: ${calls} calls, ${server}: ${run.usPerFrame.toFixed(1)} µs per frame`;
    say(`${told}${run.disturbed ? ', disturbed by other work on this machine' : ''}\n`);
    if (!run.disturbed || tries === MOST_TRIES) return run;
  }
}

const ms = (pick: (run: Run) => number) => (runs: readonly Run[]) => told(runs.map(pick), 2);

/** The columns of the table: each over the rounds of one server and one load. */
const COLUMNS: ReadonlyArray<readonly [string, (runs: readonly Run[]) => string]> = [
  ['calls', ([run]) => String(run?.calls)],
  ['server', ([run]) => String(run?.server)],
  [
    'frames/s',
    (runs) =>
      told(
        runs.map((run) => run.framesPerSecond),
        0,
      ),
  ],
  ['µs CPU per frame', (runs) => told(runs.map((run) => run.usPerFrame))],
  [
    '% of a core per call',
    (runs) =>
      told(
        runs.map((run) => (100 * run.cpuShare) / run.calls),
        3,
      ),
  ],
  [
    '% of a core',
    (runs) =>
      told(
        runs.map((run) => 100 * run.cpuShare),
        0,
      ),
  ],
  [
    'RSS MB',
    (runs) =>
      told(
        runs.map((run) => run.rssBytes / 1e6),
        0,
      ),
  ],
  [
    'kB more per call',
    (runs) =>
      told(
        runs.map((run) => (run.rssBytes - run.idleRssBytes) / 1e3 / run.calls),
        0,
      ),
  ],
];

const DELAYS: typeof COLUMNS = [
  ['calls', ([run]) => String(run?.calls)],
  ['server', ([run]) => String(run?.server)],
  ['caller → agent p50', ms((run) => run.toAgent.p50)],
  ['p99', ms((run) => run.toAgent.p99)],
  ['max', ms((run) => run.toAgent.max)],
  ['agent → caller p50', ms((run) => run.toCaller.p50)],
  ['p99', ms((run) => run.toCaller.p99)],
  ['max', ms((run) => run.toCaller.max)],
  ["a turn's first frame p50", ms((run) => run.turnStart.p50)],
  ['interruption → clear p50', ms((run) => run.clears.p50)],
  ['p99', ms((run) => run.clears.p99)],
];

const CHECKS: typeof COLUMNS = [
  ['calls', ([run]) => String(run?.calls)],
  ['server', ([run]) => String(run?.server)],
  ['frames heard', sum((run) => run.counts.received)],
  ['lost', sum((run) => run.counts.lost)],
  ['twice', sum((run) => run.counts.duplicated)],
  ['out of order', sum((run) => run.counts.outOfOrder)],
  ['foreign', sum((run) => run.counts.foreign)],
  ['after their clear', sum((run) => run.counts.stale)],
  ['dropped by interruption', sum((run) => run.counts.flushed)],
  ['clears', sum((run) => run.clears.count)],
  ['clears missed', sum((run) => run.missedClears)],
  [
    'generator % of a core',
    (runs) =>
      told(
        runs.map((run) => 100 * run.generator.cpuShare),
        0,
      ),
  ],
  ['its lag p50', ms((run) => run.generator.lag.p50)],
  ['p99', ms((run) => run.generator.lag.p99)],
  ['its frames late p99', ms((run) => run.generator.late.p99)],
  ['runs disturbed', sum((run) => (run.disturbed ? 1 : 0))],
  ['load average', (runs) => told(runs.map((run) => run.loadAverage))],
];

function sum(pick: (run: Run) => number) {
  return (runs: readonly Run[]) => String(runs.reduce((total, run) => total + pick(run), 0));
}

function tableOf(columns: typeof COLUMNS, groups: ReadonlyArray<readonly Run[]>): string {
  return table(
    columns.map(([name]) => name),
    groups.map((runs) => columns.map(([, cell]) => cell(runs))),
  );
}

function report(runs: readonly Run[]): string {
  const of = (calls: number, server: ServerName) =>
    runs.filter((run) => run.calls === calls && run.server === server);
  const ratios = loads.map((calls) => {
    const relays = of(calls, 'relay');
    const each = of(calls, 'bridge').map((run, i) => run.usPerFrame / (relays[i]?.usPerFrame ?? Number.NaN));
    return `- ${calls} calls: the bridge takes ${told(each, 2)} times the CPU of the bare relay.\n`;
  });
  const groups = loads.flatMap((calls) => [of(calls, 'bridge'), of(calls, 'relay')]);
  return [
    `\n## ${format}, ${seconds} s, ${rounds} rounds: median (least–most)\n\n`,
    ...ratios,
    `\nCPU is user and system time of the server's process; a frame is 20 ms of audio in either direction.\n\n`,
    tableOf(COLUMNS, groups),
    `\nTime added on the way, ms. The agent’s turns are gathered for ${PLAYOUT_FILL_MS} ms at their start, which is shown apart.\n\n`,
    tableOf(DELAYS, groups),
    '\nWhat came out, all rounds together, and how far the generator was a bottleneck, ms.\n\n',
    tableOf(CHECKS, groups),
  ].join('');
}

/** Whether everything came out as it went in. */
function isSound({ counts, missedClears, callsLost }: Run): boolean {
  const { lost, duplicated, outOfOrder, foreign, stale } = counts;
  return lost + duplicated + outOfOrder + foreign + stale + missedClears + callsLost === 0;
}

const expectedSeconds =
  2 * rounds * loads.reduce((total, calls) => total + seconds + AROUND_SECONDS + calls / 100, 0);
say(`Compiling the servers. The measurement takes some ${Math.ceil(expectedSeconds / 60)} minutes.\n`);
const runs: Run[] = [];
if (profiles !== undefined) await mkdir(profiles, { recursive: true });
const build = await buildServers();
try {
  for (let round = 1; round <= rounds; round += 1) {
    for (const calls of loads) {
      for (const server of ['bridge', 'relay'] as const) {
        runs.push(await measureUndisturbed(build, server, calls, round));
      }
    }
  }
} finally {
  build.remove();
}
say(report(runs));
if (profiles !== undefined) say(await busiestFunctions(profiles));
if (values.json !== undefined) {
  const machine = { node: process.version, platform: process.platform, cores: availableParallelism() };
  await writeFile(values.json, `${JSON.stringify({ machine, format, seconds, rounds, runs }, null, 2)}\n`);
}
const unsound = runs.filter((run) => run.server === 'bridge' && !isSound(run));
if (unsound.length > 0) {
  say(
    `\nIn ${unsound.length} of ${runs.length / 2} runs of the bridge audio or a clear went astray: see the table.\n`,
  );
  process.exitCode = 1;
}
