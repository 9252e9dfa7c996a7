import type { Fact, Facts } from '../../../messages.ts';
import { wait } from '../../format.ts';

/** One figure as a person reads it. `tone`: what to think of it. */
export interface Figure {
  name: string;
  label: string;
  value: string;
  tone: 'plain' | 'warn' | 'bad';
}

/** A call's figures in words: what it is, and in which unit. Those without words of their own keep their names. */
const LABELS: Readonly<Record<string, { label: string; warn?: number; bad?: number }>> = {
  agentReadyMs: { label: 'Agent connected after', warn: 2_000, bad: 5_000 },
  firstResponseMs: { label: 'First words heard after', warn: 2_500, bad: 5_000 },
  prerollMs: { label: 'Caller’s audio gathered first' },
  talkOverMs: { label: 'Talked over each other', warn: 1_500, bad: 5_000 },
  deadAirMs: { label: 'Neither side heard', warn: 4_000, bad: 15_000 },
  falsePauses: { label: 'Pauses for nothing', warn: 2, bad: 4 },
  droppedFrames: { label: 'Caller’s frames dropped', warn: 1, bad: 50 },
  gapFilledMs: { label: 'Silence for missing audio', warn: 200, bad: 2_000 },
  unreadableMessages: { label: 'Unreadable messages', warn: 1, bad: 10 },
};

/** Every plain figure; those that are lists are drawn by themselves. */
export function readFigures(figures: Facts): Figure[] {
  const known = Object.keys(LABELS).filter((name) => name in figures);
  const others = Object.keys(figures).filter(
    (name) => !(name in LABELS) && typeof figures[name] === 'number',
  );
  return [...known, ...others].map((name) => {
    const fact = figures[name];
    const { label = inWords(name), warn = Infinity, bad = Infinity } = LABELS[name] ?? {};
    const amount = typeof fact === 'number' ? fact : 0;
    return {
      name,
      label,
      value: figureText(name, fact),
      tone: amount >= bad ? 'bad' : amount >= warn ? 'warn' : 'plain',
    };
  });
}

/** `—` for what it never came to. */
export function figureText(name: string, fact: Fact | undefined): string {
  if (fact === null || fact === undefined) return '—';
  if (typeof fact !== 'number') return String(fact);
  return name.endsWith('Ms') ? wait(fact) : fact.toLocaleString('en');
}

/** `gapFilledMs` → `Gap filled`. */
function inWords(name: string): string {
  const words = name.replace(/Ms$/, '').replace(/([A-Z])/g, (letter) => ` ${letter.toLowerCase()}`);
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** The answers' waits, in the order in which they came. */
export function responsesOf(figures: Facts): number[] {
  const { responsesMs } = figures;
  return Array.isArray(responsesMs) ? responsesMs.filter((ms): ms is number => typeof ms === 'number') : [];
}

/** The value with as many below as above it; `null` of none. */
export function medianOf(values: readonly number[]): number | null {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? null;
}

export interface BargeInLine {
  at: number;
  clearAfter: string;
  heard: string;
  flushed: string;
  outcome: string;
}

/** The interruptions: when, how fast the agent was silent, what the caller had heard of it, what was dropped, and how it went. */
export function bargeInsOf(figures: Facts): BargeInLine[] {
  const { bargeIns } = figures;
  if (!Array.isArray(bargeIns)) return [];
  return bargeIns.flatMap((fact: Fact) => {
    if (typeof fact !== 'object' || fact === null || Array.isArray(fact)) return [];
    const one = fact as Facts;
    return [
      {
        at: typeof one.atMs === 'number' ? one.atMs : 0,
        clearAfter: figureText('clearAfterMs', one.clearAfterMs),
        heard: figureText('heardMs', one.heardMs),
        flushed: figureText('flushedMs', one.flushedMs),
        outcome: [one.outcome, one.cause && `by ${one.cause}`].filter(Boolean).join(', ') || '—',
      },
    ];
  });
}
