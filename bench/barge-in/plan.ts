import type { Corpus, CorpusItem, CorpusKind, NoiseBed } from '../../test/corpus/corpus.ts';
import { createRandom } from '../../test/corpus/mix.ts';

/**
 * What the caller does while the agent speaks. `interruption`: takes the turn. `whisper`: the same, too softly for
 * anything but a transcriber. `backchannel`: says "mm-hm" and means to listen on. `event`: coughs, types, shuts a door.
 */
export type MomentKind = 'interruption' | 'whisper' | 'backchannel' | 'event';

/** One sound of the caller's, in ms from the stream's start: the first of it is heard at `onsetMs`, the last at `offsetMs`. */
export interface Moment {
  kind: MomentKind;
  /** The corpus's own name of it. */
  item: { kind: CorpusKind; id: string };
  gainDb: number;
  onsetMs: number;
  offsetMs: number;
  /** As a transcriber would write it; empty for what is no speech. */
  text: string;
}

/** One call: a line, and what happens on it. */
export interface Script {
  name: string;
  noise: NoiseBed | null;
  echo: { lossDb: number; delayMs: number } | null;
  seed: number;
  moments: Moment[];
  durationMs: number;
}

/** The agent's first word, in ms from the stream's start. */
export const AGENT_STARTS_MS = 600;
/** From the end of an interruption to the agent's answer: the second that Vapi waits by default, and its thinking. */
export const ANSWER_AFTER_MS = 1_200;
/** From the onset of a whisper to the agent's answer: after every wait for a verdict that never comes. */
export const WHISPER_ANSWER_AFTER_MS = 4_500;

export const BEDS = ['white', 'pink', 'car', 'street', 'music', 'keyboard', 'tv', 'babble'] as const;
/** Those that go on as they are. */
export const STATIONARY: ReadonlySet<string> = new Set(['white', 'pink', 'car', 'street']);

/** Those in which others speak. */
export const SPEAKING: ReadonlySet<string> = new Set(['tv', 'babble']);

/** As loud as a bed gets here, in dBFS: 10 dB below the softest of the corpus's speakers. */
const LOUDEST_BED_DBFS = -40;
const BED_LEVELS = [LOUDEST_BED_DBFS, -45, -50];
const ECHO_DELAYS_MS = [40, 80, 120, 160, 200];
const WHISPER_DBFS = -58;
/** Of the corpus's monologue. */
const MONOLOGUE_MS = 22_000;

/** How a transcriber writes what the corpus has in phonemes. */
const SPELT: Record<string, string> = { b01: 'Mm-hm.', b02: 'Uh-huh.', b06: 'Mm.' };

interface Pauses {
  firstMs: number;
  /** From the end of one, with all that it called forth, to the next. */
  apartMs: number;
  /** The most by which these vary, so that nothing falls on the same word of the agent's every time. */
  spreadMs: number;
}

function momentsOf(
  kind: MomentKind,
  items: readonly CorpusItem[],
  { firstMs, apartMs, spreadMs }: Pauses,
  seed: number,
): Moment[] {
  const random = createRandom(seed);
  let freeMs = firstMs;
  return items.map((item) => {
    const onsetMs = Math.round(freeMs + random() * spreadMs);
    const offsetMs = onsetMs + (item.offsetMs ?? item.durationMs - 40) - (item.onsetMs ?? 0);
    freeMs = overMs(kind, onsetMs, offsetMs) + apartMs;
    return {
      kind,
      item: { kind: item.kind, id: item.id },
      gainDb: kind === 'whisper' ? WHISPER_DBFS - (item.levelDbfs ?? 0) : 0,
      onsetMs,
      offsetMs,
      text: item.kind === 'event' ? '' : (SPELT[item.id] ?? item.text ?? ''),
    };
  });
}

/** When the agent speaks on, or anew, after such a moment. */
function overMs(kind: MomentKind, onsetMs: number, offsetMs: number): number {
  if (kind === 'interruption') return offsetMs + ANSWER_AFTER_MS;
  if (kind === 'whisper') return onsetMs + WHISPER_ANSWER_AFTER_MS;
  return offsetMs;
}

function scriptOf(name: string, line: Pick<Script, 'noise' | 'echo' | 'seed'>, moments: Moment[]): Script {
  const last = moments.at(-1);
  return {
    name,
    ...line,
    moments,
    durationMs: (last ? overMs(last.kind, last.onsetMs, last.offsetMs) : 0) + 3_500,
  };
}

const bedAt = (bed: string | null, levelDbfs: number) => (bed === null ? null : { bed, levelDbfs });

