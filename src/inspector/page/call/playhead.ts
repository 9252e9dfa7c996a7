import type { JournalRecord } from '../../messages.ts';
import { wordOf } from '../state-words.ts';

/** Where in a call the viewer is. Times in ms: `at` since the call's start, `since` of the page's clock. */
export type Playhead =
  /** At the end, which moves while the call lives. */
  | { mode: 'live' }
  | { mode: 'paused'; at: number }
  | { mode: 'playing'; at: number; since: number; rate: number };

/** The moment that is shown; `end` is the call's last one. */
export function positionOf(head: Playhead, end: number, now: number): number {
  if (head.mode === 'live') return end;
  if (head.mode === 'paused') return Math.min(end, head.at);
  return Math.min(end, head.at + Math.max(0, now - head.since) * head.rate);
}

/** What becomes of a playhead that has come to the end. */
export function settled(head: Playhead, end: number, now: number): Playhead {
  return head.mode === 'playing' && positionOf(head, end, now) >= end ? { mode: 'live' } : head;
}

/** A stretch of one state of the call's own chart, in ms since its start. */
export interface Stretch {
  /** Such as `bargeIn.paused`. */
  word: string;
  from: number;
  /** Where the next one begins; `null`: it has not ended. */
  to: number | null;
}

/** The states that a call was in, one after the other. */
export function stretchesOf(records: readonly JournalRecord[]): readonly Stretch[] {
  const stretches: Stretch[] = [];
  for (const record of records) {
    if (record.type === 'wire' || record.type === 'sound' || record.actor !== 'call') continue;
    const word = wordOf(record.value);
    const last = stretches.at(-1);
    if (last?.word === word) continue;
    if (last) last.to = record.at;
    stretches.push({ word, from: record.at, to: null });
  }
  return stretches;
}

/** The moments of things, in order. Records come in the order in which they were noted, not quite that of their times. */
export function momentsOf(things: readonly { at: number }[]): readonly number[] {
  return things.map(({ at }) => at).sort((a, b) => a - b);
}

/** The moment before or after `at`; `null` where there is none. */
export function stepFrom(moments: readonly number[], at: number, way: 1 | -1): number | null {
  const place = way === 1 ? countUpTo(moments, at) : countUpTo(moments, at, false) - 1;
  return moments[place] ?? null;
}

/** The moment at which the call's state changes next, or changed before. */
export function changeFrom(stretches: readonly Stretch[], at: number, way: 1 | -1): number | null {
  return stepFrom(
    stretches.map(({ from }) => from),
    at,
    way,
  );
}

/** How many moments lie after `at`. */
export function behind(moments: readonly number[], at: number): number {
  return moments.length - countUpTo(moments, at);
}

/** How many moments lie before `at`, those at `at` itself counted unless told otherwise. */
function countUpTo(moments: readonly number[], at: number, itself = true): number {
  let [low, high] = [0, moments.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const moment = moments[middle] ?? 0;
    if (moment < at || (itself && moment === at)) low = middle + 1;
    else high = middle;
  }
  return low;
}
