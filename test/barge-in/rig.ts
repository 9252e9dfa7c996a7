import { type CallVerdict, judge } from '../../bench/barge-in/judge.ts';
import { createMonologue } from '../../bench/barge-in/monologue.ts';
import { playScripts } from '../../bench/barge-in/performance.ts';
import { monologueMs, type Script } from '../../bench/barge-in/plan.ts';
import { ASSUMED } from '../../bench/barge-in/signals.ts';
import { type Summary, summarize } from '../../bench/barge-in/summary.ts';
import { createToldStage } from '../../bench/barge-in/told-stage.ts';
import type { BargeInPolicy } from '../../machines/call-facts.ts';
import { loadCorpus } from '../corpus/corpus.ts';

export const corpus = loadCorpus();

/** What came of some calls, one by one and all together. */
export interface Told {
  summary: Summary;
  verdicts: CallVerdict[];
}

/** Plays scripts against the bridge, in told time, and judges what was heard on the line. */
export async function tellCalls(policy: BargeInPolicy, scripts: readonly Script[]): Promise<Told> {
  const monologue = createMonologue(corpus, monologueMs(scripts));
  const stage = createToldStage({ policy });
  const records = await playScripts(stage, scripts, { corpus, monologue, assumed: ASSUMED });
  const verdicts = records.map((record) => judge(record, monologue));
  return { verdicts, summary: summarize(verdicts, records) };
}

/** What must be so on every call, whatever happened on it. */
export const NO_FAULTS: Summary['faults'] = {
  violations: 0,
  foreignFrames: 0,
  unmatchedClears: 0,
  callsLost: 0,
};
