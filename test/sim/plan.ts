import type { BargeInPolicy } from '../../machines/call-facts.ts';
import type { AudioFormat } from '../../src/audio/agent-format.ts';
import { createRandom, type Random } from './random.ts';
import type { Told } from './told.ts';

/** One thing that goes wrong, or otherwise than usual: when (ms after the call rang), for which call of the world, what. */
export interface Fault {
  at: number;
  target: number;
  kind: FaultKind;
  args: { ms?: number; as?: string };
}

/** What each kind of fault may be drawn with: up to so many ms, or one of these ways. */
interface Recipe {
  /** It is there from the ring on: `at` is 0. */
  standing?: true;
  ms?: readonly [least: number, most: number];
  as?: readonly [string, ...string[]];
}

export const FAULTS = {
  'create.slow': { standing: true, ms: [500, 6_800] },
  'create.ambiguous': { standing: true, ms: [8_100, 12_000] },
  'create.answered': {
    standing: true,
    as: [
      'created-without-url',
      'concurrency-blocked',
      'bad-request',
      'bad-request-list',
      'invalid-key',
      'payment-required',
      'blocked',
      'rate-limited',
      'server-error',
      'bad-gateway',
    ],
  },
  'create.unreachable': { standing: true },
  'dial.refused': { standing: true },
  'dial.silent': { standing: true },
  'end.unreachable': { standing: true },
  'stream.late': { standing: true, ms: [1_500, 12_000] },
  'stream.never': { standing: true },
  'marks.delayed': { standing: true, ms: [100, 900] },
  'marks.lost': { standing: true },
  'hangUp.refused': { standing: true },
  'hangUp.silent': { standing: true },
  'twilio.stalled': { ms: [50, 1_400] },
  'twilio.deaf': {},
  'twilio.cut': {},
  'vapi.stalled': { ms: [50, 1_400] },
  'vapi.deaf': {},
  'vapi.cut': {},
  'vapi.pushesBack': { ms: [100, 3_000] },
  'caller.hangsUp': {},
  'caller.mutes': { ms: [100, 4_000] },
  'caller.presses': { as: ['1', '5', '#'] },
  'agent.ends': { as: ['said', 'unsaid', 'no-code', 'cut', 'failed'] },
  'agent.interrupts': {},
  'agent.transcribesLate': { as: ['partial', 'final'] },
  'agent.babbles': {},
  'operator.hangsUp': {},
  'status.completed': { as: ['once', 'twice'] },
  'status.streamError': {},
  'stranger.knocks': { as: ['sameTicket', 'wrongNonce', 'otherCall', 'silent', 'forged'] },
  'webhook.again': {},
} as const satisfies Record<string, Recipe>;

export type FaultKind = keyof typeof FAULTS;

export const FAULT_KINDS = Object.keys(FAULTS) as [FaultKind, ...FaultKind[]];

/** What holds for all calls of one world. */
export interface WorldOptions {
  dialect: 'transport' | 'direct';
  format: AudioFormat;
  bargeIn: BargeInPolicy;
  framesPerSend: number;
  prerollFrames: number;
  connectFrames: number;
  sessionTtlMs: number;
  heartbeatIntervalMs: number;
  /** A message travels at least so long, and up to `jitterMs` longer; none overtakes another. */
  latencyMs: number;
  jitterMs: number;
  markEchoMs: number;
}

/** All that a run of a world depends on. */
export interface WorldPlan {
  seed: number;
  calls: number;
  options: WorldOptions;
  faults: Fault[];
  /** What happens in the one call of this world, where nothing of it is left to chance. */
  told?: Told;
}

/** The longest that a call is told after its ring before a fault may no longer begin. */
export const LATEST_FAULT_MS = 14_000;

/** Draws the recipe of a fault of this kind. */
export function drawFault(random: Random, kind: FaultKind, target: number): Fault {
  const { standing, ms, as }: Recipe = FAULTS[kind];
  return {
    at: standing ? 0 : random.int(0, LATEST_FAULT_MS),
    target,
    kind,
    args: { ...(ms && { ms: random.int(...ms) }), ...(as && { as: random.pick(as) }) },
  };
}

export function drawOptions(random: Random): WorldOptions {
  return {
    dialect: random.chance(0.7) ? 'transport' : 'direct',
    format: random.chance(0.95) ? 'mulaw' : 'pcm_s16le',
    bargeIn: random.pick(['reversible', 'confirmed', 'transcript']),
    framesPerSend: random.chance(0.7) ? 1 : 20,
    prerollFrames: random.pick([20, 20, 1, 30]),
    connectFrames: random.pick([500, 500, 60]),
    sessionTtlMs: random.chance(0.15) ? random.int(2_000, 20_000) : 1_500_000,
    heartbeatIntervalMs: random.pick([10_000, 3_000]),
    latencyMs: random.int(1, 60),
    jitterMs: random.pick([0, 10, 40]),
    markEchoMs: random.chance(0.2) ? random.int(300, 900) : random.int(0, 120),
  };
}

/**
 * Draws a world. Each has its own few kinds of faults, so that no kind hides the others, and one world in five has
 * none at all.
 */
export function drawPlan(seed: number, calls: number): WorldPlan {
  const random = createRandom(seed);
  const options = drawOptions(random);
  const kinds = FAULT_KINDS.filter(() => random.chance(0.25));
  const faults: Fault[] = [];
  const [first, ...others] = random.chance(0.2) ? [] : kinds;
  if (first) {
    for (let target = 0; target < calls; target += 1) {
      for (let count = random.int(0, 3); count > 0; count -= 1) {
        faults.push(drawFault(random, random.pick([first, ...others]), target));
      }
    }
  }
  return { seed, calls, options, faults };
}
