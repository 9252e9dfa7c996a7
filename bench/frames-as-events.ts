/**
 * What stands in for parts of the bridge in the server that is measured with every frame told as an event: from the
 * socket's actor to the call's machine, and from there to the machine of the buffer, which hands it to the same audio
 * path as ever. The machines are the bridge's own, with these two events added. Everything in doubt is decided in its
 * favour: the way is the shortest through the call, frames are not told on the way out, and nobody inspects them.
 */
import {
  type AnyActorRef,
  type AnyStateMachine,
  type CallbackActorLogic,
  type EventObject,
  fromPromise,
  type InspectionEvent,
  StateMachine,
  sendTo,
} from 'xstate';
import { callMachine } from '../machines/call.ts';
import { jitterBufferMachine } from '../machines/jitter-buffer.ts';
import { twilioSocketMachine } from '../machines/twilio-socket.ts';
import { vapiSocketMachine } from '../machines/vapi-socket.ts';
import {
  type AgentLine,
  type AgentLineOptions,
  createAgentLine as createLine,
} from '../src/agent/agent-line.ts';
import { createVapiActors } from '../src/agent/vapi-link.ts';
import type { CallLogic } from '../src/call/call-logic.ts';
import type { CallParts } from '../src/call/call-parts.ts';
import { createPipe } from '../src/call/pipes.ts';
import { createWatch as createWholeWatch, type Watch, type WatchOptions } from '../src/inspector/watch.ts';
import {
  type CallerLine,
  type CallerLineOptions,
  createCallerLine as createOtherLine,
} from '../src/telephony/caller-line.ts';
import { createTwilioLink } from '../src/telephony/twilio-link.ts';

type Frame =
  | { type: 'frame.heard'; mulaw: Buffer; timestampMs: number | undefined }
  | { type: 'frame.spoken'; bytes: Buffer };

/** The two ends of the way of a line's frames. */
interface Way {
  call: AnyActorRef | undefined;
  arrive(frame: Frame): void;
}

const ways = new WeakMap<CallerLine | AgentLine, Way>();

export function createCallerLine(options: CallerLineOptions): CallerLine {
  const way: Way = {
    call: undefined,
    arrive(frame) {
      if (frame.type === 'frame.heard') options.heard(frame.mulaw, frame.timestampMs);
    },
  };
  const line = createOtherLine({
    ...options,
    heard: (mulaw, timestampMs) => way.call?.send({ type: 'frame.heard', mulaw, timestampMs }),
  });
  ways.set(line, way);
  return line;
}

export function createAgentLine(options: AgentLineOptions): AgentLine {
  const way: Way = {
    call: undefined,
    arrive(frame) {
      if (frame.type === 'frame.spoken') options.spoke(frame.bytes);
    },
  };
  const line = createLine({ ...options, spoke: (bytes) => way.call?.send({ type: 'frame.spoken', bytes }) });
  ways.set(line, way);
  return line;
}

export function createCallLogic(partsOf: (callId: string) => CallParts): CallLogic {
  const twilioLink = createTwilioLink((callId) => partsOf(callId).callerLine);
  const vapiActors = createVapiActors((callId) => partsOf(callId).agentLine);
  const buffer = withEvents(
    jitterBufferMachine.provide({ actors: { pipe: createPipe(partsOf) } }),
    ['frame.heard', 'frame.spoken'],
    ({ context, event }: { context: { callId: string }; event: Frame }) => {
      const { callerLine, agentLine } = partsOf(context.callId);
      ways.get(event.type === 'frame.heard' ? callerLine : agentLine)?.arrive(event);
    },
  );
  const call = withEvents(
    withEvents(
      callMachine,
      ['frame.heard'],
      sendTo('callerBuffer', ({ event }) => event),
    ),
    ['frame.spoken'],
    sendTo('agentBuffer', ({ event }) => event),
  );
  return call.provide({
    actors: {
      twilioSocket: twilioSocketMachine.provide({
        actors: { twilioLink: knowingTheCall(twilioLink, (callId) => partsOf(callId).callerLine) },
      }),
      vapiSocket: vapiSocketMachine.provide({
        actors: {
          ...vapiActors,
          vapiLink: knowingTheCall(vapiActors.vapiLink, (callId) => partsOf(callId).agentLine),
        },
      }),
      jitterBuffer: buffer,
      hangUp: fromPromise<void, { callId: string }>(({ input }) => partsOf(input.callId).hangUp()),
    },
  });
}

export function createWatch(options: WatchOptions): Watch {
  const watch = createWholeWatch(options);
  return {
    ...watch,
    opened(call) {
      const inspect = watch.opened(call);
      return (event: InspectionEvent) => {
        if (!('event' in event) || !event.event.type.startsWith('frame.')) inspect(event);
      };
    },
  };
}

/** `machine`, which does this on those events in whatever state it is. */
function withEvents<Machine extends AnyStateMachine>(
  machine: Machine,
  types: readonly Frame['type'][],
  actions: unknown,
): Machine {
  const { config, implementations } = machine;
  const on = { ...config.on, ...Object.fromEntries(types.map((type) => [type, { actions }])) };
  return new StateMachine({ ...config, on }, implementations) as unknown as Machine;
}

/** A link that, when it starts, tells its line which call it is a grandchild of. */
function knowingTheCall<Order extends EventObject>(
  logic: CallbackActorLogic<Order, { callId: string }>,
  lineOf: (callId: string) => CallerLine | AgentLine,
): CallbackActorLogic<Order, { callId: string }> {
  return {
    ...logic,
    start(state, scope) {
      const way = ways.get(lineOf(state.input.callId));
      if (way) way.call = scope.self._parent?._parent;
      logic.start?.(state, scope);
    },
  };
}
