import { table } from '../figures.ts';
import type { DisturbanceSummary, Spread, StretchSummary, Summary, TakeoverSummary } from './summary.ts';

/**
 * One way between a caller's mouth or ear and Twilio's edge: ITU-T G.114 has 150 ms as the most that a good call may
 * take one way. It is assumed, not measured.
 */
export const LEG_MS = 150;

type Cell = (summary: Summary) => string;
type Row = readonly [string, Cell];

const ms = (value: number) => value.toFixed(0);
const spread = ({ count, p50, p90, p95, max }: Spread) =>
  count === 0 ? '–' : [p50, p90, p95, max].map(ms).join(' / ');
const perMinute = ({ pauses, minutes }: StretchSummary) => (pauses / minutes).toFixed(pauses === 0 ? 0 : 2);
const atEar = ({ count, p50, p95 }: Spread) =>
  count === 0 ? '–' : `${ms(p50 + 2 * LEG_MS)} / ${ms(p95 + 2 * LEG_MS)}`;

/** The figures of several policies, side by side, as a table in Markdown. */
export function compare(policies: ReadonlyMap<string, Summary>): string {
  const [first] = policies.values();
  if (!first) return '';
  const rows: Row[] = [
    ...(first.interruptions.count > 0 ? interruptionRows(first.interruptions.count) : []),
    ...(first.whispers.count > 0 ? whisperRows(first.whispers.count) : []),
    ...(first.backchannels.count > 0
      ? disturbanceRows(`backchannels (${first.backchannels.count})`, ({ backchannels }) => backchannels)
      : []),
    ...(first.events.count > 0
      ? disturbanceRows(`coughs, doors, keys (${first.events.count})`, ({ events }) => events)
      : []),
    ...first.stretches.map(
      ({ name, minutes }, i): Row => [
        `false pauses a minute, ${name} (${minutes.toFixed(1)} min)`,
        ({ stretches }) => (stretches[i] ? perMinute(stretches[i]) : '–'),
      ],
    ),
    [
      `false pauses a minute, in between (${first.between.minutes.toFixed(1)} min)`,
      ({ between }) => (between.minutes > 0 ? perMinute(between) : '–'),
    ],
    [
      'agent’s words lost besides, ms',
      ({ stretches, between }) => ms([...stretches, between].reduce((sum, { lostMs }) => sum + lostMs, 0)),
    ],
    ['heard position, told − played: p50 / p90 / p95 / max ms', ({ positionError }) => spread(positionError)],
    [
      'Twilio’s rules broken / foreign frames / unmatched clears / calls lost',
      ({ faults }) =>
        [faults.violations, faults.foreignFrames, faults.unmatchedClears, faults.callsLost].join(' / '),
    ],
  ];
  return table(
    ['', ...policies.keys()],
    rows.map(([name, cell]) => [name, ...[...policies.values()].map(cell)]),
  );
}

function interruptionRows(count: number): Row[] {
  const rows = takeoverRows(`interruptions (${count})`, ({ interruptions }) => interruptions);
  const estimate: Row = [
    `**estimate** mouth to ear, p50 / p95 ms: the edge and ${LEG_MS} ms assumed each way`,
    ({ interruptions }) => atEar(interruptions.silence),
  ];
  return [...rows.slice(0, 1), estimate, ...rows.slice(1)];
}

function whisperRows(count: number): Row[] {
  return takeoverRows(`whispers (${count})`, ({ whispers }) => whispers);
}

function takeoverRows(name: string, of: (summary: Summary) => TakeoverSummary): Row[] {
  const row = (what: string, cell: (takeovers: TakeoverSummary) => string): Row => [
    `${name}: ${what}`,
    (summary) => cell(of(summary)),
  ];
  return [
    row('silence at the edge, p50 / p90 / p95 / max ms', ({ silence }) => spread(silence)),
    row('stopped before the caller spoke', ({ early }) => String(early)),
    row('flushed; never cleared', ({ flushed, uncleared }) => `${flushed}; ${uncleared}`),
    row(
      'spoke again over the caller: times, most ms',
      ({ spokeAgain, spokeAgainMostMs }) => `${spokeAgain}, ${ms(spokeAgainMostMs)}`,
    ),
    row(
      'answers not heard; most missing at a head, ms',
      ({ unanswered, answerLostMostMs }) => `${unanswered}; ${ms(answerLostMostMs)}`,
    ),
  ];
}

function disturbanceRows(name: string, of: (summary: Summary) => DisturbanceSummary): Row[] {
  const row = (what: string, cell: (disturbances: DisturbanceSummary) => string): Row => [
    `${name}: ${what}`,
    (summary) => cell(of(summary)),
  ];
  return [
    row('paused; flushed', ({ paused, flushed }) => `${paused}; ${flushed}`),
    row(
      'agent’s words lost in all, at most once; repeated at most, ms',
      ({ lostMs, lostMostMs, repeatedMostMs }) => `${ms(lostMs)}, ${ms(lostMostMs)}; ${ms(repeatedMostMs)}`,
    ),
    row('gap, p50 / p90 / p95 / max ms', ({ gap }) => spread(gap)),
  ];
}
