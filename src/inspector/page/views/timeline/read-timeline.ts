import type { Fact, Facts, JournalRecord, TransitionRecord } from '../../../messages.ts';
import { type Stretch, stretchesOf } from '../../call/playhead.ts';

/** A stretch of time, in ms since the call's start. */
export interface Span {
  from: number;
  to: number;
}

export interface BargeInMark {
  /** When it was noticed, and when the caller's voice began, where that is known. */
  at: number;
  onset: number | null;
  /** From the notice until the agent was silent at the caller's ear. */
  clearAfterMs: number;
  flushedMs: number;
  outcome: string;
}

/** What the timeline draws of a journal. */
export interface Timeline {
  bands: readonly Stretch[];
  /** Who was heard when. A sound that goes on is open: its end is `Infinity`. */
  sounds: { caller: readonly Span[]; agent: readonly Span[] };
  bargeIns: readonly BargeInMark[];
  /** When the agent's answers began, and how long the caller had waited. */
  answers: readonly { at: number; ms: number }[];
  /** Twilio's marks: what was sent has been played until there. */
  marks: readonly number[];
  /** Before this moment records are missing; 0: none are. */
  missingUntil: number;
}

/** Neither side sounds for longer than this, in ms: dead air. */
const DEAD_AIR_MS = 2_000;

export function readTimeline(records: readonly JournalRecord[]): Timeline {
  const sounds: { caller: Span[]; agent: Span[] } = { caller: [], agent: [] };
  const told: { caller: Span[]; agent: Span[] } = { caller: [], agent: [] };
  const speaking: { caller: number | null; agent: number | null } = { caller: null, agent: null };
  const answers: { at: number; ms: number }[] = [];
  const marks: number[] = [];
  let figures: Fact | undefined;
  let hasSounds = false;

  function speech(side: 'caller' | 'agent', since: Fact | undefined, at: number): void {
    if (since === undefined) return;
    const before = speaking[side];
    speaking[side] = typeof since === 'number' ? since : null;
    if (before !== null && speaking[side] === null) told[side].push({ from: before, to: at });
  }

  function call({ at, changed }: TransitionRecord): void {
    speech('caller', changed.callerSpokeAt, at);
    speech('agent', changed.agentSpokeAt, at);
    if (typeof changed.responseMs === 'number') answers.push({ at, ms: changed.responseMs });
    figures = changed.figures ?? figures;
  }

  for (const record of records) {
    switch (record.type) {
      case 'sound':
        hasSounds = true;
        sounds[record.side].push({ from: record.from, to: record.at });
        break;
      case 'wire':
        if (record.message === 'mark' && record.from === 'twilio') marks.push(record.at);
        break;
      case '@xstate.transition':
        if (record.actor === 'call') call(record);
        break;
    }
  }

  // Without sounds in the journal, what the chart noted of speech stands in for them; and always for what goes on.
  for (const side of ['caller', 'agent'] as const) {
    if (!hasSounds) sounds[side] = told[side];
    const since = speaking[side];
    if (since !== null)
      sounds[side].push({ from: Math.max(since, sounds[side].at(-1)?.to ?? 0), to: Infinity });
  }

  const [first] = records;
  return {
    bands: stretchesOf(records),
    sounds,
    bargeIns: isFacts(figures) && Array.isArray(figures.bargeIns) ? figures.bargeIns.flatMap(bargeInOf) : [],
    answers,
    marks,
    missingUntil: first && first.seq > 1 ? first.at : 0,
  };
}

/** When both were heard at once. */
export function talkOverOf({ sounds: { caller, agent } }: Timeline, now: number): Span[] {
  const both: Span[] = [];
  let place = 0;
  for (const one of caller) {
    while ((agent[place]?.to ?? Infinity) <= one.from) place += 1;
    for (let other = place; (agent[other]?.from ?? Infinity) < one.to; other += 1) {
      const overlap = agent[other];
      if (!overlap) break;
      const from = Math.max(one.from, overlap.from);
      const to = Math.min(one.to, overlap.to, now);
      if (to > from) both.push({ from, to });
    }
  }
  return both;
}

/** When nobody was heard for long, while the agent had nothing to say. */
export function deadAirOf({ sounds, bands }: Timeline, now: number): Span[] {
  const heard = [...sounds.caller, ...sounds.agent].sort((one, other) => one.from - other.from);
  const silences: Span[] = [];
  let silentFrom = 0;
  for (const { from, to } of [...heard, { from: now, to: now }]) {
    if (from - silentFrom > DEAD_AIR_MS) silences.push({ from: silentFrom, to: Math.min(from, now) });
    silentFrom = Math.max(silentFrom, to);
  }
  return silences.flatMap((silence) =>
    bands.flatMap(({ word, from, to }) => {
      if (word !== 'streaming') return [];
      const within = { from: Math.max(from, silence.from), to: Math.min(to ?? now, silence.to) };
      return within.to - within.from > DEAD_AIR_MS ? [within] : [];
    }),
  );
}

const isFacts = (fact: Fact | undefined): fact is Facts =>
  typeof fact === 'object' && fact !== null && !Array.isArray(fact);

function bargeInOf(fact: Fact): BargeInMark[] {
  if (!isFacts(fact)) return [];
  const number = (name: string) => (typeof fact[name] === 'number' ? fact[name] : 0);
  return [
    {
      at: number('atMs'),
      onset: typeof fact.onsetMs === 'number' ? fact.onsetMs : null,
      clearAfterMs: number('clearAfterMs'),
      flushedMs: number('flushedMs'),
      outcome: String(fact.outcome ?? ''),
    },
  ];
}
