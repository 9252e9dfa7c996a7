import type { InspectionEvent } from 'xstate';
import type { Dialect } from '../agent/dialect.ts';
import type { Clock, RandomBytes } from '../ports.ts';
import { createCallLogic } from './call-logic.ts';
import type { CallOptions } from './call-options.ts';
import type { CallParts } from './call-parts.ts';
import { type Call, openCall } from './open-call.ts';

/** Ended calls that are remembered, to be looked at and to answer Twilio's last questions. */
const KEPT_CALLS = 100;

export interface NewCall {
  /** Unknown for a socket that came without a ticket. */
  callSid: string | null;
  callerNumber?: string | undefined;
  calledNumber?: string | undefined;
}

/** Whoever watches calls: logs, figures over all calls, the inspector. It is told and never asked. */
export interface CallWatch {
  opened(call: { callId: string; openedAt: number }): (event: InspectionEvent) => void;
  closed(call: Call): void;
  /** An ended call is no longer remembered. */
  forgotten(callId: string): void;
  failed(call: { callId: string; callSid: string | null }, error: unknown): void;
}

export interface CallsOptions {
  clock: Clock;
  randomBytes: RandomBytes;
  options: CallOptions;
  /** Calls at once; more are turned away. */
  maxCalls: number;
  dialectFor(call: NewCall): Dialect;
  /** Hangs up at Twilio; rejects with words when that could not be done. */
  hangUp(callSid: string): Promise<void>;
  watch: CallWatch;
}

/** The calls of this server: the living, and the last that ended. */
export interface Calls {
  /** Opens a call, or none when the house is full. Without a `callSid` the agent waits for the stream's start. */
  open(call: NewCall): Call | undefined;
  /** The newest call of this CallSid, alive or ended. */
  find(callSid: string): Call | undefined;
  /** Alive first, newest first. */
  list(): readonly Call[];
  /** Things that calls hold: all 0 when no call is alive. */
  readonly live: number;
  readonly held: number;
  readonly full: boolean;
  /** Ends every call that is alive. */
  hangUpAll(words: string): void;
}

/** Makes the register of calls. */
export function createCalls(around: CallsOptions): Calls {
  const { clock, randomBytes, options, maxCalls, watch } = around;
  const bench = new Map<string, CallParts>();
  const living = new Map<string, Call>();
  let ended: Call[] = [];

  const logic = createCallLogic((callId) => {
    const parts = bench.get(callId);
    if (!parts) throw new Error(`The parts of call ${callId} are gone.`);
    return parts;
  });

  function open(asked: NewCall): Call | undefined {
    if (living.size >= maxCalls) return undefined;
    const callId = randomBytes(8).toString('hex');
    const inspect = watch.opened({ callId, openedAt: clock.now() });
    const call = openCall(
      callId,
      {
        callSid: asked.callSid,
        dialect: around.dialectFor(asked),
        summonsAgentAtOnce: asked.callSid !== null,
        hangUp: () => (call.callSid === null ? Promise.resolve() : around.hangUp(call.callSid)),
      },
      {
        clock,
        options,
        logic,
        bench,
        inspect,
        closed() {
          living.delete(callId);
          ended = [call, ...ended];
          for (const { callId: oldest } of ended.splice(KEPT_CALLS)) watch.forgotten(oldest);
          watch.closed(call);
        },
        failed: (error) => watch.failed({ callId, callSid: asked.callSid }, error),
      },
    );
    living.set(callId, call);
    return call;
  }

  const list = () => [...[...living.values()].reverse(), ...ended];

  return {
    open,
    find: (callSid) => list().find((call) => call.callSid === callSid),
    list,
    get live() {
      return living.size;
    },
    get held() {
      return bench.size;
    },
    get full() {
      return living.size >= maxCalls;
    },
    hangUpAll(words) {
      for (const call of [...living.values()]) call.tell({ type: 'call.hangUp', reason: 'drained', words });
    },
  };
}
