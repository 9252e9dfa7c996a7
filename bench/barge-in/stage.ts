import type { BargeIn, BargeInPolicy } from '../../machines/call-facts.ts';
import type { Clock } from '../../src/ports.ts';
import type { ScriptedMind } from '../../src/simulation/scripted-mind.ts';
import type { Corpus } from '../../test/corpus/corpus.ts';
import { createCallerMix, createLineEcho } from '../../test/corpus/mix.ts';
import type { Line, LineOptions } from './line.ts';
import type { Script } from './plan.ts';

/** A bridge between a line and an agent, and the time in which they live. */
export interface Stage {
  readonly clock: Clock;
  /** Connects a call that has not begun. One at a time. */
  place(how: Pick<LineOptions, 'mix' | 'echo' | 'longestMs'>): Promise<PlacedCall>;
  /** Lets time pass. */
  pass(ms: number): Promise<void>;
  /** Lets time pass until `promise` is settled. */
  until<Value>(promise: Promise<Value>): Promise<Value>;
  close(): Promise<void>;
}

export interface StageOptions {
  policy: BargeInPolicy;
  markEchoDelayMs?: number;
}

/** What the bridge tells of one interruption, as far as it is compared with what was played. */
export type ToldBargeIn = Pick<BargeIn, 'atMs' | 'clearAfterMs' | 'heardMs' | 'outcome'>;

export interface PlacedCall {
  line: Line;
  /** The agent, once it is there; the line must have begun. */
  mind(): Promise<ScriptedMind>;
  /** What the bridge tells of the call's interruptions, when it is over. Times from the stream's start. */
  bargeIns(): Promise<ToldBargeIn[]>;
}

/** How a script's line sounds. */
export function soundOf(corpus: Corpus, { noise, echo, seed, moments, durationMs }: Script) {
  const near = moments.map(({ item, gainDb, onsetMs }) => ({ ...item, atMs: onsetMs, gainDb }));
  return {
    mix: createCallerMix(corpus, { near, noise, seed }),
    echo: echo ? createLineEcho(echo) : null,
    longestMs: durationMs,
  };
}
