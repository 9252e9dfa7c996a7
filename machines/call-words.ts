/**
 * The words in which the call's chart is told: what it does, what can be true of it, and what it waits for. `call.ts`
 * tells the story.
 */
import { assign, cancel, enqueueActions, fromPromise, raise, sendTo, setup } from 'xstate';
import {
  type BargeInCause,
  CALL_IS_OVER,
  type CallContext,
  type CallEvent,
  type CallInput,
  type CallOutput,
  type Ending,
  MOST_REPLACEMENTS,
  REPLACEABLE,
} from './call-facts.ts';
import {
  type At,
  agentBegan,
  agentSilent,
  bridged,
  callerStarted,
  callerStopped,
  flushed,
  hushed,
  interrupted,
  judged,
  nothingLeft,
  paused,
  repeated,
  replaced,
  resumed,
  type Said,
  transcribed,
  voiced,
  wasHeard,
} from './call-figures.ts';
import { type BufferOrder, jitterBufferMachine } from './jitter-buffer.ts';
import type { Meta } from './requirements.ts';
import { twilioSocketMachine } from './twilio-socket.ts';
import { type AgentLoss, type Conveyed, vapiSocketMachine } from './vapi-socket.ts';

/** As much as a session's time can be extended by, in ms: Vapi is asked for a call that long. */
export const MOST_EXTENSION_MS = 30 * 60_000;

/** A verdict is awaited half as long again as the slowest of late, and never less than this, in ms. */
const VERDICT_PATIENCE = 1.5;
const LEAST_VERDICT_MS = 500;

/** The ids of the timers that count the session's time. */
const SESSION = 'sessionTtl';
const WARNING = 'sessionWarning';
/** The id of the timer after which a caller who hears nothing is told to wait. */
const WAITING = 'reassure';

