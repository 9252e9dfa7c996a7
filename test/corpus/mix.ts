import { MULAW_SILENCE, MULAW_TO_PCM, PCM_TO_MULAW } from '../../src/audio/mulaw.ts';
import type { Corpus, NoiseBed, Placed, Recipe } from './corpus.ts';

/** Samples, and bytes of µ-law, in a frame of 20 ms. */
export const FRAME = 160;
const SAMPLES_PER_MS = 8;
const CLIP = 32_635;

/** When one placed item begins and ends, in milliseconds of the mix. */
export interface Truth {
  readonly kind: string;
  readonly id: string;
  readonly onsetMs: number;
  readonly voicedMs: number | null;
  readonly offsetMs: number;
}

export interface CallerMixOptions {
  readonly near?: readonly Placed[];
  readonly noise?: NoiseBed | null;
  /** Gaussian noise under everything; -62 unless told. */
  readonly comfortDbfs?: number;
  /** The same seed gives the same noise. */
  readonly seed?: number;
}

/** What happens at the caller's end of the line. */
export interface CallerMix {
  readonly truth: readonly Truth[];
  /**
   * The next 20 ms. `echo` is added to it. Both are samples of -1…1; the frame that is returned is the same array
   * every time, overwritten by the next call.
   */
  frame(echo?: Float64Array): Float64Array;
  /** The next 20 ms as µ-law, a new array. */
  mulaw(echo?: Float64Array): Uint8Array;
}

/** A caller's end, told a frame at a time, so that what is heard can depend on what was played. */
export function createCallerMix(corpus: Corpus, options: CallerMixOptions): CallerMix {
  const random = createRandom(options.seed ?? 1);
  const placed = (options.near ?? []).map(({ kind, id, atMs, gainDb }) => {
    const item = corpus.item(kind, id);
    const start = Math.round((atMs - (item.onsetMs ?? 0)) * SAMPLES_PER_MS);
    return { samples: item.samples, gain: gainOf(gainDb ?? 0), start };
  });
  const bed = options.noise ? createBed(corpus, options.noise, random) : null;
  const comfort = gainOf(options.comfortDbfs ?? -62);
  const out = new Float64Array(FRAME);
  let at = 0;

  function frame(echo?: Float64Array): Float64Array {
    out.fill(0);
    for (const { samples, gain, start } of placed) {
      for (let i = 0; i < FRAME; i += 1) {
        const index = at + i - start;
        if (index >= 0 && index < samples.length)
          out[i] = (out[i] as number) + (samples[index] as number) * gain;
      }
    }
    for (let i = 0; i < FRAME; i += 1) {
      const noisy = bed ? (out[i] as number) + bed(at + i) : (out[i] as number);
      const loud = noisy + gaussian(random) * comfort + (echo ? (echo[i] as number) : 0);
      out[i] = Math.max(-1, Math.min(1, loud));
    }
    at += FRAME;
    return out;
  }

  return {
    truth: (options.near ?? []).map((one) => truthOf(corpus, one)),
    frame,
    mulaw: (echo) => toMulaw(frame(echo)),
  };
}

/** An echo of the far end in the near end: three reflections, `lossDb` below what was played, `delayMs` after it. */
export type LineEcho = (far: Uint8Array) => Float64Array;

/**
 * Takes the 20 ms of µ-law that are being played now (silence where nothing is) and gives the echo that is in the
 * caller's sound of these same 20 ms. The array that is returned is overwritten by the next call.
 */
