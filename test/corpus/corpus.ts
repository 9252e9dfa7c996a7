import { readFileSync } from 'node:fs';
import { MULAW_TO_PCM } from '../../src/audio/mulaw.ts';

/** `utt`: what a caller says. `backchannel`: what a listener says without taking the turn. `event`: coughs, doors, keys. */
export type CorpusKind = 'utt' | 'backchannel' | 'event' | 'noise' | 'agent';

/** One labelled recording. Times are milliseconds from its first sample; null where the label has no meaning. */
export interface CorpusItem {
  readonly kind: CorpusKind;
  readonly id: string;
  readonly text: string | null;
  readonly voice: string | null;
  readonly durationMs: number;
  /** The first sound, to 1 ms. */
  readonly onsetMs: number | null;
  /** The first voiced sound. */
  readonly voicedMs: number | null;
  /** The end of the last sound. */
  readonly offsetMs: number | null;
  readonly levelDbfs: number | null;
  /** The first 16 hex digits of the SHA-256 of `mulaw`. */
  readonly sha256: string;
  /** 8 kHz µ-law, not a whole number of frames. */
  readonly mulaw: Buffer;
  /** The same as 16-bit samples. */
  readonly pcm: Int16Array;
  /** The same as samples of -1…1. */
  readonly samples: Float64Array;
}

/** A mix to render: times in milliseconds from its first sample. */
export interface Recipe {
  readonly id: string;
  readonly kind: string;
  readonly durationMs: number;
  readonly seed: number;
  readonly comfortDbfs: number;
  readonly near: readonly Placed[];
  readonly noise: NoiseBed | null;
  readonly agent: { readonly id: string; readonly startMs: number; readonly atMs: number } | null;
  readonly echo: { readonly lossDb: number; readonly delayMs: number } | null;
  /** The first 16 hex digits of the SHA-256 of the near end's µ-law. */
  readonly sha256: string;
}

/** An item whose onset (its first sample, if it has no onset) is at `atMs`. */
export interface Placed {
  readonly kind: CorpusKind;
  readonly id: string;
  readonly atMs: number;
  readonly gainDb?: number;
}

/** A noise bed, looped, at an RMS level. */
export interface NoiseBed {
  readonly bed: string;
  readonly levelDbfs: number;
}

export interface Corpus {
  readonly recipes: readonly Recipe[];
  items(kind: CorpusKind): readonly CorpusItem[];
  /** Throws if there is no such item. */
  item(kind: CorpusKind, id: string): CorpusItem;
}

interface RawItem {
  kind: CorpusKind;
  id: string;
  file: string;
  text?: string | null;
  voice?: string | null;
  dur_ms: number;
  onset_ms?: number | null;
  voiced_ms?: number | null;
  offset_ms?: number | null;
  level_dbfs?: number | null;
  sha256: string;
}

interface RawRecipe {
  id: string;
  kind: string;
  dur_ms: number;
  seed: number;
  comfort_dbfs: number;
  near?: { kind: CorpusKind; id: string; at_ms: number; gain_db?: number }[];
  noise?: { bed: string; level_dbfs?: number; snr_db?: number; ref_dbfs?: number };
  agent?: { id: string; start_ms?: number; at_ms?: number };
  echo?: { loss_db: number; delay_ms: number };
  sha256: string;
}

/** Reads the labels in `directory` (this one unless told); the sound of an item is read when it is first asked for. */
export function loadCorpus(directory: URL = new URL('./', import.meta.url)): Corpus {
  const manifest = readJson(new URL('manifest.json', directory)) as { items: RawItem[] };
  const items = manifest.items.map((raw) => readItem(raw, new URL(raw.file, directory)));
  const byName = new Map(items.map((item) => [`${item.kind}/${item.id}`, item]));
  return {
    recipes: (readJson(new URL('recipes.json', directory)) as RawRecipe[]).map(readRecipe),
    items: (kind) => items.filter((item) => item.kind === kind),
    item(kind, id) {
      const item = byName.get(`${kind}/${id}`);
      if (!item) throw new Error(`The corpus has no ${kind}/${id}.`);
      return item;
    },
  };
}

function readItem(raw: RawItem, file: URL): CorpusItem {
  const mulaw = once(() => readFileSync(file));
  const pcm = once(() => Int16Array.from(mulaw(), (code) => MULAW_TO_PCM[code] as number));
  const samples = once(() => Float64Array.from(pcm(), (sample) => sample / 32_768));
  return {
    kind: raw.kind,
    id: raw.id,
    text: raw.text ?? null,
    voice: raw.voice ?? null,
    durationMs: raw.dur_ms,
    onsetMs: raw.onset_ms ?? null,
    voicedMs: raw.voiced_ms ?? null,
    offsetMs: raw.offset_ms ?? null,
    levelDbfs: raw.level_dbfs ?? null,
    sha256: raw.sha256,
    get mulaw() {
      return mulaw();
    },
    get pcm() {
      return pcm();
    },
    get samples() {
      return samples();
    },
  };
}

function readRecipe(raw: RawRecipe): Recipe {
  const { noise, agent, echo } = raw;
  return {
    id: raw.id,
    kind: raw.kind,
    durationMs: raw.dur_ms,
    seed: raw.seed,
    comfortDbfs: raw.comfort_dbfs,
    near: (raw.near ?? []).map(({ kind, id, at_ms, gain_db }) => ({
      kind,
      id,
      atMs: at_ms,
      gainDb: gain_db ?? 0,
    })),
    noise: noise
      ? { bed: noise.bed, levelDbfs: noise.level_dbfs ?? (noise.ref_dbfs ?? 0) - (noise.snr_db ?? 0) }
      : null,
    agent: agent ? { id: agent.id, startMs: agent.start_ms ?? 0, atMs: agent.at_ms ?? 0 } : null,
    echo: echo ? { lossDb: echo.loss_db, delayMs: echo.delay_ms } : null,
    sha256: raw.sha256,
  };
}

function readJson(file: URL): unknown {
  return JSON.parse(readFileSync(file, 'utf8'));
}

function once<Value>(make: () => Value): () => Value {
  let made: { value: Value } | null = null;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
