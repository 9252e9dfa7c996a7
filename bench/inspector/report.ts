import { median, spreadOf, table, told } from '../figures.ts';
import type { Onlooker, ViewedStretch } from './run.ts';
import type { Sight } from './servers.ts';

interface Case {
  sight: Sight;
  onlooker: Onlooker;
  words: string;
}

const OFF: Case = { sight: 'off', onlooker: 'nobody', words: 'no inspection' };
const PLAIN: Case = { sight: 'plain', onlooker: 'nobody', words: 'log, timelines, metrics' };
const ON: Case = { sight: 'on', onlooker: 'nobody', words: 'nobody looks on' };
const VIEWED: Case = { sight: 'on', onlooker: 'viewer', words: 'a viewer' };
const STUCK: Case = { sight: 'on', onlooker: 'stuck', words: 'a viewer who reads no more' };
const WANTED = ' (wanted: less than 1.02)';
const CASES = [OFF, PLAIN, ON, VIEWED, STUCK];

/** What came of all stretches, the ratios first. */
export function inspectorReport(stretches: readonly ViewedStretch[], rounds: number): string {
  const of = ({ sight, onlooker }: Case, round?: number) =>
    stretches.filter(
      (stretch) =>
        stretch.sight === sight &&
        stretch.onlooker === onlooker &&
        (round === undefined || stretch.round === round),
    );

  /** The figure of `one` over that of `other`, round by round. */
  function ratio(one: Case, other: Case, pick: (stretch: ViewedStretch) => number): string {
    const each = Array.from({ length: rounds }, (_, i) => {
      const [above, below] = [one, other].map((what) => median(of(what, i + 1).map(pick)));
      return (above ?? Number.NaN) / (below ?? Number.NaN);
    });
    return told(each, 3);
  }

  function compared(words: string, one: Case, other: Case, target: string): string {
    const cpu = ratio(one, other, ({ usPerFrame }) => usPerFrame);
    const toAgent = ratio(one, other, (stretch) => stretch.toAgent.p99);
    const toCaller = ratio(one, other, (stretch) => stretch.toCaller.p99);
    return `- ${words}: ${cpu} times the CPU${target}; p99 of the delay ${toAgent} times to the agent, ${toCaller} to the caller.\n`;
  }

  const shown = CASES.filter((what) => of(what).length > 0);
  const has = (...both: Case[]) => both.every((what) => shown.includes(what));
  const viewed = of(VIEWED);
  const records = spreadOf(viewed.flatMap(({ lateness }) => lateness.records));
  const rows = spreadOf(viewed.flatMap(({ lateness }) => lateness.rows));
  const words = ({ p50, p95, max, count }: typeof records) =>
    `p50 ${p50.toFixed(1)}, p95 ${p95.toFixed(1)}, max ${max.toFixed(1)} ms (${count} of them)`;
  const dropped = stretches.filter(({ viewerDropped }) => viewerDropped).length;

  function viewedWords(): string {
    const wanted = ' (wanted: less than 1.10, and no frame later)';
    return [
      compared('a viewer of 30 meters and one call, over nobody', VIEWED, ON, wanted),
      compared('a viewer who reads no more, over nobody', STUCK, ON, ''),
      `- from a step of the watched call until it is shown: ${words(records)} (wanted: p95 within 100 ms).\n`,
      `- from a \`clear\` at any caller until its row is shown: ${words(rows)} (wanted: the same).\n`,
    ].join('');
  }

  return [
    has(ON, OFF) ? compared('everything on and nobody looking on, over no inspection', ON, OFF, WANTED) : '',
    has(PLAIN, OFF) ? compared('the log, timelines and metrics, over no inspection', PLAIN, OFF, '') : '',
    has(ON, PLAIN) ? compared('the inspector and nobody looking on, over those', ON, PLAIN, WANTED) : '',
    has(VIEWED) ? viewedWords() : '',
    '\nCPU is user and system time of the server; a frame is 20 ms of audio in either direction. Delays in ms.\n\n',
    table(
      [
        'server',
        'µs CPU per frame',
        'ms CPU per call-second',
        '% of a core',
        'caller → agent p50',
        'p99',
        'agent → caller p50',
        'p99',
        'clear p50',
        'kB/s to the viewer',
        'generator % of a core',
        'stretches disturbed',
      ],
      shown.map((what) => rowOf(what, of(what))),
    ),
    `\nDisturbed: other work kept the generator from its own, so that delays are not the server's. Viewers dropped: ${dropped}.\n`,
  ].join('');
}

function rowOf({ words }: Case, stretches: readonly ViewedStretch[]): string[] {
  const cell = (pick: (stretch: ViewedStretch) => number, digits = 2) => told(stretches.map(pick), digits);
  return [
    words,
    cell(({ usPerFrame }) => usPerFrame, 1),
    cell(({ cpuShare, calls }) => (1000 * cpuShare) / calls, 2),
    cell(({ cpuShare }) => 100 * cpuShare, 0),
    cell(({ toAgent }) => toAgent.p50),
    cell(({ toAgent }) => toAgent.p99),
    cell(({ toCaller }) => toCaller.p50),
    cell(({ toCaller }) => toCaller.p99),
    cell(({ clears }) => clears.p50),
    cell(({ toldPerSecond }) => toldPerSecond / 1000, 0),
    cell(({ generator }) => 100 * generator.cpuShare, 0),
    String(stretches.filter(({ disturbed }) => disturbed).length),
  ];
}
