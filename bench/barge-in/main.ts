/**
 * How soon the agent is silent when the caller takes the turn, and what a caller's "mm-hm" or a noisy line does to it:
 * the three policies side by side, on what was really played.
 *
 *   npm run bench:barge-in -- --quick --clock both --json figures.json
 *
 * `--clock told` has the bridge in memory and time that is told: the same every time. `--clock real` has each policy's
 * server as a process of its own, real sockets and real time. Nothing is contacted outside 127.0.0.1.
 */
import { writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import type { BargeInPolicy } from '../../machines/call-facts.ts';
import { loadCorpus } from '../../test/corpus/corpus.ts';
import { buildServers } from '../server-process.ts';
import { judge } from './judge.ts';
import { createMonologue } from './monologue.ts';
import { type CallRecord, playScripts } from './performance.ts';
import {
  backchannels,
  echoes,
  events,
  interruptions,
  monologueMs,
  noises,
  type Script,
  whispers,
} from './plan.ts';
import { startRealStage } from './real-stage.ts';
import { compare } from './report.ts';
import { ASSUMED } from './signals.ts';
import type { Stage } from './stage.ts';
import { type Summary, summarize } from './summary.ts';
import { createToldStage } from './told-stage.ts';

const POLICIES: readonly BargeInPolicy[] = ['transcript', 'confirmed', 'reversible'];
const MINUTE_MS = 60_000;
/** How late the callers' frames may leave, as 95th percentile in ms: beyond it the figures are the machine's own. */
const MOST_LATE_MS = 10;
/** How often a wave is tried of which a call could not be had. */
const MOST_TRIES = 2;

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    clock: { type: 'string', default: 'both' },
    json: { type: 'string' },
  },
});
if (!['told', 'real', 'both'].includes(values.clock))
  throw new Error('--clock is neither told, real nor both.');
const { quick } = values;

const say = (text: string) => process.stdout.write(text);
const corpus = loadCorpus();

const told: Script[] = [
  ...interruptions(corpus),
  ...backchannels(corpus),
  ...events(corpus),
  ...whispers(corpus),
  ...noises(quick ? MINUTE_MS / 2 : 2 * MINUTE_MS),
  ...echoes(quick ? MINUTE_MS : 10 * MINUTE_MS),
];
/** What is played at the same time over real sockets: as many calls of each policy as leave the machine its breath. */
const waves: Script[][] = quick
  ? [[...interruptions(corpus, 6), ...backchannels(corpus).slice(0, 4), ...events(corpus).slice(0, 2)]]
  : [
      [...interruptions(corpus).slice(0, 12), ...whispers(corpus)],
      interruptions(corpus).slice(12),
      [...backchannels(corpus), ...events(corpus)],
      [...noises(40_000), ...echoes(40_000)],
    ];

const options = {
  corpus,
  monologue: createMonologue(corpus, monologueMs([...told, ...waves.flat()])),
  assumed: ASSUMED,
};

function summaryOf(records: readonly CallRecord[]): Summary {
  return summarize(
    records.map((record) => judge(record, options.monologue)),
    records,
  );
}

async function inToldTime(): Promise<Map<string, Summary>> {
  const summaries = new Map<string, Summary>();
  for (const policy of POLICIES) {
    const startedAt = performance.now();
    const stage = createToldStage({ policy });
    summaries.set(policy, summaryOf(await playScripts(stage, told, options)));
    await stage.close();
    say(`${policy}: ${told.length} calls told in ${seconds(performance.now() - startedAt)}\n`);
  }
  return summaries;
}

async function inRealTime(): Promise<Map<string, Summary>> {
  say('Compiling the server.\n');
  const build = await buildServers();
  const stages: Awaited<ReturnType<typeof startRealStage>>[] = [];
  try {
    for (const policy of POLICIES) stages.push(await startRealStage(build, { policy }));
    const records: CallRecord[][] = POLICIES.map(() => []);
    for (const [i, scripts] of waves.entries()) {
      const longest = Math.max(...scripts.map(({ durationMs }) => durationMs));
      say(`wave ${i + 1} of ${waves.length}: ${scripts.length} calls of each policy, ${seconds(longest)}\n`);
      const played = await playWave(stages, scripts);
      for (const [policy, some] of played.entries()) records[policy]?.push(...some);
    }
    for (const [i, stage] of stages.entries()) {
      say(`${POLICIES[i]}: its server used ${(await stage.cpuSeconds()).toFixed(1)} s of a core\n`);
    }
    return new Map(POLICIES.map((policy, i) => [policy, summaryOf(records[i] ?? [])]));
  } finally {
    await Promise.all(stages.map((stage) => stage.close()));
    build.remove();
  }
}

async function playWave(stages: readonly Stage[], scripts: readonly Script[]): Promise<CallRecord[][]> {
  for (let tries = 1; ; tries += 1) {
    const played = await Promise.allSettled(stages.map((stage) => playScripts(stage, scripts, options)));
    const failed = played.find((one) => one.status === 'rejected');
    if (!failed) return played.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    say(`A call could not be had: ${failed.reason}\n`);
    if (tries === MOST_TRIES) throw failed.reason;
  }
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}

const machine = {
  node: process.version,
  cores: availableParallelism(),
  processor: cpus()[0]?.model ?? 'unknown',
  loadAverage: loadavg()[0] ?? 0,
};
const { startedMs, verdictMs, partialMs } = ASSUMED;
say(
  `${machine.cores} cores of ${machine.processor}, Node ${machine.node}, load average ${machine.loadAverage.toFixed(1)}\n` +
    `Assumed of Vapi, from the onset of an interruption at Twilio’s edge: speech-update after ${startedMs} ms, ` +
    `user-interrupted after ${verdictMs} ms, a partial transcript after ${partialMs} ms. A verdict is obeyed by every policy.\n\n`,
);

const startedAt = performance.now();
const figures: Record<string, Record<string, Summary>> = {};
if (values.clock !== 'real') {
  const summaries = await inToldTime();
  figures.told = Object.fromEntries(summaries);
  say(`\n## In told time\n\n${compare(summaries)}\n`);
}
if (values.clock !== 'told') {
  const summaries = await inRealTime();
  figures.real = Object.fromEntries(summaries);
  say(`\n## In real time, over real sockets\n\n${compare(summaries)}\n`);
  const late = [...summaries.values()].map((summary) => summary.late);
  const words = late.map(({ p50, p95, max }) => [p50, p95, max].map((value) => value.toFixed(1)).join(' / '));
  say(`The callers’ own frames left late by p50 / p95 / max ms: ${words.join('; ')}.\n`);
  if (late.some(({ p95 }) => p95 > MOST_LATE_MS)) {
    say('Other work on this machine disturbed the measurement: run it again on a machine that is at rest.\n');
  }
}
const { user, system } = process.cpuUsage();
say(
  `It took ${seconds(performance.now() - startedAt)}, and ${seconds((user + system) / 1000)} of a core here.\n`,
);
if (values.json !== undefined) {
  await writeFile(values.json, `${JSON.stringify({ machine, assumed: ASSUMED, figures }, null, 2)}\n`);
}
