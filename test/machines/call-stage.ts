import { createActor, fromPromise, setup } from 'xstate';
import { callMachine } from '../../machines/call.ts';
import type { BargeInPolicy, CallEvent, CallInput } from '../../machines/call-facts.ts';
import { stateName } from '../../src/call/state-name.ts';
import { createVirtualClock } from '../support/virtual-clock.ts';

const TIMEOUTS: CallInput['timeouts'] = {
  sessionTtlMs: 1_500_000,
  callerTimeoutMs: 30_000,
  agentTimeoutMs: 13_000,
  reassureTimeoutMs: 1_500,
  warningMs: 30_000,
  drainTimeoutMs: 2_000,
  hangUpTimeoutMs: 3_000,
  bargeInTimeoutMs: 5_000,
  verdictTimeoutMs: 1_500,
  briefSilenceTimeoutMs: 500,
  silenceTimeoutMs: 1_200,
  pauseTimeoutMs: 5_000,
};

/** What a child tells when nothing is left of it. */
export const TWILIO_CLOSED = {
  type: 'xstate.done.actor.twilioSocket',
  actorId: 'twilioSocket',
  output: undefined,
} as const;
export const VAPI_CLOSED = {
  type: 'xstate.done.actor.vapiSocket',
  actorId: 'vapiSocket',
  output: undefined,
} as const;

export interface Play {
  bargeIn?: BargeInPolicy;
  verdicts?: boolean;
  atOnce?: boolean;
  tellsHeard?: boolean;
  protectsGreeting?: boolean;
  takesOrders?: boolean;
  continues?: boolean;
  replacedBefore?: number;
}

/** A call whose children are played by the test: what each is ordered is written down by its name. */
export function stage({
  bargeIn = 'transcript',
  verdicts = true,
  atOnce = true,
  tellsHeard = false,
  protectsGreeting = false,
  takesOrders = true,
  continues = false,
  replacedBefore = 0,
}: Play = {}) {
  const clock = createVirtualClock();
  const orders: string[] = [];
  let hungUp: (() => void) | undefined;
  // Children are machines in the chart; a machine without states that writes down its orders stands in for each.
  const child = (name: string) =>
    setup({}).createMachine({
      on: {
        '*': {
          actions: ({ event }) => {
            const { type, refuse } = event as { type: string; refuse?: boolean };
            orders.push(`${name} ${type}${refuse ? ' refusing' : ''}`);
          },
        },
      },
    });
  const jitterBuffer = setup({ types: { input: {} as { direction: string } } }).createMachine({
    context: ({ input }) => ({ direction: input.direction }),
    on: {
      '*': {
        actions: ({ context, event }) => {
          const { type, refuse } = event as { type: string; refuse?: boolean };
          orders.push(`${(context as { direction: string }).direction} ${type}${refuse ? ' refusing' : ''}`);
        },
      },
    },
  });
  const machine = callMachine.provide({
    actors: {
      twilioSocket: child('twilio') as never,
      vapiSocket: child('vapi') as never,
      jitterBuffer: jitterBuffer as never,
      hangUp: fromPromise(
        () =>
          new Promise<void>((resolve) => {
            orders.push('hangUp');
            hungUp = resolve;
          }),
      ),
    },
  });
  const actor = createActor(machine, {
    clock,
    input: {
      callId: 'c1',
      callSid: atOnce ? 'CA1' : null,
      summonsAgentAtOnce: atOnce,
      bargeIn,
      agentGivesVerdicts: verdicts,
      agentTakesOrders: takesOrders,
      tellsHeard,
      protectsGreeting,
      continues,
      replacedBefore,
      timeouts: TIMEOUTS,
      twilioSocket: {
        expectsAnother: atOnce,
        startTimeoutMs: 1,
        heartbeatIntervalMs: 1,
        pongTimeoutMs: 1,
        examineTimeoutMs: 1,
        closeTimeoutMs: 1,
      },
      vapiSocket: {
        creates: true,
        createTimeoutMs: 1,
        retryIntervalMs: 1,
        openTimeoutMs: 1,
        muteTimeoutMs: 1,
        backOffMs: 1,
        heartbeatIntervalMs: 1,
        pongTimeoutMs: 1,
        closeTimeoutMs: 1,
        endTimeoutMs: 1,
      },
      callerBuffer: { fillTimeoutMs: 1, refuseTimeoutMs: 1 },
      agentBuffer: { fillTimeoutMs: 1, refuseTimeoutMs: 1 },
    },
  });
  actor.start();

  const tell = (...events: CallEvent[]) => {
    for (const event of events) actor.send(event);
  };
  const at = () => clock.now();
  const say = {
    started: () => tell({ type: 'twilio.started', at: at(), streamSid: 'MZ1', callSid: 'CA1' }),
    opened: () => tell({ type: 'vapi.opened', at: at() }),
    forwarded: () => tell({ type: 'caller.forwarded', at: at(), frames: 20, ms: 400 }),
    began: () => tell({ type: 'agent.began', at: at(), receivedAt: at(), lastForwardedAt: at() }),
    finished: () => tell({ type: 'agent.finished', at: at() }),
    flushed: (flushedMs = 840, heardMs = 300) =>
      tell({ type: 'agent.flushed', at: at(), chunks: flushedMs / 20, flushedMs, heardMs }),
    words: (final = false, acknowledgement = false, interruption = false) =>
      tell({ type: 'vapi.transcribed', at: at(), final, acknowledgement, interruption }),
    interrupted: () => tell({ type: 'vapi.interrupted', at: at() }),
    callerStarted: () => tell({ type: 'vapi.callerStarted', at: at() }),
    callerStopped: () => tell({ type: 'vapi.callerStopped', at: at() }),
  };

  return {
    clock,
    tell,
    say,
    state: () => stateName(actor.getSnapshot().value),
    whole: () => actor.getSnapshot().value,
    context: () => actor.getSnapshot().context,
    figures: () => actor.getSnapshot().context.figures,
    ending: () => actor.getSnapshot().context.ending,
    status: () => actor.getSnapshot().status,
    output: () => actor.getSnapshot().output,
    take: () => orders.splice(0),
    async hangUpDone() {
      hungUp?.();
      await clock.settle();
    },
    stream() {
      say.started();
      say.opened();
      say.forwarded();
    },
    speak() {
      say.started();
      say.opened();
      say.forwarded();
      clock.advance(1_000);
      say.began();
      orders.length = 0;
    },
    /** After an interruption: the caller is done, and the agent answers. */
    speakAgain() {
      say.callerStopped();
      clock.advance(1_000);
      say.began();
      orders.length = 0;
    },
  };
}
