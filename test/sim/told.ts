import type { AgentAct, AgentArrival, CallerAct, Story } from '../../src/inspector/story.ts';
import type { CreateAnswer } from '../../src/simulation/vapi-answers.ts';
import { FAULTS, type Fault, type WorldOptions, type WorldPlan } from './plan.ts';

/** What is told of a call, beside its faults: the rest of what its outside does. All times in ms since the ring. */
export interface Told {
  /** When Twilio's stream starts; `null`: it never does. */
  connectsAt: number | null;
  /** When the caller can be heard. */
  spoken: readonly { at: number; forMs: number }[];
  arrival: AgentArrival;
  /** What Vapi answers to the request for a call. */
  answer: CreateAnswer;
  agent: readonly AgentAct[];
}

/** A message of a told world is under way so long, in ms, and a mark's echo no longer. */
export const TOLD_LATENCY_MS = 2;

const USUAL: WorldOptions = {
  dialect: 'transport',
  format: 'mulaw',
  bargeIn: 'reversible',
  framesPerSend: 1,
  prerollFrames: 20,
  connectFrames: 500,
  sessionTtlMs: 1_500_000,
  heartbeatIntervalMs: 10_000,
  latencyMs: TOLD_LATENCY_MS,
  jitterMs: 0,
  markEchoMs: 0,
};

/** Vapi answers the request for a call when nobody waits for that any more. */
const NO_ANSWER: Fault = { at: 0, target: 0, kind: 'create.ambiguous', args: { ms: 30_000 } };

/** An answer of Vapi's for each thing that can come of asking for a call. */
const ANSWERS: Readonly<Record<string, CreateAnswer>> = {
  created: 'created',
  keyRefused: 'invalid-key',
  unpaid: 'payment-required',
  blocked: 'blocked',
  outOfSlots: 'concurrency-blocked',
  rateLimited: 'rate-limited',
  rejected: 'bad-request',
  broken: 'server-error',
  noSocketUrl: 'created-without-url',
};

/** The world in which a story is replayed: one call, whose settings, acts and times are the story's. */
export function planOf({ settings, caller, arrival, agent, operator }: Story): WorldPlan {
  const { answer, socket } = arrival;
  const standing: Fault['kind'][] = [];
  if (answer?.as === 'unreachable') standing.push('create.unreachable');
  if (socket?.does === 'is refused') standing.push('dial.refused');
  if (socket?.does === 'is not answered') standing.push('dial.silent');
  const connects = caller.find(({ does }) => does === 'connects');

  return {
    seed: 1,
    calls: 1,
    options: { ...USUAL, ...(settings as Partial<WorldOptions>) },
    faults: [
      ...standing.map((kind) => ({ at: 0, target: 0, kind, args: {} })),
      ...(answer === null && settings.dialect !== 'direct' ? [NO_ANSWER] : []),
      ...caller.flatMap((act) => faultsOf(act)),
      ...agent.filter(({ does }) => does === 'goes deaf').map(({ at }) => fault(at, 'vapi.deaf')),
      ...operator.map(({ at }) => fault(at, 'operator.hangsUp')),
    ],
    told: {
      connectsAt: connects?.at ?? null,
      spoken: caller.filter((act) => act.does === 'speaks'),
      arrival,
      answer: ANSWERS[answer?.as ?? 'created'] ?? 'bad-request',
      agent,
    },
  };
}

function fault(at: number, kind: Fault['kind'], args: Fault['args'] = {}): Fault {
  return { at: Math.max(1, at - TOLD_LATENCY_MS), target: 0, kind, args };
}

function faultsOf(act: CallerAct): Fault[] {
  switch (act.does) {
    case 'presses a key':
      return [fault(act.at, 'caller.presses', { as: FAULTS['caller.presses'].as[0] })];
    case 'is not heard':
      return [fault(act.at, 'caller.mutes', { ms: act.forMs })];
    case 'hangs up':
      return [fault(act.at, 'caller.hangsUp')];
    case 'is cut off':
      return [fault(act.at, 'twilio.cut')];
    case 'goes deaf':
      return [fault(act.at, 'twilio.deaf')];
    case 'is reported over':
      return [fault(act.at, 'status.completed', { as: 'once' })];
    case 'has its stream fail':
      return [fault(act.at, 'status.streamError')];
    default:
      return [];
  }
}
