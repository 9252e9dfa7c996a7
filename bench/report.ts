import { PLAYOUT_FILL_MS } from '../src/call/call-options.ts';
import { CONTENDERS, type Contender } from './contenders.ts';
import { median, table, told } from './figures.ts';
import { MOST_CPU_SHARE, MOST_LAG_MS } from './load.ts';
import { type BenchResults, ratiosOf, type Step, validSteps } from './results.ts';

type Column = readonly [head: string, cell: (steps: readonly Step[]) => string];

function figure(pick: (step: Step) => number, digits = 1): Column[1] {
  return (steps) => told(steps.map(pick), digits);
}

function sum(pick: (step: Step) => number): Column[1] {
  return (steps) => String(steps.reduce((total, step) => total + pick(step), 0));
}

/** Those of a spread that was taken at least once; a dash where it never was. */
function times(spread: (step: Step) => { count: number; p50: number; p99: number }, at: 'p50' | 'p99') {
  return (steps: readonly Step[]) => {
    const taken = steps.map(spread).filter(({ count }) => count > 0);
    return taken.length === 0
      ? '–'
      : told(
          taken.map((times) => times[at]),
          1,
        );
  };
}

/** Below so many calls the memory that each takes drowns in what the process takes by itself. */
const COUNTABLE_CALLS = 20;
const kilobytes = ({ rssBytes, idleRssBytes, calls }: Step) => (rssBytes - idleRssBytes) / 1e3 / calls;

const COST: readonly Column[] = [
  ['µs CPU per frame', figure((step) => step.usPerFrame)],
  ['% of a core', figure((step) => 100 * step.cpuShare, 0)],
  [
    'kB RSS per call',
    (steps) => ((steps[0]?.calls ?? 0) < COUNTABLE_CALLS ? '–' : figure(kilobytes, 0)(steps)),
  ],
];

const DELAYS: readonly Column[] = [
  ['caller → agent p50', times((step) => step.toAgent, 'p50')],
  ['p99', times((step) => step.toAgent, 'p99')],
  ['agent → caller p50', times((step) => step.toCaller, 'p50')],
  ['p99', times((step) => step.toCaller, 'p99')],
  ['interruption → `clear` p50', times((step) => step.clears, 'p50')],
  ['p99', times((step) => step.clears, 'p99')],
  ['set-up p50', times((step) => step.setUps, 'p50')],
  ['p99', times((step) => step.setUps, 'p99')],
];

const CHECKS: readonly Column[] = [
  ['frames', sum((step) => step.frames)],
  ['lost', sum((step) => step.counts.lost)],
  ['twice or out of order', sum(({ counts }) => counts.duplicated + counts.outOfOrder)],
  ['foreign', sum((step) => step.counts.foreign)],
  ['after their clear', sum((step) => step.counts.stale)],
  ['clears', sum((step) => step.clears.count)],
  ['missed', sum((step) => step.missedClears)],
  ['nothing to clear', sum((step) => step.needlessClears)],
  ['calls lost', sum((step) => step.callsLost)],
  ['generator % of a core', figure((step) => 100 * step.generator.cpuShare, 0)],
  ['its lag p99, ms', figure((step) => step.generator.lag.p99)],
  ['its frames late p99, ms', figure((step) => step.generator.late.p99)],
];

/** The servers that were measured, in the order in which they are told. */
export function measuredContenders({ steps }: BenchResults): Contender[] {
  return CONTENDERS.filter(({ name }) => steps.some(({ server }) => server === name));
}

function ratios(results: BenchResults): string {
  const rows = measuredContenders(results)
    .filter(({ name, yardstick }) => name !== yardstick)
    .map((contender) => [
      contender.words,
      ...results.loads.map((calls) => {
        const each = ratiosOf(results, { ...contender, server: contender.name, calls }, (s) => s.usPerFrame);
        return each.length === 0 ? '–' : told(each, 2);
      }),
    ]);
  return table(['times the CPU of a bare relay', ...results.loads.map((calls) => `${calls} calls`)], rows);
}