export function createLineEcho(options: { lossDb: number; delayMs: number }): LineEcho {
  const delay = Math.round(options.delayMs * SAMPLES_PER_MS);
  const gain = gainOf(-options.lossDb);
  const size = 2 ** Math.ceil(Math.log2(delay + 37 + FRAME));
  const played = new Float64Array(size);
  const out = new Float64Array(FRAME);
  let at = 0;

  const playedAt = (index: number): number => (index < 0 ? 0 : (played[index & (size - 1)] as number));

  return (far) => {
    for (let i = 0; i < FRAME; i += 1) {
      played[(at + i) & (size - 1)] = (MULAW_TO_PCM[far[i] ?? MULAW_SILENCE] as number) / 32_768;
    }
    for (let i = 0; i < FRAME; i += 1) {
      const now = at + i - delay;
      out[i] = (gain * (playedAt(now) + 0.35 * playedAt(now - 11) - 0.2 * playedAt(now - 37))) / 1.06;
    }
    at += FRAME;
    return out;
  };
}

export interface Rendered {
  /** What the caller's end sends, whole frames of µ-law. */
  readonly ulaw: Uint8Array;
  /** What the agent says meanwhile, as long as `ulaw`; null where there is no agent. */
  readonly far: Uint8Array | null;
  readonly truth: readonly Truth[];
}

/** Renders a recipe as a whole. The agent says its part undisturbed, and its echo, if there is one, is of that. */
export function render(corpus: Corpus, recipe: Recipe): Rendered {
  const frames = Math.ceil(recipe.durationMs / 20);
  const far = recipe.agent ? renderAgent(corpus, recipe.agent, frames) : null;
  const echo = far && recipe.echo ? createLineEcho(recipe.echo) : null;
  const mix = createCallerMix(corpus, recipe);
  const ulaw = new Uint8Array(frames * FRAME);
  for (let at = 0; at < ulaw.length; at += FRAME) {
    ulaw.set(mix.mulaw(echo && far ? echo(far.subarray(at, at + FRAME)) : undefined), at);
  }
  return { ulaw, far, truth: mix.truth };
}

function renderAgent(corpus: Corpus, agent: NonNullable<Recipe['agent']>, frames: number): Uint8Array {
  const { mulaw } = corpus.item('agent', agent.id);
  const start = Math.round(agent.startMs * SAMPLES_PER_MS);
  const at = Math.round(agent.atMs * SAMPLES_PER_MS);
  const far = new Uint8Array(frames * FRAME).fill(MULAW_SILENCE);
  for (let i = at; i < far.length; i += 1) far[i] = mulaw[(start + i - at) % mulaw.length] as number;
  return far;
}

function truthOf(corpus: Corpus, { kind, id, atMs }: Placed): Truth {
  const item = corpus.item(kind, id);
  const onset = item.onsetMs ?? 0;
  return {
    kind,
    id,
    onsetMs: atMs,
    voicedMs: item.voicedMs === null ? null : atMs + item.voicedMs - onset,
    offsetMs: atMs + (item.offsetMs ?? item.durationMs - 40) - onset,
  };
}

function createBed(
  corpus: Corpus,
  { bed, levelDbfs }: NoiseBed,
  random: () => number,
): (at: number) => number {
  const { samples } = corpus.item('noise', bed);
  let energy = 0;
  for (const sample of samples) energy += sample * sample;
  const gain = gainOf(levelDbfs) / Math.sqrt(energy / samples.length);
  const offset = Math.floor(random() * samples.length);
  return (at) => (samples[(at + offset) % samples.length] as number) * gain;
}

/** Encodes samples of -1…1. */
export function toMulaw(samples: Float64Array): Uint8Array {
  const mulaw = new Uint8Array(samples.length);
  for (let i = 0; i < samples.length; i += 1) {
    const rounded = Math.max(-CLIP, Math.min(CLIP, Math.round((samples[i] as number) * 32_768)));
    const code = PCM_TO_MULAW[rounded & 0xffff] as number;
    mulaw[i] = code === 0x7f ? MULAW_SILENCE : code;
  }
  return mulaw;
}

/** Mulberry32: numbers of 0…1 that are the same for the same seed. */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function gaussian(random: () => number): number {
  let first = 0;
  while (first === 0) first = random();
  return Math.sqrt(-2 * Math.log(first)) * Math.cos(2 * Math.PI * random());
}

function gainOf(db: number): number {
  return 10 ** (db / 20);
}
