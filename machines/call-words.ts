/**
 * The words in which the call's chart is told: what it does, what can be true of it, and what it waits for. `call.ts`
 * tells the story.
 */
import { assign, fromPromise, sendTo, setup } from 'xstate';
import {
  type BargeIn,
  CALL_IS_OVER,
  type CallContext,
  type CallEvent,
  type CallInput,
  type CallOutput,
  type Ending,
} from './call-facts.ts';
import { type BufferOrder, jitterBufferMachine } from './jitter-buffer.ts';
import type { Meta } from './requirements.ts';
import { twilioSocketMachine } from './twilio-socket.ts';
import { vapiSocketMachine } from './vapi-socket.ts';

/** A sound shorter than this, in ms, may be no more than an "mm-hm". */
const BRIEF_SPEECH_MS = 400;

type At = { at: number };
type Words = { final: boolean; acknowledgement: boolean };

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
    finishCallerBuffer: sendTo('callerBuffer', { type: 'buffer.finish' }),
    orderAgentBuffer: sendTo('agentBuffer', (_, order: BufferOrder) => order),

    noteStart: assign((_, started: { at: number; streamSid: string; callSid: string }) => ({
      startedAt: started.at,
      streamSid: started.streamSid,
      callSid: started.callSid,
    })),
    noteAgentReady: assign(({ context }, { at }: At) => ({
      figures: { ...context.figures, agentReadyMs: at },
    })),
    notePreroll: assign(({ context }, { ms }: { ms: number }) => ({
      figures: { ...context.figures, prerollMs: ms },
    })),
    noteCallerStarted: assign(({ context }, { at }: At) => ({
      callerSpokeAt: context.callerSpokeAt ?? at,
      callerStoppedAt: null,
    })),
    noteCallerStopped: assign(({ context }, { at }: At) => ({
      figures: withTalkOver(context, at),
      callerStoppedAt:
        context.callerSpokeAt === null ? context.callerStoppedAt : (context.callerStoppedAt ?? at),
      spokeBriefly: context.callerSpokeAt !== null && at - context.callerSpokeAt < BRIEF_SPEECH_MS,
      callerSpokeAt: null,
    })),
    noteWords: assign((_, { final }: { final: boolean }) => ({ utteranceOpen: !final })),
    noteAgentBegan: assign(
      ({ context }, said: { at: number; receivedAt: number; lastForwardedAt: number | null }) => {
        const { figures } = context;
        const first = figures.firstResponseMs === null;
        const waitedFrom =
          context.callerStoppedAt ?? (first ? (said.lastForwardedAt ?? context.startedAt) : null);
        // A greeting that waited for the phone answers nobody.
        const responseMs =
          waitedFrom === null || said.receivedAt < waitedFrom ? null : said.receivedAt - waitedFrom;
        return {
          agentSpokeAt: said.at,
          callerStoppedAt: null,
          responseMs,
          figures: {
            ...figures,
            firstResponseMs: figures.firstResponseMs ?? said.at - (context.startedAt ?? 0),
            responsesMs: responseMs === null ? figures.responsesMs : [...figures.responsesMs, responseMs],
          },
        };
      },
    ),
    noteAgentSilent: assign(({ context }, { at }: At) => ({
      figures: withTalkOver(context, at),
      agentSpokeAt: null,
    })),
    noteBargeIn: assign(({ context }, { at }: At) => ({
      figures: {
        ...context.figures,
        bargeIns: [
          ...context.figures.bargeIns,
          { atMs: at, clearAfterMs: 0, flushedMs: 0, heardMs: 0, outcome: 'flushed' as const },
        ],
      },
    })),
    notePaused: assign(({ context }, { at, heardMs }: { at: number; heardMs: number }) => ({
      figures: withBargeIn(context, (last) => ({ heardMs, clearAfterMs: at - last.atMs, outcome: 'paused' })),
    })),
    noteFlushed: assign(
      ({ context }, { at, flushedMs, heardMs }: { at: number; flushedMs: number; heardMs: number }) => ({
        figures: withBargeIn(context, (last) => ({
          flushedMs,
          outcome: 'flushed',
          // After a pause Twilio has been silent since the pause began, and what was heard was told then.
          ...(last.outcome === 'paused' ? {} : { heardMs, clearAfterMs: at - last.atMs }),
        })),
      }),
    ),
    noteResumed: assign(({ context }, { at }: At) => ({
      agentSpokeAt: at,
      // It was no question, so what follows is no answer to it.
      callerStoppedAt: null,
      figures: withBargeIn(context, () => ({ outcome: 'resumed' })),
    })),
    noteLastWords: assign((_, { leftMs }: { leftMs: number }) => ({ lastWordsMs: leftMs })),
    noteEnding: assign((_, ending: Ending) => ({ ending })),
  },
  guards: {
    summonsAtOnce: ({ context }) => context.summonsAgentAtOnce,
    prerollPending: ({ context }) => context.figures.prerollMs === null,
    isOver: ({ context }) => context.ending !== null && CALL_IS_OVER.has(context.ending.reason),
    pausesFirst: ({ context }) => context.bargeIn === 'reversible',
    lastWordsDrop: ({ context }, said: Words) =>
      isNews(context, said) &&
      said.final &&
      (context.bargeIn === 'transcript' ||
        (context.bargeIn === 'reversible' && !said.acknowledgement && !context.agentGivesVerdicts)),
    wordsDrop: ({ context }, { final }: Words) => context.bargeIn === 'transcript' && !final,
    lastWordsContradict: ({ context }, said: Words) =>
      context.bargeIn === 'reversible' && isNews(context, said) && said.final && !said.acknowledgement,
    // Whoever has said no more than "mm-hm" has not interrupted.
    wordsPause: ({ context }, { final }: Words) => context.bargeIn === 'reversible' && !final,
    heedsKeys: ({ context }) => context.bargeIn !== 'confirmed',
    isDecisive: ({ context }, { acknowledgement }: { acknowledgement: boolean }) =>
      !acknowledgement && !context.agentGivesVerdicts,
    contradicts: (_, { acknowledgement }: { acknowledgement: boolean }) => !acknowledgement,
    isDone: (_, { final }: { final: boolean }) => final,
  },
  delays: {
    sessionTtl: ({ context }) => context.timeouts.sessionTtlMs,
    callerTimeout: ({ context }) => context.timeouts.callerTimeoutMs,
    agentTimeout: ({ context }) => context.timeouts.agentTimeoutMs,
    drainTimeout: ({ context }) => context.lastWordsMs + context.timeouts.drainTimeoutMs,
    hangUpTimeout: ({ context }) => context.timeouts.hangUpTimeoutMs,
    bargeInTimeout: ({ context }) => context.timeouts.bargeInTimeoutMs,
    verdictTimeout: ({ context }) => context.timeouts.verdictTimeoutMs,
    silenceTimeout: ({ context }) =>
      context.spokeBriefly ? context.timeouts.briefSilenceTimeoutMs : context.timeouts.silenceTimeoutMs,
    pauseTimeout: ({ context }) => context.timeouts.pauseTimeoutMs,
  },
});

/** The final transcript of words that began before the agent spoke is no interruption of it. */
function isNews(context: CallContext, { final }: { final: boolean }) {
  return !final || !context.utteranceOpen;
}

/** The figures, with the time that both were heard at once until `at`, where both still are. */
function withTalkOver(context: CallContext, at: number) {
  if (context.callerSpokeAt === null || context.agentSpokeAt === null) return context.figures;
  const overlapMs = Math.max(0, at - Math.max(context.callerSpokeAt, context.agentSpokeAt));
  return { ...context.figures, talkOverMs: context.figures.talkOverMs + overlapMs };
}

/** The figures, with the last interruption changed. */
function withBargeIn(context: CallContext, change: (last: BargeIn) => Partial<BargeIn>) {
  const { bargeIns } = context.figures;
  const last = bargeIns.at(-1);
  if (!last) return context.figures;
  return { ...context.figures, bargeIns: [...bargeIns.slice(0, -1), { ...last, ...change(last) }] };
}
