import type { Contender, ContenderBuild } from './contenders.ts';
import { type Cores, keepAwake } from './cores.ts';
import { startFakeVapi } from './fake-vapi.ts';
import { type Load, openLoad, type Stretch } from './load.ts';
import { turns } from './manner.ts';
import type { Step } from './results.ts';
import { startServer } from './server-process.ts';

export interface StepsOptions {
  build: ContenderBuild;
  contender: Contender;
  /** Calls, from few to many. */
  loads: readonly number[];
  seconds: number;
  round: number;
  awake: boolean;
  cores: Cores | undefined;
  nodeOptions?: readonly string[];
  measured(step: Step): void;
}

/** A share of a core, and a 99th percentile of the delay in ms, from which on more calls tell nothing more. */
const SATURATED_SHARE = 0.97;
const SATURATED_MS = 300;
/** Calls with which a server is warmed up, so that a single one is not measured on code that was never compiled. */
const WARMING_CALLS = 20;
/** How often a step is tried that the generator did not keep up with. */
const MOST_TRIES = 2;

/** Starts one server and puts more and more calls on it, until it can do no more. */
export async function measureSteps(options: StepsOptions): Promise<Step[]> {
  const { build, contender, loads, cores } = options;
  const mostCalls = Math.max(...loads);
  const vapi = await startFakeVapi();
  const rest = options.awake && cores ? keepAwake(cores) : () => {};
  try {
    const script = contender.script(build);
    // Those that warmed it up may still be on their way out when the last is dialled.
    const settings = contender.settings(vapi, mostCalls + WARMING_CALLS);
    const server = await startServer(build, script, settings, options.nodeOptions, cores?.server);
    try {
      const { rssBytes: idleRssBytes } = await server.read();
      const { format, soundDelayMs, interruption } = contender;
      const talk = { format, soundDelayMs, ...(interruption === undefined ? {} : { interruption }) };
      const load = await openLoad({
        server,
        vapi,
        calls: Math.min(WARMING_CALLS, mostCalls),
        mostCalls,
        manner: turns,
        ...talk,
      });
      try {
        return await climb(options, load, idleRssBytes);
      } finally {
        await load.hangUp();
      }
    } finally {
      await server.stop();
    }
  } finally {
    rest();
    await vapi.close();
  }
}

async function climb(options: StepsOptions, load: Load, idleRssBytes: number): Promise<Step[]> {
  const steps: Step[] = [];
  const { contender, round, awake } = options;
  for (const calls of options.loads) {
    try {
      await load.resize(calls);
    } catch {
      // A server that is at its end lets nobody in any more.
      return steps;
    }
    const stretch = await undisturbed(load, options.seconds);
    const step = {
      ...stretch,
      server: contender.name,
      calls,
      round,
      awake,
      idleRssBytes,
      callsLost: load.callsLost,
    };
    steps.push(step);
    options.measured(step);
    if (isSaturated(stretch)) return steps;
  }
  return steps;
}

async function undisturbed(load: Load, seconds: number): Promise<Stretch> {
  for (let tries = 1; ; tries += 1) {
    const stretch = await load.measure(seconds);
    if (!stretch.disturbed || tries === MOST_TRIES) return stretch;
  }
}

/** Whether the server has no time to spare. What the tutorial's server gathers on purpose comes at the median, too. */
function isSaturated({ cpuShare, toAgent, toCaller }: Stretch): boolean {
  const late = Math.max(toAgent.p99 - toAgent.p50, toCaller.p99 - toCaller.p50);
  return cpuShare > SATURATED_SHARE || late > SATURATED_MS;
}
