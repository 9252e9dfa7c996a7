import { type Heard, type HeardFrame, heardOfTurnMs, heardOn } from './heard.ts';
import type { Monologue } from './monologue.ts';
import type { CallRecord, Turn } from './performance.ts';
import { AGENT_STARTS_MS, type Moment, type Script } from './plan.ts';
import type { ToldBargeIn } from './stage.ts';

/** What came of a caller who took the turn. Times in ms. */
export interface Takeover {
  moment: Moment;
  script: Script;
  /** From the onset until the agent was silent at the edge; `null` when it was so before it. */
  silenceMs: number | null;
  /** How much of the same turn was heard after that: the bridge had gone on too early. */
  spokeAgainMs: number;
  /** Whether the bridge cleared the line; else it ran dry when the agent stopped. */
  cleared: boolean;
  outcome: ToldBargeIn['outcome'] | null;
  /** Of the agent's answer: missing at its head, and from its first word until it was heard; `null` when never. */
  answerLostMs: number;
  answerWaitMs: number | null;
}

/** What came of a sound that should change nothing. Times in ms. */
export interface Disturbance {
  moment: Moment;
  script: Script;
  pauses: number;
  flushes: number;
  lostMs: number;
  repeatedMs: number;
  /** The silences that pauses put into the agent's words. */
  gapsMs: number[];
}

/** What came of one call. */
export interface CallVerdict {
  script: Script;
  takeovers: Takeover[];
  disturbances: Disturbance[];
  /** Clears that nothing of the plan called for, and for how long the agent spoke where none was called for, in ms. */
  falsePauses: number;
  calmMs: number;
  /** Of the agent's words, outside of all moments. */
  lostMs: number;
  repeatedMs: number;
  gapsMs: number[];
  /** For each interruption that the bridge told of: what it said was heard of the turn, and what really was. */
  positions: { atMs: number; toldMs: number; heardMs: number }[];
  /** Interruptions that the bridge told of and no clear belongs to, or the other way round. */
  unmatched: number;
  foreign: number;
  violations: readonly string[];
  lost: boolean;
}

interface Stretch {
  fromMs: number;
  toMs: number;
}

const FRAME_MS = 20;
/** What the bridge tells of an interruption and its clear, as they come here, lie no further apart. */
const SAME_CLEAR_MS = 150;
/** A hole between two frames of the agent's that is no more than audio on its way, or a pause that will end. */
const ON_ITS_WAY_MS = 1_500;
/** What a sound that should change nothing does to the call, it has done by then. */
const AFTERMATH_MS = 3_000;

const within = ({ fromMs, toMs }: Stretch, atMs: number) => atMs >= fromMs && atMs < toMs;
const total = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);

/** Judges one call by what was really played on its line. */
export function judge(record: CallRecord, monologue: Monologue): CallVerdict {
  const { script, played, bargeIns, turns } = record;
  const { clears } = played;
  const heard = heardOn(record, monologue);
  const clearOf = (bargeIn: ToldBargeIn) => nearest(clears, bargeIn.atMs + bargeIn.clearAfterMs);
  const endMs = played.frames * FRAME_MS;

  const windows = script.moments.map((moment, i) => {
    const nextMs = script.moments[i + 1]?.onsetMs ?? endMs;
    const takes = moment.kind === 'interruption' || moment.kind === 'whisper';
    const answer = takes ? turns.find(({ saidAtMs }) => saidAtMs > moment.onsetMs) : undefined;
    // With the agent's answer the moment is over: what pauses that is a fault of its own.
    const overMs = answer ? answer.saidAtMs : moment.offsetMs + AFTERMATH_MS;
    return { moment, takes, answer, fromMs: moment.onsetMs, toMs: Math.min(nextMs, overMs), nextMs };
  });
  const isPlanned = (atMs: number) => windows.some((window) => within(window, atMs));
  const outcomesIn = (stretch: Stretch) =>
    bargeIns
      .filter((bargeIn) => within(stretch, clearOf(bargeIn) ?? bargeIn.atMs))
      .map(({ outcome }) => outcome);
  const calm = heard.frames.filter(({ atMs }) => !isPlanned(atMs));
  const gaps = gapsIn(heard, clears);
  const flushes = bargeIns.filter(({ outcome }) => outcome === 'flushed').map((bargeIn) => bargeIn.atMs);
  const matched = bargeIns.filter((bargeIn) => clearOf(bargeIn) !== null);

  return {
    script,
    takeovers: windows
      .filter(({ takes }) => takes)
      .map((window) => ({
        script,
        moment: window.moment,
        ...silenced(heard, clears, window),
        outcome: outcomesIn(window).at(-1) ?? null,
        ...answered(heard, window),
      })),
    disturbances: windows
      .filter(({ takes }) => !takes)
      .map((window) => {
        const frames = heard.frames.filter(({ atMs }) => within(window, atMs));
        return {
          script,
          moment: window.moment,
          pauses: clears.filter((atMs) => within(window, atMs)).length,
          flushes: outcomesIn(window).filter((outcome) => outcome === 'flushed').length,
          lostMs: total(frames.map(({ lostMs }) => lostMs)),
          repeatedMs: total(frames.map(({ repeatedMs }) => repeatedMs)),
          gapsMs: gaps.filter(({ fromMs }) => within(window, fromMs)).map(({ ms }) => ms),
        };
      }),
    falsePauses: clears.filter((atMs) => !isPlanned(atMs)).length,
    calmMs: calmIn(windows, endMs),
    lostMs:
      total(calm.filter(({ position, turn }) => position !== turn.fromByte).map(({ lostMs }) => lostMs)) +
      tailLostMs(record, heard),
    repeatedMs: total(calm.map(({ repeatedMs }) => repeatedMs)),
    gapsMs: gaps.filter(({ fromMs }) => !isPlanned(fromMs)).map(({ ms }) => ms),
    positions: matched.map((bargeIn) => {
      const atMs = clearOf(bargeIn) ?? 0;
      return { atMs, toldMs: bargeIn.heardMs, heardMs: heardOfTurnMs(heard, atMs, flushes) ?? 0 };
    }),
    unmatched: Math.abs(clears.length - matched.length) + (bargeIns.length - matched.length),
    foreign: heard.foreign,
    violations: record.violations,
    lost: record.lost,
  };
}

