import type { Stretch } from './load.ts';
import type { CategoryShare } from './profile.ts';

/** One server at one load, measured for some seconds. */
export interface Step extends Stretch {
  server: string;
  calls: number;
  round: number;
  /** Whether the cores were kept from idling meanwhile. */
  awake: boolean;
  /** Of the server before its first call. */
  idleRssBytes: number;
  callsLost: number;
}

/** All that a run of the benchmark found out. */
export interface BenchResults {
  /** ISO 8601, to the day. */
  day: string;
  machine: string;
  /** The load average of a minute before anything was started. */
  loadBefore: number;
  pinned: boolean;
  seconds: number;
  rounds: number;
  loads: readonly number[];
  steps: readonly Step[];
  profile: { server: string; calls: number; shares: readonly CategoryShare[] } | null;
}

/** The steps that count: those in which the generator was not the bottleneck. */
export function validSteps(results: BenchResults, server: string, calls: number, awake = false): Step[] {
  return results.steps.filter(
    (step) => step.server === server && step.calls === calls && step.awake === awake && !step.disturbed,
  );
}

/** For each round in which both are valid, what `pick` says of the one divided by what it says of the other. */
export function ratiosOf(
  results: BenchResults,
  pair: { server: string; yardstick: string; calls: number; awake?: boolean },
  pick: (step: Step) => number,
): number[] {
  const others = validSteps(results, pair.yardstick, pair.calls, pair.awake);
  return validSteps(results, pair.server, pair.calls, pair.awake).flatMap((step) => {
    const other = others.find(({ round }) => round === step.round);
    return other ? [pick(step) / pick(other)] : [];
  });
}