export const callWords = setup({
  types: {
    context: {} as CallContext,
    input: {} as CallInput,
    output: {} as CallOutput,
    events: {} as CallEvent,
    meta: {} as Meta,
    children: {} as {
      twilioSocket: 'twilioSocket';
      vapiSocket: 'vapiSocket';
      callerBuffer: 'jitterBuffer';
      agentBuffer: 'jitterBuffer';
      hangUp: 'hangUp';
    },
  },
  actors: {
    twilioSocket: twilioSocketMachine,
    vapiSocket: vapiSocketMachine,
    jitterBuffer: jitterBufferMachine,
    hangUp: fromPromise<void, { callId: string }>(() => Promise.resolve()),
  },
  actions: {
    summonAgent: sendTo('vapiSocket', { type: 'socket.open' }),
    releaseAgent: sendTo('vapiSocket', { type: 'socket.close' }),
    releaseCaller: sendTo('twilioSocket', { type: 'socket.close' }),
    openCallerBuffer: sendTo('callerBuffer', { type: 'buffer.open' }),
    openAgentBuffer: sendTo('agentBuffer', { type: 'buffer.open' }),
    holdCallerBuffer: sendTo('callerBuffer', { type: 'buffer.hold' }),
    finishCallerBuffer: sendTo('callerBuffer', { type: 'buffer.finish' }),
    orderAgentBuffer: sendTo('agentBuffer', (_, order: BufferOrder) => order),
    convey: sendTo('vapiSocket', (_, message: Conveyed) => ({ type: 'socket.convey', message })),
    tellHeard: enqueueActions(({ context, enqueue }, { heardMs: heardNowMs }: { heardMs: number }) => {
      const last = context.figures.bargeIns.at(-1);
      const paused = last?.outcome === 'paused';
      const heardMs = paused ? last.heardMs : heardNowMs;
      if (!context.tellsHeard || heardMs === 0 || !(paused || wasHeard(context))) return;
      enqueue.sendTo('vapiSocket', { type: 'socket.convey', message: { kind: 'heard', heardMs } });
    }),

    countSession: raise({ type: 'session.expired' }, { id: SESSION, delay: 'sessionTtl' }),
    stopSession: cancel(SESSION),
    countWarning: raise({ type: 'session.ending' }, { id: WARNING, delay: 'sessionWarning' }),
    stopWarning: cancel(WARNING),
    countWaiting: raise({ type: 'caller.waited' }, { id: WAITING, delay: 'reassureTimeout' }),
    noteExtension: assign(({ context }, { at, ms }: { at: number; ms: number }) => ({
      countedAt: at,
      extendedMs: context.extendedMs + ms,
    })),

    noteStart: assign((_, started: { at: number; streamSid: string; callSid: string }) => ({
      startedAt: started.at,
      quietSince: started.at,
      streamSid: started.streamSid,
      callSid: started.callSid,
    })),
    noteAgentReady: assign(({ context }, { at }: At) => ({
      agentIsHere: true,
      figures: { ...context.figures, agentReadyMs: context.figures.agentReadyMs ?? at },
    })),
    noteReplacement: assign(({ context }) => replaced(context)),
    noteBridged: assign(({ context }, { at }: At) => bridged(context, at)),
    notePreroll: assign(({ context }, { ms }: { ms: number }) => ({
      figures: { ...context.figures, prerollMs: context.figures.prerollMs ?? ms },
    })),
    noteCallerStarted: assign(({ context }, { at }: At) => callerStarted(context, at)),
    noteCallerStopped: assign(({ context }, { at }: At) => callerStopped(context, at)),
    noteSaid: assign(({ context }, said: Said) => transcribed(context, said)),
    /** The end of an old sentence, or no words of the caller that count. */
    noteWords: assign((_, { final }: { final: boolean }) => ({ utteranceOpen: !final })),
    noteVoiced: assign(({ context }, heard: At & { onsetAt: number }) => voiced(context, heard)),
    noteHushed: assign(({ context }, heard: At & { voicedUntil: number; voicedMs: number }) =>
      hushed(context, heard),
    ),
    noteInsistence: assign({ mustBeHeard: true }),
    noteAgentBusy: assign({ agentDone: false }),
    noteAgentDone: assign({ agentDone: true }),
    noteAgentBegan: assign(({ context }, said: At & { receivedAt: number; lastForwardedAt: number | null }) =>
      agentBegan(context, said),
    ),
    noteAgentSilent: assign(({ context }, { at }: At) => agentSilent(context, at)),
    noteBargeIn: assign(({ context }, noticed: At & { cause: BargeInCause; onsetAt?: number }) =>
      interrupted(context, noticed),
    ),
    notePaused: assign(({ context }, pause: At & { heardMs: number }) => paused(context, pause)),
    noteFlushed: assign(({ context }, flush: At & { flushedMs: number; heardMs: number }) =>
      flushed(context, flush),
    ),
    noteVerdict: assign(({ context }, { at }: At) => judged(context, at)),
    noteResumed: assign(({ context }, { at }: At) => resumed(context, at)),
    noteNothingLeft: assign(({ context }, { at }: At) => nothingLeft(context, at)),
    noteRepeated: assign(({ context }, { repeatedMs }: { repeatedMs: number }) =>
      repeated(context, repeatedMs),
    ),
    noteLastWords: assign((_, { leftMs }: { leftMs: number }) => ({ lastWordsMs: leftMs })),
    noteEnding: assign((_, ending: Ending) => ({ ending })),
  },
  guards: {
    summonsAtOnce: ({ context }) => context.summonsAgentAtOnce,
    prerollPending: ({ context }) => context.figures.prerollMs === null,
    isOver: ({ context }) => context.ending !== null && CALL_IS_OVER.has(context.ending.reason),
    agentTakesOrders: ({ context }) => context.agentTakesOrders && context.agentIsHere,
    bothAreHere: ({ context }) => context.startedAt !== null && context.agentIsHere,
    attemptsRemain: ({ context }, { cause }: { cause: AgentLoss }) =>
      REPLACEABLE.has(cause) &&
      context.figures.replacements < MOST_REPLACEMENTS[hadAgent(context) ? 'had' : 'neverHad'],
    /** Another agent was there before this one, and this one can be told of it. */
    goesOn: ({ context }) => context.agentTakesOrders && hadAgent(context),
    agentIsHeard: ({ context }) => context.agentSpokeAt !== null,
    nothingHeard: ({ context }) =>
      context.figures.firstResponseMs === null && context.agentSpokeAt === null && !context.agentIsHere,
    mayBeExtended: ({ context }, { ms }: { ms: number }) => context.extendedMs + ms <= MOST_EXTENSION_MS,
    mustBeHeard: ({ context }) => context.mustBeHeard,
    /** After a few false pauses only words pause the agent for a while. */
    heedsVoice: ({ context }, { at }: At) => context.bargeIn === 'reversible' && at >= context.heedsVoiceFrom,
    wordsDrop: ({ context }, said: Said) =>
      isNews(context, said) &&
      (context.bargeIn === 'transcript' ||
        (context.bargeIn === 'reversible' &&
          (said.interruption || (said.final && !said.acknowledgement && !awaitsVerdict(context))))),
    // Nothing follows a final transcript that could still decide.
    lastWordsContradict: ({ context }, said: Said) =>
      context.bargeIn === 'reversible' && isNews(context, said) && said.final && !said.acknowledgement,
    // Whoever has said no more than "mm-hm" has not interrupted.
    wordsPause: ({ context }, { final }: Said) => context.bargeIn === 'reversible' && !final,
    heedsKeys: ({ context }) => context.bargeIn !== 'confirmed',
    isDecisive: ({ context }, said: Said) => isDecisive(context, said),
    contradicts: ({ context }, said: Said) => !said.acknowledgement && !isDecisive(context, said),
    callerIsVoiced: ({ context }) => context.voicedAt !== null,
    /** An agent that gives verdicts would have given one: it has come to its end. */
    agentYields: ({ context }) => !context.agentGivesVerdicts && context.callerSpokeAt !== null,
    /** Both our ear and the agent's have heard the caller all the while. */
    callerKeepsTalking: ({ context }) => context.voicedAt !== null && context.callerSpokeAt !== null,
    isDone: (_, { final }: Said) => final,
  },
  delays: {
    sessionTtl: ({ context }) => context.timeouts.sessionTtlMs + context.extendedMs - context.countedAt,
    sessionWarning: ({ context: { timeouts, extendedMs, countedAt } }) =>
      Math.max(0, timeouts.sessionTtlMs + extendedMs - countedAt - timeouts.warningMs),
    callerTimeout: ({ context }) => context.timeouts.callerTimeoutMs,
    reassureTimeout: ({ context }) => context.timeouts.reassureTimeoutMs,
    agentTimeout: ({ context }) => context.timeouts.agentTimeoutMs,
    drainTimeout: ({ context }) => context.lastWordsMs + context.timeouts.drainTimeoutMs,
    hangUpTimeout: ({ context }) => context.timeouts.hangUpTimeoutMs,
    bargeInTimeout: ({ context }) => context.timeouts.bargeInTimeoutMs,
    verdictTimeout: ({ context: { verdictsMs, timeouts } }) =>
      verdictsMs.length === 0
        ? timeouts.verdictTimeoutMs
        : Math.min(
            timeouts.verdictTimeoutMs,
            Math.max(LEAST_VERDICT_MS, VERDICT_PATIENCE * Math.max(...verdictsMs)),
          ),
    silenceTimeout: ({ context: { acknowledged, spokeBriefly, silentMs, timeouts } }) => {
      if (acknowledged) return 0;
      const silenceMs = spokeBriefly ? timeouts.briefSilenceTimeoutMs : timeouts.silenceTimeoutMs;
      return Math.max(0, silenceMs - silentMs);
    },
    pauseTimeout: ({ context }) => context.timeouts.pauseTimeoutMs,
  },
});

/** Whether an agent was ever there, in this call or in the one that it goes on with. */
function hadAgent({ continues, figures }: CallContext) {
  return continues || figures.agentReadyMs !== null;
}

/** The final transcript of words that began before the agent spoke is no interruption of it. */
function isNews(context: CallContext, { final }: { final: boolean }) {
  return !final || !context.utteranceOpen;
}

/** Words that leave no doubt, or that nobody will judge. */
function isDecisive(context: CallContext, { acknowledgement, interruption }: Said) {
  return interruption || (!acknowledgement && !awaitsVerdict(context));
}

/** Whoever has come to the end does not take itself to be interrupted: what it says next is its answer. */
function awaitsVerdict({ agentGivesVerdicts, agentDone }: CallContext) {
  return agentGivesVerdicts && !agentDone;
}
