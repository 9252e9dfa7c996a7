import { type Act, isInterrupted, type Manner, speechUpdate, transcript } from '../manner.ts';

/** A turn of the agent and a turn of the caller, in ms. */
const EVERY_MS = 6_000;
const TURN_MS = 3_500;

const TURNS: readonly Act[] = [
  { atMs: 0, does: 'tell', text: speechUpdate('assistant', 'started') },
  { atMs: 0, does: 'speak' },
  { atMs: TURN_MS, does: 'fallSilent' },
  {
    atMs: TURN_MS,
    does: 'tell',
    text: transcript('assistant', 'final', 'We could see you on Tuesday at ten.'),
  },
  { atMs: TURN_MS + 100, does: 'tell', text: speechUpdate('assistant', 'stopped') },
  { atMs: 4_200, does: 'tell', text: speechUpdate('user', 'started') },
  { atMs: 4_500, does: 'tell', text: transcript('user', 'partial', 'That would') },
  { atMs: 5_300, does: 'tell', text: speechUpdate('user', 'stopped') },
  { atMs: 5_500, does: 'tell', text: transcript('user', 'final', 'That would be fine.') },
];

const INTERRUPTION: readonly Act[] = [
  { atMs: 2_000, does: 'yield' },
  { atMs: 2_100, does: 'tell', text: transcript('user', 'final', 'Could it be earlier?') },
  { atMs: 2_300, does: 'speak' },
];

const INTERRUPTED = [...TURNS, ...INTERRUPTION].sort((one, other) => one.atMs - other.atMs);

/** Agents and callers take turns, and Vapi tells of it what it tells; in one call of five every turn is interrupted. */
export const turnTaking: Manner = {
  script: (number, calls) => ({
    fromMs: 1_500 + (EVERY_MS * number) / calls,
    everyMs: EVERY_MS,
    acts: isInterrupted(number) ? INTERRUPTED : TURNS,
  }),
};

/** As `turnTaking`, so many times as fast: what a server sees in ten minutes is seen in one. */
const HASTE = 10;

/** Turns as short as that, so that a server has seen many of them when it is measured. */
export const hastyTurns: Manner = {
  script: (number, calls) => ({
    fromMs: 500 + (EVERY_MS * number) / calls / HASTE,
    everyMs: EVERY_MS / HASTE,
    acts: (isInterrupted(number) ? INTERRUPTED : TURNS).map((act) => ({ ...act, atMs: act.atMs / HASTE })),
  }),
};
