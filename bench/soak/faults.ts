import type { Random } from '../../test/sim/random.ts';
import type { Toxic, ToxicLine } from '../../test/support/toxic-proxy.ts';
import type { SoakPhone } from './phone.ts';
import type { CreateFault, SoakAgent } from './stand-in.ts';

export type Leg = 'caller' | 'agent';

/**
 * How a call ended: the reason that the bridge gives, `turnedAway` where it said beforehand that it would take no call,
 * `unknown` where it knows of no such call.
 */
export type SoakEnding = string;

/** What a fault can lay its hands on, in the middle of a call. */
export interface Victim {
  random: Random;
  phone: SoakPhone;
  agent: SoakAgent | undefined;
  /** Does it later, unless the call is over by then. */
  after(ms: number, act: () => void): void;
}

/** Something that happens to a call, and how that call may then end. */
export interface Fault {
  /** The phone may be hung up in every call, so `callerHungUp` is always right and not repeated here. */
  endings: readonly SoakEnding[];
  /** Makes a line of this leg bad, from its first word on or in the middle of it; returns how to make it well. */
  spoils?: { leg: Leg; line(line: ToxicLine, random: Random): (() => void) | undefined };
  /** Happens once, in the middle of the call. */
  strikes?(victim: Victim): void;
  /** Happens to the `n`-th request for this call's agent, from 0. */
  refuses?(n: number): CreateFault | undefined;
}

const CALLER_GONE = ['callerLost', 'callerNeverCame', 'callerRefused'];
const AGENT_GONE = ['agentLost', 'agentUnavailable'];

const toxic = (leg: Leg, draw: (random: Random) => Toxic, endings: readonly SoakEnding[]): Fault => ({
  endings,
  spoils: { leg, line: (line, random) => line.poison(draw(random)) },
});

const acts = (
  leg: Leg,
  act: (line: ToxicLine, random: Random) => void,
  endings: readonly SoakEnding[],
): Fault => ({
  endings,
  spoils: {
    leg,
    line(line, random) {
      act(line, random);
      return undefined;
    },
  },
});

const onLeg = (leg: Leg, gone: readonly SoakEnding[]): Record<string, Fault> => ({
  [`${leg} latency`]: toxic(leg, (random) => ({ kind: 'latency', ms: random.int(20, 300) }), []),
  [`${leg} jitter`]: toxic(leg, (random) => ({ kind: 'jitter', ms: random.int(20, 200) }), []),
  // Below what a call needs: whoever cannot be reached in time may be given up.
  [`${leg} throttle`]: toxic(
    leg,
    (random) => ({ kind: 'throttle', bytesPerSecond: random.int(3_000, 9_000) }),
    gone,
  ),
  [`${leg} slowRead`]: toxic(
    leg,
    (random) => ({ kind: 'slowRead', bytesPerSecond: random.int(3_000, 9_000) }),
    gone,
  ),
  [`${leg} blackhole`]: toxic(leg, () => ({ kind: 'blackhole' }), gone),
  [`${leg} corrupt`]: toxic(leg, () => ({ kind: 'corrupt', oneIn: 3_000 }), gone),
  [`${leg} reset`]: acts(leg, (line) => line.reset(), gone),
  [`${leg} halfClose`]: acts(leg, (line, random) => line.halfClose(random.pick(['up', 'down'])), gone),
});

const killed = (code: number): Fault => ({ endings: AGENT_GONE, strikes: ({ agent }) => agent?.kill(code) });

const refused = (refuses: (n: number) => CreateFault | undefined): Fault => ({
  endings: AGENT_GONE,
  refuses,
});

const NONSENSE = [
  '',
  '{',
  'null',
  '[]',
  '{"event":7}',
  '{"event":"unheard-of"}',
  '{"event":"media","media":{"payload":"%%"}}',
];
const AGENT_NONSENSE = ['', '{', 'null', '[]', '{"type":7}', '{"type":"unheard-of","__proto__":{"x":1}}'];

/** Every kind of fault, by its name. */
export const FAULTS: Readonly<Record<string, Fault>> = {
  ...onLeg('caller', CALLER_GONE),
  ...onLeg('agent', AGENT_GONE),
  'agent killed 1006': killed(1006),
  'agent killed 1008': killed(1008),
  'agent killed 1011': killed(1011),
  'agent killed 1012': killed(1012),
  'agent ends': {
    endings: ['agentEnded'],
    strikes: ({ agent }) => agent?.call.end('assistant-ended-call'),
  },
  'agent talks nonsense': {
    endings: [],
    strikes({ agent }) {
      for (const text of AGENT_NONSENSE) agent?.call.sendText(text);
    },
  },
  'agent is interrupted': {
    endings: [],
    strikes({ agent, after }) {
      for (let n = 0; n < 3; n += 1)
        after(n * 700, () => agent?.line.sendMessage({ type: 'user-interrupted' }));
    },
  },
  'create 429 once': refused((n) => (n === 0 ? { status: 429 } : undefined)),
  'create 500': refused(() => ({ status: 500 })),
  'create 503 once': refused((n) => (n === 0 ? { status: 503 } : undefined)),
  'create slow': { endings: [], refuses: () => ({ delayMs: 3_000 }) },
  'create never answered': refused((n) => (n === 0 ? 'never' : undefined)),
  'caller hangs up': { endings: [], strikes: ({ phone }) => phone.hangUp() },
  'caller breaks off': { endings: CALLER_GONE, strikes: ({ phone }) => phone.breakLine() },
  'caller presses 200 keys': { endings: [], strikes: ({ phone }) => phone.press('0123456789'.repeat(20)) },
  'caller talks nonsense': {
    endings: [],
    strikes({ phone }) {
      for (const text of NONSENSE) phone.sendText(text);
    },
  },
};

/** Vapi that refuses many calls at once is not asked for a while: refusals are to keep this distance. */
export const REFUSALS_EVERY_MS = 20_000;

/** Whether `ending` follows from the fault, or from there being none. */
export function follows(fault: string | undefined, ending: SoakEnding): boolean {
  if (ending === 'callerHungUp') return true;
  return fault !== undefined && (FAULTS[fault]?.endings.includes(ending) ?? false);
}
