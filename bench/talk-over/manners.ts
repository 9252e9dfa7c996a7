import { levelDb } from '../../src/audio/level.ts';
import { type CorpusItem, loadCorpus } from '../../test/corpus/corpus.ts';
import { ASSUMED, type Cue, cuesFor } from '../barge-in/signals.ts';
import { type Act, isInterrupted, type Manner, speechUpdate, transcript } from '../manner.ts';
import { brokenHiss, looped } from '../sounds.ts';
import { FRAME_BYTES, FRAME_MS, type Sound } from '../track.ts';

/**
 * How everybody talks over everybody. `examined`: the caller hisses loudly, and the ear has to look for a pitch in every
 * frame of it and finds none, which is all the work that it can be given. `pausing`: callers interrupt, and say "mm-hm".
 */
export type MannerName = 'examined' | 'pausing';

const BYTES_PER_MS = 8;
/** A line that hisses all the time is that line's silence; one that is quiet now and then is a line on which it hisses. */
const HISS_BREAKS_EVERY_MS = 500;
/** Frames of the monologue that are softer are its pauses, in dBFS. */
const SPOKEN_DB = -40;
/** Where the agents are in the monologue, in frames from one call to the next. */
const AGENTS_APART = 37;

/** A turn of an agent that is only listened through, and when it is interrupted, in ms. */
const LONG_TURN_MS = 5_400;
const LONG_EVERY_MS = 6_000;
const YIELDS_AT_MS = 2_500;

/** Of the caller's loop, in ms: when the two things that the caller says begin, and when the agent's turn is over. */
const INTERRUPTS_AT_MS = 800;
const AGREES_AT_MS = 4_700;
const TURN_ENDS_MS = 6_200;
/** The agent is silent for a while, so that what a pause has held back is out before the next turn. */
const EVERY_MS = 7_600;
/** An interruption that is longer would meet what follows. */
const LONGEST_MS = 1_950;
const SHORTEST_MS = 900;

const LONG_TURNS: readonly Act[] = [
  { atMs: 0, does: 'speak' },
  { atMs: LONG_TURN_MS, does: 'fallSilent' },
];
const YIELDING: readonly Act[] = [
  { atMs: 0, does: 'speak' },
  { atMs: YIELDS_AT_MS, does: 'yield' },
  { atMs: YIELDS_AT_MS + 300, does: 'speak' },
  { atMs: LONG_TURN_MS, does: 'fallSilent' },
];

const corpus = loadCorpus();
const interruptions = corpus
  .items('utt')
  .filter(({ durationMs }) => durationMs > SHORTEST_MS && durationMs < LONGEST_MS);
const backchannels = corpus.items('backchannel');
const speech = withoutPauses(corpus.item('agent', 'a1').mulaw);

const agentSound = (number: number): Sound => {
  const sound = looped(speech);
  return (place) => sound(place + number * AGENTS_APART);
};

/** The manners, by their names. */
export const MANNERS: Readonly<Record<MannerName, Manner>> = {
  examined: {
    // Between turns there is a moment in which what the machine itself has held up can be made up for.
    script: (number, calls) => ({
      fromMs: 1_000 + (LONG_EVERY_MS * number) / calls,
      everyMs: LONG_EVERY_MS,
      acts: isInterrupted(number) ? YIELDING : LONG_TURNS,
    }),
    callerSound: (number) => brokenHiss(number, HISS_BREAKS_EVERY_MS),
    agentSound,
  },
  pausing: {
    script: (number, calls) => ({
      fromMs: startOf(number, calls),
      everyMs: EVERY_MS,
      acts: actsOf(said(interruptions, number), said(backchannels, number)),
    }),
    callerSound(number, calls) {
      const line = Buffer.alloc(EVERY_MS * BYTES_PER_MS, 0xff);
      place(line, said(interruptions, number), INTERRUPTS_AT_MS);
      place(line, said(backchannels, number), AGREES_AT_MS);
      const sound = looped(line);
      const before = EVERY_MS / FRAME_MS - startOf(number, calls) / FRAME_MS;
      return (at) => sound(at + before);
    },
    agentSound,
  },
};

/** The calls' loops begin one after the other, in whole frames. */
function startOf(number: number, calls: number): number {
  return 1_000 + FRAME_MS * Math.floor((EVERY_MS * number) / calls / FRAME_MS / 2);
}

function said(items: readonly CorpusItem[], number: number): CorpusItem {
  const item = items[number % items.length];
  if (!item) throw new Error('The corpus has nothing to say.');
  return item;
}

function place(line: Buffer, { mulaw, onsetMs }: CorpusItem, atMs: number): void {
  mulaw.copy(line, (atMs - (onsetMs ?? 0)) * BYTES_PER_MS);
}

/** What Vapi does about the two, by the assumptions that interruptions are measured with. */
function actsOf(interruption: CorpusItem, backchannel: CorpusItem): Act[] {
  const cues = [
    ...cuesOf('interruption', interruption, INTERRUPTS_AT_MS, interruption.text ?? ''),
    ...cuesOf('backchannel', backchannel, AGREES_AT_MS, 'Mm-hm.'),
  ];
  const turn: Act[] = [
    { atMs: 0, does: 'speak' },
    { atMs: TURN_ENDS_MS, does: 'fallSilent' },
  ];
  return [...turn, ...cues.map(actOf)].sort((one, other) => one.atMs - other.atMs);
}

function cuesOf(
  kind: 'interruption' | 'backchannel',
  item: CorpusItem,
  onsetMs: number,
  text: string,
): Cue[] {
  const offsetMs = onsetMs + (item.offsetMs ?? 0) - (item.onsetMs ?? 0);
  return cuesFor({ kind, item, gainDb: 0, onsetMs, offsetMs, text }, ASSUMED);
}

function actOf({ atMs, act, text }: Cue): Act {
  switch (act) {
    case 'say':
      return { atMs, does: 'speak' };
    case 'fallSilent':
      return { atMs, does: 'fallSilent' };
    case 'interrupt':
      return { atMs, does: 'yield' };
    case 'started':
    case 'stopped':
      return { atMs, does: 'tell', text: speechUpdate('user', act) };
    case 'partial':
    case 'final':
      return { atMs, does: 'tell', text: transcript('user', act, text) };
  }
}

function withoutPauses(mulaw: Buffer): Buffer {
  const frames: Buffer[] = [];
  for (let at = 0; at + FRAME_BYTES <= mulaw.length; at += FRAME_BYTES) {
    const frame = mulaw.subarray(at, at + FRAME_BYTES);
    if (levelDb(frame) > SPOKEN_DB) frames.push(frame);
  }
  return Buffer.concat(frames);
}
