import { FRAME } from '../../test/corpus/mix.ts';
import type { Monologue } from './monologue.ts';
import type { CallRecord, Turn } from './performance.ts';

/** A frame in which the agent was heard. */
export interface HeardFrame {
  /** When it began, in ms from the stream's start. */
  atMs: number;
  /** Which byte of the agent's track it begins with. */
  position: number;
  turn: Turn;
  /** Of the agent's words before it, in ms, how many were left out; of its own, how many had been heard before. */
  lostMs: number;
  repeatedMs: number;
}

/** What the caller heard of the agent. */
export interface Heard {
  frames: HeardFrame[];
  /** Frames that were not the agent's. */
  foreign: number;
}

const FRAME_MS = 20;
const BYTES_PER_MS = 8;

/** Finds what was played in what the agent said. */
export function heardOn({ played, turns }: CallRecord, monologue: Monologue): Heard {
  const frames: HeardFrame[] = [];
  let foreign = 0;
  let expected = 0;
  /** Where the words begin that the caller has not heard yet. */
  let unheard = 0;
  let current: Turn | undefined;
  for (let n = 0; n < played.frames; n += 1) {
    if (played.filled[n] === 0) continue;
    const position = monologue.whereIs(played.audio.subarray(n * FRAME, (n + 1) * FRAME), expected);
    const turn = position === null ? undefined : turns.findLast(({ fromByte }) => fromByte <= position);
    if (position === null || !turn) {
      foreign += 1;
      continue;
    }
    if (turn !== current) unheard = turn.fromByte;
    current = turn;
    frames.push({
      atMs: n * FRAME_MS,
      position,
      turn,
      lostMs: Math.max(0, position - unheard) / BYTES_PER_MS,
      repeatedMs: Math.min(FRAME, Math.max(0, unheard - position)) / BYTES_PER_MS,
    });
    expected = position + FRAME;
    unheard = Math.max(unheard, expected);
  }
  return { frames, foreign };
}

/**
 * How much of its turn the caller had heard at `atMs`, in ms; `null` while there was none. `flushedAtMs`: where the
 * bridge dropped words, what it let through afterwards of the same turn is a turn of its own to it.
 */
export function heardOfTurnMs(
  { frames }: Heard,
  atMs: number,
  flushedAtMs: readonly number[],
): number | null {
  const last = frames.findLast((frame) => frame.atMs <= atMs);
  if (!last) return null;
  const sinceMs = Math.max(Number.NEGATIVE_INFINITY, ...flushedAtMs.filter((ms) => ms < last.atMs));
  const ofTurn = frames.filter(
    (frame) => frame.turn === last.turn && frame.atMs > sinceMs && frame.atMs <= last.atMs,
  );
  const whole = ofTurn.slice(0, -1).map(({ position }) => position + FRAME);
  const part = last.position + Math.min(FRAME_MS, atMs - last.atMs) * BYTES_PER_MS;
  const furthest = whole.reduce((most, end) => Math.max(most, end), part);
  const start =
    ofTurn[0] && ofTurn[0].atMs > sinceMs && sinceMs > last.turn.saidAtMs
      ? ofTurn[0].position
      : last.turn.fromByte;
  return (furthest - start) / BYTES_PER_MS;
}
