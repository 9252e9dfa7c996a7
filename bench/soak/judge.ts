import type { Reading } from '../server-process.ts';

/** The server at one moment; `at` in ms of `performance.now()`. */
export interface Sample extends Reading {
  at: number;
  sessions: number;
}

const MS_PER_HOUR = 3_600_000;
/** Over less than this, in ms, what the collector of garbage does now and then looks like growth. */
const LEAST_SPAN_MS = 5 * 60_000;

/** By how much `value` grows in an hour, by least squares over the samples; undefined where they span too little time. */
export function slopePerHour(
  samples: readonly Sample[],
  value: (sample: Sample) => number,
): number | undefined {
  const spanMs = (samples.at(-1)?.at ?? 0) - (samples[0]?.at ?? 0);
  if (samples.length < 3 || spanMs < LEAST_SPAN_MS) return undefined;
  const mean = (of: (sample: Sample) => number) =>
    samples.reduce((sum, sample) => sum + of(sample), 0) / samples.length;
  const [meanAt, meanValue] = [mean(({ at }) => at), mean(value)];
  const spread = samples.reduce((sum, { at }) => sum + (at - meanAt) ** 2, 0);
  const shared = samples.reduce((sum, sample) => sum + (sample.at - meanAt) * (value(sample) - meanValue), 0);
  return (shared / spread) * MS_PER_HOUR;
}

/** What one call was to go through, and what became of it. */
export interface Judged {
  number: number;
  callSid: string;
  fault: string | undefined;
  ending: string;
  words: string;
}

/** How many there are of each. */
export function tally(names: Iterable<string>): Record<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
}
