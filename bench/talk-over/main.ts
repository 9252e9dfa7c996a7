/**
 * What it costs and delays that the bridge listens for the caller while the agent speaks.
 *
 *   npm run bench:talk-over -- --calls 100 --seconds 7 --rounds 3 --json figures.json
 *
 * Everybody talks over everybody, in two manners (`manners.ts`), and the server takes turns with `BARGE_IN=reversible`,
 * which listens, and `confirmed`, which does not. In the first manner nothing is ever paused, so all frames are
 * compared; in the second, frames of a turn of the agent that was paused or dropped are late on purpose, and are left
 * out from the `clear` on. Nothing is contacted outside 127.0.0.1.
 */
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { startFakeVapi } from '../fake-vapi.ts';
import { machineWords, saturationWords, table, told, wholeNumber } from '../figures.ts';
import { type LoadResult, runLoad } from '../load.ts';
import { type Build, buildServers, startServer, tried } from '../server-process.ts';
import { MANNERS, type MannerName } from './manners.ts';

type Policy = 'reversible' | 'confirmed';

interface Run extends LoadResult {
  policy: Policy;
  manner: MannerName;
  round: number;
}

const MOST_CALLS = 1_000;
const MOST_SECONDS = 120;
const MOST_ROUNDS = 20;
/** What a run takes beside its measurement, in seconds: start, warming up, hanging up. */
const AROUND_SECONDS = 10;
const POLICIES: readonly Policy[] = ['reversible', 'confirmed'];
const WORDS: Readonly<Record<MannerName, string>> = {
  examined: 'every frame examined, nothing paused',
  pausing: 'interruptions and "mm-hm" all the time',
};

const { values } = parseArgs({
  options: {
    calls: { type: 'string', default: '100' },
    seconds: { type: 'string', default: '7' },
    rounds: { type: 'string', default: '3' },
    json: { type: 'string' },
  },
});
const calls = wholeNumber('--calls', values.calls, MOST_CALLS);
const seconds = wholeNumber('--seconds', values.seconds, MOST_SECONDS);
const rounds = wholeNumber('--rounds', values.rounds, MOST_ROUNDS);
const manners = Object.keys(MANNERS) as MannerName[];

/** How often a run is tried whose calls the machine did not carry for other work on it. */
const MOST_TRIES = 2;

const say = (text: string) => process.stdout.write(text);

async function measure(build: Build, manner: MannerName, policy: Policy, round: number): Promise<Run> {
  const vapi = await startFakeVapi();
  try {
    const server = await startServer(build, build.bridge, {
      AGENT: 'vapi',
      VAPI_API_KEY: 'bench-key',
      VAPI_BASE_URL: vapi.httpUrl,
      MAX_CALLS: String(calls),
      BARGE_IN: policy,
    });
    try {
      const load = { server, vapi, calls, seconds, format: 'mulaw' as const, manner: MANNERS[manner] };
      return { policy, manner, round, ...(await runLoad(load)) };
    } finally {
      await server.stop();
    }
  } finally {
    await vapi.close();
  }
}

function runsOf(manner: MannerName, policy: Policy): Run[] {
  return runs.filter((run) => run.manner === manner && run.policy === policy);
}

function ratio(manner: MannerName, pick: (run: Run) => number): string {
  const below = runsOf(manner, 'confirmed');
  const each = runsOf(manner, 'reversible').map((run, i) => {
    const other = below[i];
    return other ? pick(run) / pick(other) : Number.NaN;
  });
  return told(each, 2);
}

function rowOf(manner: MannerName, policy: Policy): string[] {
  const cell = (pick: (run: Run) => number, digits = 2) => told(runsOf(manner, policy).map(pick), digits);
  const sum = (pick: (run: Run) => number) =>
    String(runsOf(manner, policy).reduce((total, run) => total + pick(run), 0));
  return [
    WORDS[manner],
    policy,
    cell(({ usPerFrame }) => usPerFrame, 1),
    cell(({ cpuShare }) => 100 * cpuShare, 0),
    cell(({ toAgent }) => toAgent.p50),
    cell(({ toAgent }) => toAgent.p99),
    cell(({ toCaller }) => toCaller.p50),
    cell(({ toCaller }) => toCaller.p99),
    cell(({ clearsHeard }) => (clearsHeard * 60) / seconds / calls, 1),
    sum(({ counts }) => counts.foreign + counts.stale),
    // What was paused is said again in part, so these say nothing there.
    manner === 'pausing' ? '' : sum(({ counts }) => counts.lost + counts.duplicated + counts.outOfOrder),
    sum(({ callsLost }) => callsLost),
    cell(({ generator }) => 100 * generator.cpuShare, 0),
    sum(({ disturbed }) => (disturbed ? 1 : 0)),
  ];
}

function report(): string {
  return [
    `\n## ${calls} calls, ${seconds} s, ${rounds} rounds: median (least–most)\n\n${machine}\n\n`,
    saturationWords(runs),
    'Reversible over confirmed (wanted: p99 of the delay at most 1.20):\n\n',
    ...manners.map(
      (manner) =>
        `- ${WORDS[manner]}: p99 ${ratio(manner, (run) => run.toAgent.p99)} times to the agent, ` +
        `${ratio(manner, (run) => run.toCaller.p99)} to the caller; ` +
        `CPU ${ratio(manner, (run) => run.usPerFrame)} times.\n`,
    ),
    '\nCPU is user and system time of the server; a frame is 20 ms of audio in either direction. Delays in ms; those of a\n' +
      'turn that was paused or dropped are left out from the `clear` on.\n\n',
    table(
      [
        'manner',
        'BARGE_IN',
        'µs CPU per frame',
        '% of a core',
        'caller → agent p50',
        'p99',
        'agent → caller p50',
        'p99',
        'clears a minute and call',
        'foreign or stale',
        'lost, twice, out of order',
        'calls lost',
        'generator % of a core',
        'runs disturbed',
      ],
      manners.flatMap((manner) => POLICIES.map((policy) => rowOf(manner, policy))),
    ),
    "\nDisturbed: other work kept the generator from its own, so that delays are not the server's.\n",
  ].join('');
}

const expected = rounds * manners.length * POLICIES.length * (seconds + AROUND_SECONDS + calls / 100);
say(`Compiling the server. The measurement takes some ${Math.ceil(expected)} s.\n`);
const again = (words: string) => say(`Not measured, and tried again. ${words}\n`);
const machine = machineWords();
const build = await buildServers();
const runs: Run[] = [];
try {
  for (let round = 1; round <= rounds; round += 1) {
    for (const manner of manners) {
      for (const policy of round % 2 === 1 ? POLICIES : POLICIES.toReversed()) {
        const run = await tried(MOST_TRIES, () => measure(build, manner, policy, round), again);
        runs.push(run);
        const { usPerFrame, toAgent, toCaller } = run;
        const delays = `p99 ${toAgent.p99.toFixed(2)} ms to the agent, ${toCaller.p99.toFixed(2)} to the caller`;
        say(`round ${round}: ${manner}, ${policy}: ${usPerFrame.toFixed(1)} µs per frame, ${delays}\n`);
      }
    }
  }
} finally {
  build.remove();
}
say(report());
if (values.json !== undefined) {
  await writeFile(values.json, `${JSON.stringify({ machine, calls, seconds, rounds, runs }, null, 2)}\n`);
}
