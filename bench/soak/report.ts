import { type Spread, table } from '../figures.ts';
import { FAULTS } from './faults.ts';
import type { Judged } from './judge.ts';
import type { Left } from './server.ts';

/** What a soak came to. Times in ms. */
export interface SoakResult {
  minutes: number;
  lines: number;
  seed: number;
  collects: boolean;
  calls: number;
  /** Faults that came, by kind. */
  faults: Record<string, number>;
  endings: Record<string, number>;
  /** `fault → ending`, with how many calls went so. */
  endingsByFault: Record<string, number>;
  strangers: Record<string, number>;
  unexplained: Judged[];
  /** Rules of Twilio's that the server broke. */
  violations: Record<string, number>;
  left: Left;
  drained: { calls: number; exit: number | string; vapiCalls: number };
  /** Undefined in a run too short to tell. */
  slopes: { heapMbPerHour: number | undefined; rssMbPerHour: number | undefined };
  /** On calls that nothing was done to. */
  delays: { toAgent: Spread; toCaller: Spread };
  generatorLateness: Spread;
}

const MOST_SHOWN = 20;

/** Whether a promise was broken. */
export function isBroken({ left, unexplained, violations, drained }: SoakResult): boolean {
  return (
    Object.values(left).some((n) => n > 0) ||
    unexplained.length > 0 ||
    Object.keys(violations).length > 0 ||
    drained.exit !== 0 ||
    drained.vapiCalls > 0
  );
}

/** The result for a person. */
export function told(result: SoakResult): string {
  const { faults, strangers, left, drained, slopes, delays, generatorLateness, unexplained } = result;
  const sum = (counts: Record<string, number>) => Object.values(counts).reduce((a, b) => a + b, 0);
  const rows = (counts: Record<string, number>) =>
    Object.entries(counts).map(([name, n]) => [name, String(n)]);
  const never = Object.keys(FAULTS).filter((name) => faults[name] === undefined);
  const shown = unexplained.slice(0, MOST_SHOWN);
  return [
    `${result.calls} calls, ${sum(faults)} of them with a fault, beside ${sum(strangers)} strangers.\n`,
    table(['fault → ending', 'calls'], rows(result.endingsByFault)),
    table(['ending', 'calls'], rows(result.endings)),
    never.length > 0 ? `Did not come in this run: ${never.join(', ')}.\n` : '',
    `To the agent:  ${spreadWords(delays.toAgent)}`,
    `To the caller: ${spreadWords(delays.toCaller)}`,
    `(The generator itself was late: ${spreadWords(generatorLateness)})\n`,
    `Heap: ${slopeWords(slopes.heapMbPerHour)}${result.collects ? '' : ', garbage included'}. RSS: ${slopeWords(slopes.rssMbPerHour)}.`,
    `Left: ${Object.entries(left)
      .map(([name, n]) => `${name} ${n}`)
      .join(', ')}.`,
    `SIGTERM with ${drained.calls} calls alive: exit ${drained.exit}, ${drained.vapiCalls} calls left at Vapi.`,
    ...shown.map(
      ({ number, fault, ending, words }) =>
        `Unexplained: call ${number}, ${fault ?? 'no fault'}: ${ending}. ${words}`,
    ),
    unexplained.length > shown.length ? `… and ${unexplained.length - shown.length} more.` : '',
    ...Object.entries(result.violations).map(([words, n]) => `Twilio's rule broken ${n} times: ${words}`),
  ]
    .filter((line) => line !== '')
    .join('\n');
}

function spreadWords({ p50, p99, max, count }: Spread): string {
  return `p50 ${p50.toFixed(1)}, p99 ${p99.toFixed(1)}, worst ${max.toFixed(1)} ms of ${count}`;
}

function slopeWords(mbPerHour: number | undefined): string {
  return mbPerHour === undefined ? 'no slope in so short a run' : `${mbPerHour.toFixed(2)} MB/h`;
}
