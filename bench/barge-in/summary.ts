import type { CallVerdict, Disturbance, Takeover } from './judge.ts';
import type { CallRecord } from './performance.ts';
import type { MomentKind } from './plan.ts';

/** Some times, in ms; all 0 where there are none. */
export interface Spread {
  count: number;
  p50: number;
  p90: number;
  p95: number;
  max: number;
}

/** What came of the callers who took the turn. */
export interface TakeoverSummary {
  count: number;
  /** From the onset of the caller's sound until the agent was silent at Twilio's edge. */
  silence: Spread;
  /** Times that the agent had been stopped before the caller said anything. */
  early: number;
  /** Times that the line ran dry instead of being cleared. */
  uncleared: number;
  /** Times that the agent went on over the caller after it had fallen silent, and for how long at most. */
  spokeAgain: number;
  spokeAgainMostMs: number;
  flushed: number;
  /** Answers that were not heard, and how much was missing at the head of one at most. */
  unanswered: number;
  answerLostMostMs: number;
}

/** What came of sounds that should change nothing. */
export interface DisturbanceSummary {
  count: number;
  paused: number;
  flushed: number;
  lostMs: number;
  lostMostMs: number;
  repeatedMostMs: number;
  gap: Spread;
}

/** What came of a stretch in which the caller said nothing. */
export interface StretchSummary {
  name: string;
  minutes: number;
  pauses: number;
  lostMs: number;
}

export interface Summary {
  interruptions: TakeoverSummary;
  whispers: TakeoverSummary;
  backchannels: DisturbanceSummary;
  events: DisturbanceSummary;
  stretches: StretchSummary[];
  /** Between the moments of the other calls. */
  between: StretchSummary;
  /** How far off the bridge was in what it told to have been heard of a turn, in ms, up or down. */
  positionError: Spread;
  /** All of these are 0 where nothing is wrong. */
  faults: { violations: number; foreignFrames: number; unmatchedClears: number; callsLost: number };
  /** How late the lines' frames left. */
  late: Spread;
}

const total = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);
const most = (values: readonly number[]) => values.reduce((greatest, value) => Math.max(greatest, value), 0);

export function spreadOf(values: readonly number[]): Spread {
  const sorted = Float64Array.from(values).sort();
  const at = (part: number) => sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? 0;
  return { count: sorted.length, p50: at(0.5), p90: at(0.9), p95: at(0.95), max: at(1) };
}

/** The figures over all calls of one policy. */
export function summarize(verdicts: readonly CallVerdict[], records: readonly CallRecord[]): Summary {
  const takeovers = (kind: MomentKind) =>
    takeoverSummary(
      verdicts.flatMap((verdict) => verdict.takeovers.filter(({ moment }) => moment.kind === kind)),
    );
  const disturbances = (kind: MomentKind) =>
    disturbanceSummary(
      verdicts.flatMap((verdict) => verdict.disturbances.filter(({ moment }) => moment.kind === kind)),
    );
  const eventful = verdicts.filter(({ script }) => script.moments.length > 0);
  const quiet = verdicts.filter(({ script }) => script.moments.length === 0);
  return {
    interruptions: takeovers('interruption'),
    whispers: takeovers('whisper'),
    backchannels: disturbances('backchannel'),
    events: disturbances('event'),
    stretches: quiet.map((verdict) => stretchSummary(verdict.script.name, [verdict])),
    between: stretchSummary('between', eventful),
    positionError: spreadOf(
      verdicts.flatMap(({ positions }) => positions.map(({ toldMs, heardMs }) => Math.abs(toldMs - heardMs))),
    ),
    faults: {
      violations: total(verdicts.map(({ violations }) => violations.length)),
      foreignFrames: total(verdicts.map(({ foreign }) => foreign)),
      unmatchedClears: total(verdicts.map(({ unmatched }) => unmatched)),
      callsLost: verdicts.filter(({ lost }) => lost).length,
    },
    late: spreadOf(records.flatMap(({ lateMs }) => [...lateMs])),
  };
}

function takeoverSummary(takeovers: readonly Takeover[]): TakeoverSummary {
  return {
    count: takeovers.length,
    silence: spreadOf(takeovers.flatMap(({ silenceMs }) => silenceMs ?? [])),
    early: takeovers.filter(({ silenceMs }) => silenceMs === null).length,
    uncleared: takeovers.filter(({ cleared, silenceMs }) => !cleared && silenceMs !== null).length,
    spokeAgain: takeovers.filter(({ spokeAgainMs }) => spokeAgainMs > 0).length,
    spokeAgainMostMs: most(takeovers.map(({ spokeAgainMs }) => spokeAgainMs)),
    flushed: takeovers.filter(({ outcome }) => outcome === 'flushed').length,
    unanswered: takeovers.filter(({ answerWaitMs }) => answerWaitMs === null).length,
    answerLostMostMs: most(takeovers.map(({ answerLostMs }) => answerLostMs)),
  };
}

function disturbanceSummary(disturbances: readonly Disturbance[]): DisturbanceSummary {
  return {
    count: disturbances.length,
    paused: disturbances.filter(({ pauses }) => pauses > 0).length,
    flushed: disturbances.filter(({ flushes }) => flushes > 0).length,
    lostMs: total(disturbances.map(({ lostMs }) => lostMs)),
    lostMostMs: most(disturbances.map(({ lostMs }) => lostMs)),
    repeatedMostMs: most(disturbances.map(({ repeatedMs }) => repeatedMs)),
    gap: spreadOf(disturbances.flatMap(({ gapsMs }) => gapsMs)),
  };
}

function stretchSummary(name: string, verdicts: readonly CallVerdict[]): StretchSummary {
  return {
    name,
    minutes: total(verdicts.map(({ calmMs }) => calmMs)) / 60_000,
    pauses: total(verdicts.map(({ falsePauses }) => falsePauses)),
    lostMs: total(verdicts.map(({ lostMs }) => lostMs)),
  };
}
