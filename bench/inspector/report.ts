import { median, spreadOf, table, told } from '../figures.ts';
import type { Pairing, PairStretch, SideStretch } from './run.ts';

/** What came of one pairing, in all its rounds. */
export interface PairingResult {
  pairing: Pairing;
  /** What is asked of the ratio of CPU, in words; none where nothing is. */
  wanted: string;
  /** By round. */
  rounds: readonly (readonly PairStretch[])[];
}

/** What came of all pairings, the ratios first. */
export function inspectorReport(results: readonly PairingResult[]): string {
  const viewed = results.flatMap(({ pairing, rounds }) =>
    pairing.one.onlooker === 'viewer' ? rounds.flat().map(({ one }) => one) : [],
  );
  return [
    ...results.map(comparedWords),
    viewed.length > 0 ? latenessWords(viewed) : '',
    '\nCPU is user and system time of the server; a frame is 20 ms of audio in either direction. Delays in ms. ',
    'Each row is of the two servers of one comparison, which ran in the same seconds.\n\n',
    table(
      [
        'compared',
        'µs CPU per frame',
        'of the other',
        '% of a core, each',
        'caller → agent p50',
        'of the other',
        'p99',
        'of the other',
        'kB/s to the viewer',
        'generators % of a core',
        'disturbed',
      ],
      results.map(rowOf),
    ),
    "\nDisturbed: stretches in which other work kept the generators from their own, so that delays are not the servers'.\n",
  ].join('');
}

/** The figure of the one over that of the other: the median of a round's stretches, for each round. */
function ratio({ rounds }: PairingResult, pick: (stretch: SideStretch) => number): string {
  const each = rounds.map((stretches) => median(stretches.map(({ one, other }) => pick(one) / pick(other))));
  return told(
    each.map((value) => value ?? Number.NaN),
    3,
  );
}

function comparedWords(result: PairingResult): string {
  const cpu = ratio(result, ({ usPerFrame }) => usPerFrame);
  const toAgent = ratio(result, (stretch) => stretch.toAgent.p99);
  const toCaller = ratio(result, (stretch) => stretch.toCaller.p99);
  return `- ${result.pairing.name}: ${cpu} times the CPU${result.wanted}; p99 of the delay ${toAgent} times to the agent, ${toCaller} to the caller.\n`;
}

function latenessWords(viewed: readonly SideStretch[]): string {
  const words = (late: number[]) => {
    const { p50, p95, max, count } = spreadOf(late);
    return `p50 ${p50.toFixed(1)}, p95 ${p95.toFixed(1)}, max ${max.toFixed(1)} ms (${count} of them)`;
  };
  const records = words(viewed.flatMap(({ lateness }) => lateness.records));
  const rows = words(viewed.flatMap(({ lateness }) => lateness.rows));
  return [
    `- from a step of the watched call until it is shown: ${records} (wanted: p95 within 100 ms).\n`,
    `- from a \`clear\` at any caller until its row is shown: ${rows} (wanted: the same).\n`,
  ].join('');
}

function rowOf({ pairing, rounds }: PairingResult): string[] {
  const all = rounds.flat();
  const ones = all.map(({ one }) => one);
  const others = all.map(({ other }) => other);
  const cell = (of: readonly SideStretch[], pick: (stretch: SideStretch) => number, digits = 2) =>
    told(of.map(pick), digits);
  return [
    pairing.name,
    cell(ones, ({ usPerFrame }) => usPerFrame, 1),
    cell(others, ({ usPerFrame }) => usPerFrame, 1),
    cell([...ones, ...others], ({ cpuShare }) => 100 * cpuShare, 0),
    cell(ones, ({ toAgent }) => toAgent.p50),
    cell(others, ({ toAgent }) => toAgent.p50),
    cell(ones, ({ toAgent }) => toAgent.p99),
    cell(others, ({ toAgent }) => toAgent.p99),
    cell(ones, ({ toldPerSecond }) => toldPerSecond / 1000, 0),
    cell(ones, ({ generator }) => 100 * generator.cpuShare, 0),
    String(all.filter(({ one }) => one.disturbed).length),
  ];
}
