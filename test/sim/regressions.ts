import type { Fault, WorldOptions, WorldPlan } from './plan.ts';

const USUAL: WorldOptions = {
  dialect: 'transport',
  format: 'mulaw',
  bargeIn: 'reversible',
  framesPerSend: 1,
  prerollFrames: 20,
  connectFrames: 500,
  sessionTtlMs: 1_500_000,
  heartbeatIntervalMs: 10_000,
  latencyMs: 30,
  jitterMs: 0,
  markEchoMs: 20,
};

function alone(
  seed: number,
  faults: Omit<Fault, 'target'>[],
  options: Partial<WorldOptions> = {},
): WorldPlan {
  return {
    seed,
    calls: 1,
    options: { ...USUAL, ...options },
    faults: faults.map((fault) => ({ ...fault, target: 0 })),
  };
}

/** Worlds in which the bridge once broke an invariant, by the promise that it keeps there now. */
export const REGRESSIONS: readonly { title: string; plan: WorldPlan }[] = [
  {
    title: 'closes a call whose end Twilio reports while the agent is still being created',
    plan: alone(3, [
      { at: 0, kind: 'create.ambiguous', args: { ms: 10_000 } },
      { at: 3_000, kind: 'caller.hangsUp', args: {} },
    ]),
  },
  {
    title: 'ends the call at Vapi over HTTP where the goodbye on its socket may not have arrived',
    plan: alone(5, [
      { at: 2_500, kind: 'vapi.deaf', args: {} },
      { at: 4_000, kind: 'caller.hangsUp', args: {} },
    ]),
  },
];