function rowsOf(results: BenchResults, columns: readonly Column[], awake = false): string[][] {
  return results.loads.flatMap((calls) =>
    measuredContenders(results).flatMap(({ name, words }) => {
      const steps = validSteps(results, name, calls, awake);
      return steps.length === 0 ? [] : [[String(calls), words, ...columns.map(([, cell]) => cell(steps))]];
    }),
  );
}

function tableOf(results: BenchResults, columns: readonly Column[], awake = false): string {
  return table(['calls', 'server', ...columns.map(([head]) => head)], rowsOf(results, columns, awake));
}

/** What a call of ours takes of memory beyond a call of the relay. */
function memoryWords(results: BenchResults): string {
  const calls = results.loads.findLast((count) =>
    ['relay', 'bridge'].every((server) => validSteps(results, server, count).length > 0),
  );
  if (calls === undefined || calls < COUNTABLE_CALLS) return '';
  const of = (server: string) => median(validSteps(results, server, calls).map(kilobytes));
  const more = of('bridge') - of('relay');
  return `At ${calls} calls a call of the bridge takes ${more.toFixed(0)} kB more than a call of the relay.\n\n`;
}

/** What was measured though the generator was the bottleneck, and is left out everywhere. */
export function invalidWords({ steps }: BenchResults): string {
  const invalid = steps.filter(({ disturbed }) => disturbed);
  if (invalid.length === 0) return '';
  const names = [...new Set(invalid.map(({ server, calls }) => `${server} at ${calls} calls`))].join(', ');
  return (
    `**Not valid, and left out: ${invalid.length} of ${steps.length} steps (${names}).** The generator was late by more ` +
    `than ${MOST_LAG_MS} ms at p99, or took more than ${100 * MOST_CPU_SHARE} % of its core: the figures would be its own.\n\n`
  );
}

/** How the run was made, in a paragraph. */
export function runWords(results: BenchResults): string {
  const { machine, loadBefore, pinned, seconds, rounds, day } = results;
  const places = pinned
    ? 'The server had one core to itself, the generator another.'
    : 'Server and generator were not pinned to cores of their own, so that they may have been in each other’s way.';
  return (
    `${day}: ${machine}; load average before ${loadBefore.toFixed(1)}. ${places} ` +
    `${rounds === 1 ? 'One round' : `${rounds} interleaved rounds`} of ${seconds} s for each server and load: median (least–most).\n\n`
  );
}

/** All tables, in Markdown. */
export function reportOf(results: BenchResults): string {
  const asleep = rowsOf(results, COST, true).length === 0;
  return [
    runWords(results),
    invalidWords(results),
    ratios(results),
    '\n### What a frame costs\n\n',
    'User and system time of the server; a frame is 20 ms of audio in either direction. RSS is beyond the idle server.\n\n',
    tableOf(results, COST),
    `\n${memoryWords(results)}`,
    ...(asleep
      ? []
      : [
          '### The same on cores that are kept awake\n\n',
          'A core that idles between frames pays for each wake-up, which is why a frame costs more at 50 calls than at 200. ' +
            'Here a process of the idle class keeps both cores from resting.\n\n',
          tableOf(results, COST, true),
          '\n',
        ]),
    '### How late a frame becomes\n\n',
    `Added on the way, in ms. The first frames of a turn, gathered for ${PLAYOUT_FILL_MS} ms on purpose, are left out.\n\n`,
    tableOf(results, DELAYS),
    '\n### What came out\n\n',
    'All rounds together. Lost: not there a second and a half after the end, and not dropped by an interruption. Nothing to clear: ' +
      'the server was told of an interruption when the caller had heard all that it had sent.\n\n',
    tableOf(results, CHECKS),
  ].join('');
}
