import { createFarTrack } from '../../src/audio/far-track.ts';
import { MULAW_SILENCE } from '../../src/audio/mulaw.ts';
import { createVoiceOnset, type VoiceEdge } from '../../src/audio/voice-onset.ts';
import { type CorpusItem, loadCorpus, type NoiseBed, type Placed } from '../corpus/corpus.ts';
import { createCallerMix, createLineEcho, FRAME } from '../corpus/mix.ts';
import { createVirtualClock } from '../support/virtual-clock.ts';

export const corpus = loadCorpus();

/** The agent's first word, after which the detector listens. */
const ARMED_FRAME = 25;

export interface Line {
  ms: number;
  near?: Placed[];
  noise?: NoiseBed;
  echo?: { lossDb: number; delayMs: number };
  /** What the agent says, from where on; its monologue from the beginning unless told. */
  agent?: CorpusItem;
  agentFromMs?: number;
  seed?: number;
}

export type HeardEdge = VoiceEdge & { at: number };

/** Plays a line to a detector, a frame every 20 ms, while the agent talks without end; gives what the detector told. */
export function listenTo(line: Line): HeardEdge[] {
  const clock = createVirtualClock();
  const edges: HeardEdge[] = [];
  const far = createFarTrack();
  const onset = createVoiceOnset({ clock, far, tell: (edge) => edges.push({ ...edge, at: clock.now() }) });
  const mix = createCallerMix(corpus, line);
  const echo = line.echo ? createLineEcho(line.echo) : null;
  const { mulaw } = line.agent ?? corpus.item('agent', 'a1');
  const played = new Uint8Array(FRAME).fill(MULAW_SILENCE);

  for (let frame = 0; frame < line.ms / 20; frame += 1) {
    if (frame === ARMED_FRAME) onset.arm();
    if (frame >= ARMED_FRAME) {
      const from = (line.agentFromMs ?? 0) * 8 + (frame - ARMED_FRAME) * FRAME;
      for (let i = 0; i < FRAME; i += 1) played[i] = mulaw[(from + i) % mulaw.length] as number;
      far.playing(played, clock.now());
    }
    clock.advance(20);
    onset.take(mix.mulaw(echo?.(played)));
  }
  return edges;
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
export function interrupt(line: Omit<Line, 'ms' | 'near'>, gainDb = 0): Interruptions {
  const found: Interruptions = { delays: [], missed: [], early: 0 };
  corpus.items('utt').forEach((utterance, index) => {
    const atMs = 3_000 + ((index * 137) % 1_500);
    const near = [{ kind: 'utt', id: utterance.id, atMs, gainDb } as const];
    const edges = listenTo({ ...line, near, ms: atMs + 2_000, agentFromMs: index * 900, seed: index + 1 });
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