function nearest(clears: readonly number[], atMs: number): number | null {
  const best = [...clears].sort((a, b) => Math.abs(a - atMs) - Math.abs(b - atMs))[0];
  return best !== undefined && Math.abs(best - atMs) <= SAME_CLEAR_MS ? best : null;
}

function silenced(
  heard: Heard,
  clears: readonly number[],
  { fromMs, toMs, nextMs }: Stretch & { nextMs: number },
) {
  const old = heard.frames.filter(
    ({ atMs, turn }) => atMs >= fromMs && atMs < nextMs && turn.saidAtMs < fromMs,
  );
  const clearMs = clears.find((atMs) => within({ fromMs, toMs }, atMs));
  const until = clearMs ?? Number.POSITIVE_INFINITY;
  const silentAtMs = (old.findLast(({ atMs }) => atMs <= until)?.atMs ?? Number.NaN) + FRAME_MS;
  const wasHeard = heard.frames.some(({ atMs }) => atMs <= fromMs && atMs + FRAME_MS > fromMs - FRAME_MS);
  return {
    silenceMs: wasHeard && !Number.isNaN(silentAtMs) ? silentAtMs - fromMs : null,
    spokeAgainMs: old.filter(({ atMs }) => atMs >= until && atMs >= silentAtMs).length * FRAME_MS,
    cleared: clearMs !== undefined,
  };
}

function answered(heard: Heard, { answer, nextMs }: { answer: Turn | undefined; nextMs: number }) {
  const frames = heard.frames.filter(({ turn, atMs }) => turn === answer && atMs < nextMs);
  const first: HeardFrame | undefined = frames[0];
  if (!answer || !first) return { answerLostMs: 0, answerWaitMs: null };
  return { answerLostMs: first.lostMs, answerWaitMs: first.atMs - answer.saidAtMs };
}

/** The silences within a turn that begin with a clear. */
function gapsIn({ frames }: Heard, clears: readonly number[]): { fromMs: number; ms: number }[] {
  return clears.flatMap((clearMs) => {
    const next = frames.find(({ atMs }) => atMs > clearMs + FRAME_MS);
    const last = frames.findLast(({ atMs }) => atMs < clearMs);
    if (!next || !last || next.turn !== last.turn) return [];
    return [{ fromMs: clearMs, ms: next.atMs - last.atMs - FRAME_MS }];
  });
}

function calmIn(windows: readonly Stretch[], endMs: number): number {
  const planned = total(windows.map(({ fromMs, toMs }) => toMs - fromMs));
  return endMs - AGENT_STARTS_MS - planned;
}

/** The agent's last words, where the caller heard nothing more though it went on speaking. */
function tailLostMs({ turns, played }: CallRecord, { frames }: Heard): number {
  const turn = turns.at(-1);
  const last = frames.at(-1);
  if (!turn || !last) return 0;
  const silentMs = played.frames * FRAME_MS - Math.max(last.atMs + FRAME_MS, turn.saidAtMs);
  return silentMs > ON_ITS_WAY_MS ? silentMs : 0;
}
