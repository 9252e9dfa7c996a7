import { createFarTrack } from '../../src/audio/far-track.ts';
import { MULAW_SILENCE } from '../../src/audio/mulaw.ts';
import { createVoiceOnset, type VoiceEdge } from '../../src/audio/voice-onset.ts';
import { type CorpusItem, loadCorpus, type NoiseBed, type Placed } from '../corpus/corpus.ts';
import { createCallerMix, createLineEcho, FRAME, toMulaw } from '../corpus/mix.ts';
import { createVirtualClock } from '../support/virtual-clock.ts';

export const corpus = loadCorpus();

/** The agent's first word, after which the detector listens. */
const ARMED_FRAME = 25;
/** As many as there are utterances, so that all of them are at hand for the next echo. */
const MOST_CALLERS = 24;

const silent = new Float64Array(FRAME);

export interface Line {
  ms: number;
  near?: Placed[];
  noise?: NoiseBed;
  echo?: { lossDb: number; delayMs: number };
  /** What the agent says, from where on; its monologue from the beginning unless told. */
  agent?: CorpusItem;
  agentFromMs?: number;
  /** What the clock says as the line begins, and how long before it is heard the agent's sound is said to be. */
  beginsAt?: number;
  earlyMs?: number;
  seed?: number;
  /** The first voice from here on ends it. */
  untilVoicedFromMs?: number;
}

export type HeardEdge = VoiceEdge & { at: number };

/** Plays a line to a detector, a frame every 20 ms, while the agent talks without end; gives what the detector told. */
export function listenTo(line: Line): HeardEdge[] {
  const { beginsAt = 0, earlyMs = 0, untilVoicedFromMs = Number.POSITIVE_INFINITY } = line;
  const clock = createVirtualClock();
  clock.advance(beginsAt);
  const edges: HeardEdge[] = [];
  let over = false;
  const far = createFarTrack();
  const onset = createVoiceOnset({
    clock,
    far,
    tell(edge) {
      const at = clock.now() - beginsAt;
      edges.push({ ...edge, at });
      over ||= edge.type === 'caller.voiced' && at >= untilVoicedFromMs;
    },
  });
  const callerAt = callerOn(line);
  const echo = line.echo ? createLineEcho(line.echo) : null;
  const { mulaw } = line.agent ?? corpus.item('agent', 'a1');
  const played = new Uint8Array(FRAME).fill(MULAW_SILENCE);
  const heard = new Float64Array(FRAME);

  for (let frame = 0; frame < line.ms / 20 && !over; frame += 1) {
    if (frame === ARMED_FRAME) onset.arm();
    if (frame >= ARMED_FRAME) {
      const from = ((line.agentFromMs ?? 0) * 8 + (frame - ARMED_FRAME) * FRAME) % mulaw.length;
      const piece = mulaw.subarray(from, from + FRAME);
      played.set(piece);
      played.set(mulaw.subarray(0, FRAME - piece.length), piece.length);
      far.playing(played, clock.now() - earlyMs);
    }
    clock.advance(20);
    heard.set(callerAt(frame));
    const echoed = echo?.(played) ?? silent;
    for (let i = 0; i < FRAME; i += 1) heard[i] = (heard[i] as number) + (echoed[i] as number);
    onset.take(toMulaw(heard));
  }
  return edges;
}

type Caller = (frame: number) => Float64Array;

/** What the callers heard last say, but for the echo: to mix it costs more than to listen to it, with any echo. */
const callers = new Map<string, Caller>();

function callerOn({ near, noise, seed }: Line): Caller {
  const key = JSON.stringify([near, noise, seed]);
  const known = callers.get(key);
  if (known) return known;
  const mix = createCallerMix(corpus, { near: near ?? [], noise: noise ?? null, seed: seed ?? 1 });
  const frames: Float64Array[] = [];
  const caller: Caller = (frame) => {
    while (frames.length <= frame) frames.push(mix.frame().slice());
    return frames[frame] as Float64Array;
  };
  const [oldest] = callers.keys();
  if (callers.size === MOST_CALLERS && oldest !== undefined) callers.delete(oldest);
  callers.set(key, caller);
  return caller;
}

/** How often a voice was told. */
export function voices(edges: HeardEdge[]): number {
  return edges.filter(({ type }) => type === 'caller.voiced').length;
}

export interface Interruptions {
  /** From the first sound to the edge, in ms, least first. */
  delays: number[];
  missed: string[];
  /** Told before the caller spoke. */
  early: number;
}

/** Lets every utterance interrupt the agent once, each at another moment of what the agent says. */
export function interrupt(line: Omit<Line, 'ms' | 'near' | 'untilVoicedFromMs'>, gainDb = 0): Interruptions {
  const found: Interruptions = { delays: [], missed: [], early: 0 };
  corpus.items('utt').forEach((utterance, index) => {
    const atMs = 3_000 + ((index * 137) % 1_500);
    const near = [{ kind: 'utt', id: utterance.id, atMs, gainDb } as const];
    const edges = listenTo({
      ...line,
      near,
      ms: atMs + 2_000,
      agentFromMs: index * 900,
      seed: index + 1,
      untilVoicedFromMs: atMs,
    });
    const told = edges.filter(({ type }) => type === 'caller.voiced').map(({ at }) => at);
    const hit = told.find((at) => at >= atMs);
    if (hit === undefined) found.missed.push(utterance.id);
    else found.delays.push(hit - atMs);
    found.early += told.filter((at) => at < atMs).length;
  });
  found.delays.sort((a, b) => a - b);
  return found;
}

/** The delay that a share of them does not exceed. */
export function percentile(delays: number[], share: number): number {
  return delays[Math.min(delays.length - 1, Math.floor(delays.length * share))] ?? Number.NaN;
}
