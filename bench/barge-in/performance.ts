import type { Corpus } from '../../test/corpus/corpus.ts';
import type { Played } from './line.ts';
import type { Monologue } from './monologue.ts';
import { AGENT_STARTS_MS, type Script } from './plan.ts';
import { type Assumptions, type Cue, cuesFor, perform } from './signals.ts';
import { type PlacedCall, type Stage, soundOf, type ToldBargeIn } from './stage.ts';

/** What the agent said from one of its beginnings: the track from `fromByte` on. */
export interface Turn {
  fromByte: number;
  saidAtMs: number;
  /** Until here the agent had sent it; times from the stream's start. */
  endedAtMs: number;
}

/** All that is known of a call when it is over. Times in ms from the stream's start. */
export interface CallRecord {
  script: Script;
  played: Played;
  turns: Turn[];
  bargeIns: ToldBargeIn[];
  violations: readonly string[];
  lateMs: readonly number[];
  /** Whether the bridge ended the call. */
  lost: boolean;
}

export interface PerformanceOptions {
  corpus: Corpus;
  monologue: Monologue;
  assumed: Assumptions;
}

/** Between the beginnings of two calls, so that their frames do not all fall due at once. */
const APART_MS = 7;

/** Plays scripts, all at the same time, each as a call of its own. */
export async function playScripts(
  stage: Stage,
  scripts: readonly Script[],
  options: PerformanceOptions,
): Promise<CallRecord[]> {
  const playing: Promise<CallRecord>[] = [];
  for (const script of scripts) {
    const placed = await stage.place(soundOf(options.corpus, script));
    placed.line.begin();
    const mind = await placed.mind();
    playing.push(play(stage, script, placed, mind, options));
    await stage.pass(APART_MS);
  }
  return stage.until(Promise.all(playing));
}

function play(
  { clock }: Stage,
  script: Script,
  { line, bargeIns }: PlacedCall,
  mind: Awaited<ReturnType<PlacedCall['mind']>>,
  { monologue, assumed }: PerformanceOptions,
): Promise<CallRecord> {
  const turns: Turn[] = [];
  const sinceBegin = () => clock.now() - line.beganAt;
  const at = (ms: number, act: () => void) => clock.setTimeout(act, line.beganAt + ms - clock.now());

  function endTurn(): void {
    const turn = turns.at(-1);
    if (turn) turn.endedAtMs = Math.min(turn.endedAtMs, sinceBegin());
  }

  function say(): void {
    endTurn();
    const last = turns.at(-1);
    const fromByte = last
      ? monologue.beginningFrom(last.fromByte + (last.endedAtMs - last.saidAtMs) * 8 + 1_000)
      : 0;
    turns.push({ fromByte, saidAtMs: sinceBegin(), endedAtMs: Number.POSITIVE_INFINITY });
    mind.say(monologue.track.subarray(fromByte));
  }

  function follow(cue: Cue): void {
    if (cue.act === 'interrupt' || cue.act === 'fallSilent') endTurn();
    perform(mind, cue, say);
  }

  const first: Cue = { atMs: AGENT_STARTS_MS, act: 'say', text: '' };
  const cues = [first, ...script.moments.flatMap((moment) => cuesFor(moment, assumed))];
  for (const cue of cues) at(cue.atMs, () => follow(cue));

  return new Promise((resolve, reject) => {
    at(script.durationMs, () => {
      const lost = line.lost;
      endTurn();
      line.hangUp();
      const { played, violations, lateMs } = line;
      bargeIns().then(
        (told) => resolve({ script, played, turns, bargeIns: told, violations, lateMs, lost }),
        reject,
      );
    });
  });
}
