import type { InspectionEvent } from 'xstate';
import type { Handover } from '../agent/conversation.ts';
import type { Dialect } from '../agent/dialect.ts';
import type { Clock, Overheard, RandomBytes } from '../ports.ts';
import { createCallLogic } from './call-logic.ts';
import type { CallOptions, InterruptionRules } from './call-options.ts';
import type { CallParts } from './call-parts.ts';
import { endedCall } from './ended-call.ts';
import { type Call, type Leg, openCall } from './open-call.ts';

/**
 * Ended calls that are remembered, to be looked at and to answer Twilio's last questions; as many as there is room for, if
 * that is more: should all end at once, Twilio asks what follows each.
 */
const KEPT_CALLS = 100;

export interface NewCall {
  /** Unknown for a socket that came without a ticket. */
  callSid: string | null;
  callerNumber?: string | undefined;
  calledNumber?: string | undefined;
  /** What was said before, in a call of the same phone call whose stream broke. Stays out of what is watched. */
  continues?: Handover | undefined;
  /** Which stream of the phone call this is, counted from 1; the first where left out. */
  stream?: number | undefined;
}

/** Whoever watches calls: logs, figures over all calls, the inspector. It is told and never asked. */
export interface CallWatch {
  opened(
    call: Omit<NewCall, 'continues'> & { callId: string; openedAt: number },
  ): (event: InspectionEvent) => void;
  /** What passes on a call's wires, and when sound was on them. Called a few times a second at most. */
  overheard?(callId: string, record: Overheard): void;
  /** How long an end of some call took to answer a ping, in ms: every second or two. */
  timed?(leg: Leg, rttMs: number): void;
  /** Whether somebody looks at this call now: only then are Twilio's marks told, too. */
  isWatched?(callId: string): boolean;
  /** Whether what is said may be overheard, too; it may not unless told. */
  readonly overhearsWords?: boolean;
  closed(call: Call): void;
  /** An ended call is no longer remembered. */
  forgotten(callId: string): void;
  failed(call: { callId: string; callSid: string | null }, error: unknown): void;
}

export interface CallsOptions {
  clock: Clock;
  randomBytes: RandomBytes;
  options: CallOptions;
  /** The rules of the number that was called, as far as it is known; those of `options` where left out. */
  rulesFor?(calledNumber: string | undefined): InterruptionRules;
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
  /** The call of this id of ours, alive or ended. */
  get(callId: string): Call | undefined;
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
  const { clock, randomBytes, maxCalls, watch } = around;
  const bench = new Map<string, CallParts>();
  const living = new Map<string, Call>();
  let ended: Call[] = [];
  const keptCalls = Math.max(KEPT_CALLS, maxCalls);

  const logic = createCallLogic((callId) => {
    const parts = bench.get(callId);
    if (!parts) throw new Error(`The parts of call ${callId} are gone.`);
    return parts;
  });

  /** A call that goes on with another takes its place, also while that one is still closing. */
  const takesPlace = ({ callSid, continues }: NewCall) =>
    continues !== undefined &&
    [...living.values()].some((call) => call.callSid === callSid && call.outcome !== null);

  function remember(call: Call): void {
    ended = [endedCall(call), ...ended];
    for (const { callId: oldest } of ended.splice(keptCalls)) watch.forgotten(oldest);
    watch.closed(call);
  }

  function open(asked: NewCall): Call | undefined {
    if (living.size >= maxCalls && !takesPlace(asked)) return undefined;
    const { continues, ...known } = asked;
    const callId = randomBytes(8).toString('hex');
    const openedAt = clock.now();
    const inspect = watch.opened({ ...known, callId, openedAt });
    let isOver = false;
    const call = openCall(
      callId,
      {
        callSid: asked.callSid,
        dialect: around.dialectFor(asked),
        summonsAgentAtOnce: asked.callSid !== null,
        continues,
        hangUp: () => (call.callSid === null ? Promise.resolve() : around.hangUp(call.callSid)),
      },
      {
        clock,
        options: { ...around.options, ...around.rulesFor?.(asked.calledNumber) },
        logic,
        bench,
        openedAt,
        inspect,
        overheard: watch.overheard && ((record) => watch.overheard?.(callId, record)),
        timed: watch.timed,
        isWatched: () => watch.isWatched?.(callId) ?? false,
        overhearsWords: watch.overhearsWords,
        closed() {
          isOver = true;
          // A mistake can end a call before it is there.
          if (living.delete(callId)) remember(call);
        },
        failed: (error) => watch.failed({ callId, callSid: asked.callSid }, error),
      },
    );
    if (isOver) remember(call);
    else living.set(callId, call);
    return call;
  }

  const list = () => [...[...living.values()].reverse(), ...ended];

  return {
    open,
    find: (callSid) => list().find((call) => call.callSid === callSid),
    get: (callId) => living.get(callId) ?? ended.find((call) => call.callId === callId),
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
