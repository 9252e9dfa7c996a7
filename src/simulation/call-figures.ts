import type { Clearing } from './media-stream.ts';
import type { Span } from './speech-finder.ts';

/** The caller began to speak while the agent did, or in a pause of the agent's that ended with a `clear`. Times in ms. */
export interface Interruption {
  /** When the first frame of the caller's speech was sent, from the beginning of the call. */
  atMs: number;
  /** From there until `clear` arrived. Missing when none came. */
  clearAfterMs?: number;
  /** From there until the caller heard the agent no longer. */
  silentAfterMs: number;
}

/** What the caller could tell of the call. Times in ms. */
export interface CallFigures {
  /** When the agent was first heard at all, from the beginning of the call. */
  firstHeardMs?: number;
  /** From the end of the caller's words to the first sound of the first answer to them. */
  firstResponseMs?: number;
  bargeIns: Interruption[];
  /** How long both were heard at once. */
  talkOverMs: number;
}

/** A `clear` this long after the agent fell silent has nothing to do with the caller's words. */
const CLEAR_GRACE_MS = 500;

const holds = (span: Span, ms: number) => span.fromMs <= ms && ms < span.toMs;

function firstResponse(caller: Span[], agent: Span[]): number | undefined {
  for (const { fromMs } of agent) {
    if (caller.some((words) => holds(words, fromMs))) continue;
    const asked = caller.findLast((words) => words.toMs <= fromMs);
    if (asked) return fromMs - asked.toMs;
  }
  return undefined;
}

function interruptionBy(words: Span, agent: Span[], clears: readonly Clearing[]): Interruption | undefined {
  const atMs = words.fromMs;
  const spoken = agent.find((span) => span.fromMs < atMs && atMs < span.toMs);
  const silentMs = spoken?.toMs ?? atMs;
  const clearing = clears.find((clear) => clear.atMs >= atMs && clear.atMs <= silentMs + CLEAR_GRACE_MS);
  if (clearing && (spoken || clearing.droppedMs > 0)) {
    const clearAfterMs = clearing.atMs - atMs;
    return { atMs, clearAfterMs, silentAfterMs: Math.min(clearAfterMs, silentMs - atMs) };
  }
  return spoken && { atMs, silentAfterMs: silentMs - atMs };
}

function overlapMs(caller: Span[], agent: Span[]): number {
  const pairs = caller.flatMap((a) =>
    agent.map((b) => Math.min(a.toMs, b.toMs) - Math.max(a.fromMs, b.fromMs)),
  );
  return pairs.reduce((sum, ms) => sum + Math.max(0, ms), 0);
}

/** The figures of a call, from who spoke when and from the `clear`s; all counted from the beginning of the call. */
export function figuresOf(caller: Span[], agent: Span[], clears: readonly Clearing[]): CallFigures {
  const bargeIns = caller.flatMap((words) => interruptionBy(words, agent, clears) ?? []);
  const firstHeardMs = agent[0]?.fromMs;
  const firstResponseMs = firstResponse(caller, agent);
  return {
    ...(firstHeardMs === undefined ? {} : { firstHeardMs }),
    ...(firstResponseMs === undefined ? {} : { firstResponseMs }),
    bargeIns,
    talkOverMs: overlapMs(caller, agent),
  };
}