/** Each of the 24 utterances six times, six on a call: quiet lines and eight beds, with and without an echo. */
export function interruptions(corpus: Corpus, calls = 24): Script[] {
  const utterances = corpus.items('utt');
  const beds = [null, ...BEDS];
  return Array.from({ length: calls }, (_, call) => {
    const items = Array.from({ length: 6 }, (_, i) => utterances[(call + 4 * i) % utterances.length]).filter(
      (item) => item !== undefined,
    );
    const lossDb = [null, 20, 30][(call + Math.floor(call / beds.length)) % 3] ?? null;
    const delayMs = ECHO_DELAYS_MS[call % ECHO_DELAYS_MS.length] ?? 0;
    return scriptOf(
      `interruptions ${call + 1}`,
      {
        noise: bedAt(beds[call % beds.length] ?? null, BED_LEVELS[Math.floor(call / 8) % 3] ?? 0),
        echo: lossDb === null ? null : { lossDb, delayMs },
        seed: 100 + call,
      },
      momentsOf('interruption', items, { firstMs: 3_500, apartMs: 2_500, spreadMs: 1_500 }, 100 + call),
    );
  });
}

/** One call on which the caller interrupts every reply of the agent's, the first and `times` more. */
export function everyReply(corpus: Corpus, times: number): Script {
  const pauses = { firstMs: 3_500, apartMs: 2_500, spreadMs: 1_500 };
  const items = corpus.items('utt').slice(0, times + 1);
  const line = { noise: null, echo: { lossDb: 30, delayMs: 120 }, seed: 150 };
  return scriptOf('every reply', line, momentsOf('interruption', items, pauses, line.seed));
}

/**
 * All eight backchannels: on a quiet line, in a car, in noise with a loud echo. Two on a call: a caller who stops the
 * agent for nothing again and again may be listened to otherwise.
 */
export function backchannels(corpus: Corpus): Script[] {
  const lines = [
    { noise: null, echo: null, seed: 201 },
    { noise: bedAt('car', -45), echo: { lossDb: 30, delayMs: 120 }, seed: 202 },
    { noise: bedAt('pink', -45), echo: { lossDb: 20, delayMs: 160 }, seed: 203 },
  ];
  const pauses = { firstMs: 3_500, apartMs: 4_000, spreadMs: 1_200 };
  return lines.flatMap((line) => inPairs('backchannel', corpus.items('backchannel'), line, pauses));
}

/** All eleven sounds that are no speech: on a quiet line, and in a street with a loud echo. */
export function events(corpus: Corpus): Script[] {
  const lines = [
    { noise: null, echo: null, seed: 301 },
    { noise: bedAt('street', -45), echo: { lossDb: 20, delayMs: 80 }, seed: 302 },
  ];
  const pauses = { firstMs: 3_000, apartMs: 2_500, spreadMs: 500 };
  return lines.flatMap((line) => inPairs('event', corpus.items('event'), line, pauses));
}

function inPairs(
  kind: MomentKind,
  items: readonly CorpusItem[],
  line: Pick<Script, 'noise' | 'echo' | 'seed'>,
  pauses: Pauses,
): Script[] {
  const pairs = Array.from({ length: Math.ceil(items.length / 2) }, (_, i) => items.slice(2 * i, 2 * i + 2));
  return pairs.map((pair, i) => {
    const seed = line.seed + 10 * i;
    const name = `${pair.map(({ id }) => id).join(', ')} on line ${line.seed}`;
    return scriptOf(name, { ...line, seed }, momentsOf(kind, pair, pauses, seed));
  });
}

/** Utterances softer than any detector of voices hears. */
export function whispers(corpus: Corpus): Script[] {
  const items = corpus.items('utt').filter((_, i) => i % 4 === 0);
  const pauses = { firstMs: 3_500, apartMs: 2_500, spreadMs: 1_000 };
  return [
    scriptOf('whispers', { noise: null, echo: null, seed: 401 }, momentsOf('whisper', items, pauses, 401)),
  ];
}

/** The agent speaks and the caller says nothing, for `ms` in each bed. */
export function noises(ms: number): Script[] {
  return BEDS.map((bed, i) => ({
    name: `noise ${bed}`,
    noise: bedAt(bed, LOUDEST_BED_DBFS),
    echo: null,
    seed: 501 + i,
    moments: [],
    durationMs: ms,
  }));
}

/** The agent speaks for `ms` and hears itself. */
export function echoes(ms: number): Script[] {
  return [20, 30].map((lossDb, i) => ({
    name: `echo -${lossDb} dB`,
    noise: null,
    echo: { lossDb, delayMs: 140 },
    seed: 601 + i,
    moments: [],
    durationMs: ms,
  }));
}

/** How much the agent must have to say for any of these scripts: every turn begins the corpus's monologue anew. */
export function monologueMs(scripts: readonly Script[]): number {
  const turnsOf = ({ moments }: Script) =>
    moments.filter(({ kind }) => kind === 'interruption' || kind === 'whisper');
  return Math.max(
    ...scripts.map((script) => script.durationMs + (turnsOf(script).length + 2) * MONOLOGUE_MS),
  );
}
