import type { Calls } from '../call/calls.ts';
import type { Call } from '../call/open-call.ts';
import { isOver, type StreamStatus, type VoiceWebhook } from '../wire/status-callbacks.ts';
import { createShortMemory } from './short-memory.ts';

/** What Twilio is told to do with a phone call. */
export type NextStep =
  /** To open its stream of this number, counted from 1. */
  | { do: 'connect'; stream: number }
  /** To go on without an agent; `busy`: because there is no room for another call. */
  | { do: 'handOn'; busy: boolean }
  | { do: 'hangUp' };

/**
 * Phone calls at Twilio. One has a stream, and another where that breaks while the caller is on the line; each stream is
 * a call of ours.
 */
export interface PhoneCalls {
  /** Twilio asks what to do with a phone call that has come in; again, when an answer was lost on the way. */
  ring(asked: VoiceWebhook): NextStep;
  /** Twilio asks what to do after the stream of this number; again, as above. */
  streamOver(asked: VoiceWebhook, stream: number): NextStep;
  /** Twilio reports that a stream has failed. */
  streamFailed(told: StreamStatus): void;
}

export interface PhoneCallsOptions {
  calls: Calls;
  /** Whether the server takes no new phone calls any more. */
  draining(): boolean;
  /** Whether it has enough to do with those that it has. */
  strained(): boolean;
}

/** The first stream of a phone call, and two in the place of broken ones: a line that breaks for ever comes to an end. */
const MOST_STREAMS = 3;

/** Phone calls that are remembered beyond their streams. */
const KEPT_CALL_SIDS = 10_000;

/** Endings after which nobody is left to speak to, or nothing is left to say. */
const NOTHING_TO_SAY = new Set(['agentEnded', 'timeToLive', 'hungUp', 'drained', 'callerHungUp']);

const isAwaited = (call: Call) => call.outcome === null && call.streamSid === null;

/**
 * Makes the register of phone calls. Signatures stay valid for ever: an old request that was overheard must neither call
 * an agent once more nor harm a stream that came later, so that each stream has a number and what follows it is asked by
 * that.
 */
export function createPhoneCalls({ calls, draining, strained }: PhoneCallsOptions): PhoneCalls {
  /** How many streams each phone call was given. */
  const streams = createShortMemory<number>(KEPT_CALL_SIDS);

  function afterwards(call: Call | undefined): NextStep {
    const reason = call?.outcome?.reason;
    return reason !== undefined && NOTHING_TO_SAY.has(reason)
      ? { do: 'hangUp' }
      : { do: 'handOn', busy: false };
  }

  /** Another stream takes the place of one that broke, and its agent is told what was said. */
  function connectAgain({ callSid, from, to }: VoiceWebhook, broken: Call, stream: number): NextStep {
    const continues = broken.handover();
    const call = calls.open({ callSid, callerNumber: from, calledNumber: to, continues, stream });
    if (!call) return { do: 'handOn', busy: false };
    streams.set(callSid, stream);
    return { do: 'connect', stream };
  }

  return {
    ring(asked) {
      const { callSid, from, to } = asked;
      const known = calls.find(callSid);
      const given = streams.get(callSid);
      if (given === 1 && known && isAwaited(known)) return { do: 'connect', stream: 1 };
      if (known || given !== undefined) return afterwards(known);
      if (draining()) return { do: 'handOn', busy: false };
      const call = strained() ? undefined : calls.open({ callSid, callerNumber: from, calledNumber: to });
      if (!call) return { do: 'handOn', busy: true };
      streams.set(callSid, 1);
      return { do: 'connect', stream: 1 };
    },

    streamOver(asked, stream) {
      const { callSid, callStatus } = asked;
      if (isOver(callStatus)) return { do: 'hangUp' };
      const call = calls.find(callSid);
      const given = streams.get(callSid);
      if (!call || given === undefined) return afterwards(call);
      if (stream < given) return isAwaited(call) ? { do: 'connect', stream: given } : afterwards(call);
      // Twilio may know of a broken line half a minute before our socket does.
      if (call.outcome === null)
        call.tell({ type: 'stream.failed', words: 'Twilio asks what follows the stream: it is over.' });
      const broke = call.outcome?.reason === 'callerLost' && call.streamSid !== null;
      return broke && given < MOST_STREAMS ? connectAgain(asked, call, given + 1) : afterwards(call);
    },

    streamFailed({ callSid, streamSid, error }) {
      const ofCall = calls.list().filter((call) => call.callSid === callSid);
      // A stream that never came is known to nobody by its id; what is told late of an old one is not for the newest.
      const failed = ofCall.find((call) => call.streamSid === streamSid) ?? ofCall.find(isAwaited);
      failed?.tell({
        type: 'stream.failed',
        words: `Twilio reports a failure of the stream${error ? `: ${error}` : ''}.`,
      });
    },
  };
}
