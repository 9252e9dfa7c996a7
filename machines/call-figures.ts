/** What a call writes down when it hears something: pure functions from what is known to what is known then. */
import type { BargeIn, BargeInCause, CallContext } from './call-facts.ts';

/** A sound shorter than this, in ms, may be no more than an "mm-hm". */
const BRIEF_SPEECH_MS = 400;
/** A silence of both sides longer than this, in ms, is dead air. */
const DEAD_AIR_MS = 2_000;
/** So many false pauses within this many ms show a line on which our own ear is not to be trusted for as long again. */
const MOST_FALSE_PAUSES = 3;
const BACK_OFF_MS = 30_000;
/** The agent's verdicts that its delay is learned from. */
const VERDICTS_KEPT = 5;

type Known = Partial<CallContext>;
export type At = { at: number };
export type Said = At & { final: boolean; acknowledgement: boolean; interruption: boolean };

/** The caller has begun to speak, as the agent hears it. */
export function callerStarted(context: CallContext, at: number): Known {
  const callerSpokeAt = context.callerSpokeAt ?? at;
  return { ...sounds(context, { callerSpokeAt }, at), callerStoppedAt: null };
}

/** The caller has stopped, as the agent hears it. */
export function callerStopped(context: CallContext, at: number): Known {
  const { callerSpokeAt, callerStoppedAt } = context;
  return {
    ...sounds(context, { callerSpokeAt: null }, at),
    callerStoppedAt: callerSpokeAt === null ? callerStoppedAt : (callerStoppedAt ?? at),
    spokeBriefly: callerSpokeAt !== null && at - callerSpokeAt < BRIEF_SPEECH_MS,
    silentMs: 0,
  };
}

/** Something of what the caller says was written down. */
export function transcribed(context: CallContext, { at, final, acknowledgement }: Said): Known {
  const started = callerStarted(context, at);
  const words = { utteranceOpen: !final, acknowledged: acknowledgement };
  if (!final) return { ...started, ...words };
  return { ...started, ...callerStopped({ ...context, ...started }, at), ...words };
}

/** Our own ear hears the caller's voice. */
export function voiced(context: CallContext, { at, onsetAt }: At & { onsetAt: number }): Known {
  return sounds(context, { voicedAt: onsetAt }, at);
}

/** The voice that our own ear heard has ceased. */
export function hushed(
  context: CallContext,
  { at, voicedUntil, voicedMs }: At & { voicedUntil: number; voicedMs: number },
): Known {
  return {
    ...sounds(context, { voicedAt: null }, voicedUntil),
    spokeBriefly: voicedMs < BRIEF_SPEECH_MS,
    silentMs: Math.max(0, at - voicedUntil),
  };
}

/** The caller hears the agent. */
export function agentBegan(
  context: CallContext,
  { at, receivedAt, lastForwardedAt }: At & { receivedAt: number; lastForwardedAt: number | null },
): Known {
  const first = context.figures.firstResponseMs === null;
  const waitedFrom = context.callerStoppedAt ?? (first ? (lastForwardedAt ?? context.startedAt) : null);
  // A greeting that waited for the phone answers nobody.
  const responseMs = waitedFrom === null || receivedAt < waitedFrom ? null : receivedAt - waitedFrom;
  const began = sounds(context, { agentSpokeAt: at }, at);
  const { figures = context.figures } = began;
  return {
    ...began,
    callerStoppedAt: null,
    responseMs,
    mustBeHeard: context.mustBeHeard || (first && context.protectsGreeting),
    figures: {
      ...figures,
      firstResponseMs: figures.firstResponseMs ?? at - (context.startedAt ?? 0),
      responsesMs: responseMs === null ? figures.responsesMs : [...figures.responsesMs, responseMs],
    },
  };
}

/** The caller hears our own words, or what a lost agent had said: nothing that answers anybody. It is heard out. */
export function bridged(context: CallContext, at: number): Known {
  return { ...sounds(context, { agentSpokeAt: at }, at), mustBeHeard: true };
}

/** Another agent is asked for: what the lost one knew of the caller is forgotten. */
export function replaced(context: CallContext): Known {
  const { figures, agentSpokeAt, mustBeHeard } = context;
  const wasPaused = figures.bargeIns.at(-1)?.outcome === 'paused';
  const settled = wasPaused ? withBargeIn(context, () => ({ outcome: 'resumed' })) : figures;
  return {
    agentIsHere: false,
    agentDone: false,
    callerSpokeAt: null,
    bothSince: null,
    utteranceOpen: false,
    mustBeHeard: mustBeHeard || agentSpokeAt !== null,
    figures: { ...settled, replacements: figures.replacements + 1 },
  };
}

/** The caller hears the agent no longer, and our own ear, which listens only while there is something to interrupt, nobody. */
export function agentSilent(context: CallContext, at: number): Known {
  return { ...sounds(context, { agentSpokeAt: null, voicedAt: null }, at), mustBeHeard: false };
}

/** The caller speaks over the agent. */
export function interrupted(
  context: CallContext,
  noticed: At & { cause: BargeInCause; onsetAt?: number },
): Known {
  const { at: atMs, cause, onsetAt = null } = noticed;
  const bargeIn: BargeIn = {
    atMs,
    cause,
    onsetMs: onsetAt,
    clearAfterMs: 0,
    flushedMs: 0,
    heardMs: 0,
    outcome: 'flushed',
    gapMs: null,
    repeatedMs: null,
  };
  return {
    acknowledged: false,
    figures: { ...context.figures, bargeIns: [...context.figures.bargeIns, bargeIn] },
  };
}

/** The agent was stopped, and what was not heard is kept. */
export function paused(context: CallContext, { at, heardMs }: At & { heardMs: number }): Known {
  const silent = { ...sounds(context, { agentSpokeAt: null }, at), mustBeHeard: false };
  return {
    ...silent,
    figures: withBargeIn({ ...context, ...silent }, (last) => ({
      heardMs,
      clearAfterMs: at - last.atMs,
      outcome: 'paused',
    })),
  };
}

/** What was not heard of the agent was dropped. */
export function flushed(
  context: CallContext,
  { at, flushedMs, heardMs }: At & { flushedMs: number; heardMs: number },
): Known {
  const silent = agentSilent(context, at);
  return {
    ...silent,
    figures: withBargeIn({ ...context, ...silent }, (last) => ({
      // What an operator drops after that was never heard.
      flushedMs: last.flushedMs + flushedMs,
      outcome: 'flushed',
      ...(wasHeard(context) ? { heardMs, clearAfterMs: at - last.atMs } : {}),
    })),
  };
}

/** Whether the agent is heard until now: after a pause Twilio has been silent, and what was heard was told then. */
export function wasHeard({ agentSpokeAt }: CallContext): boolean {
  return agentSpokeAt !== null;
}

/** It was no interruption: the agent goes on. */
export function resumed(context: CallContext, at: number): Known {
  const lately = context.resumedAt.filter((before) => at - before < BACK_OFF_MS);
  const resumedAt = [...lately, at];
  const backsOff = resumedAt.length >= MOST_FALSE_PAUSES;
  const heard = sounds(context, { agentSpokeAt: at }, at);
  const { figures = context.figures } = heard;
  return {
    ...heard,
    // It was no question, so what follows is no answer to it.
    callerStoppedAt: null,
    resumedAt: backsOff ? [] : resumedAt,
    heedsVoiceFrom: backsOff ? at + BACK_OFF_MS : context.heedsVoiceFrom,
    figures: withBargeIn(
      { ...context, figures: { ...figures, falsePauses: figures.falsePauses + 1 } },
      ({ atMs, clearAfterMs }) => ({ outcome: 'resumed', gapMs: at - atMs - clearAfterMs }),
    ),
  };
}

/** It was no interruption, and nothing was left to say: the pause took nothing from anybody. */
export function nothingLeft(context: CallContext, at: number): Known {
  const silent = agentSilent(context, at);
  return { ...silent, figures: withBargeIn({ ...context, ...silent }, () => ({ outcome: 'resumed' })) };
}

/** How much is said again of what was heard already. */
export function repeated(context: CallContext, repeatedMs: number): Known {
  return { figures: withBargeIn(context, () => ({ repeatedMs })) };
}

/** The agent's own verdict has come. */
export function judged(context: CallContext, at: number): Known {
  const last = context.figures.bargeIns.at(-1);
  if (!last) return {};
  return { verdictsMs: [...context.verdictsMs, at - last.atMs].slice(-VERDICTS_KEPT) };
}

/** What of either side is heard, and since when. */
type Heard = Pick<CallContext, 'agentSpokeAt' | 'callerSpokeAt' | 'voicedAt'>;

/** Either side falls silent or begins: the time for which both were heard, or neither, is counted when it is over. */
function sounds(context: CallContext, change: Partial<Heard>, at: number): Known {
  const next = { ...context, ...change };
  const { figures } = context;
  const bothSince = bothHeardSince(next);
  const overlapMs =
    context.bothSince !== null && bothSince === null ? Math.max(0, at - context.bothSince) : 0;
  const quiet = next.agentSpokeAt === null && callerHeardSince(next) === null;
  const quietMs = context.quietSince !== null && !quiet ? at - context.quietSince : 0;
  return {
    ...change,
    bothSince: bothSince === null ? null : (context.bothSince ?? bothSince),
    quietSince: quiet ? (context.quietSince ?? at) : null,
    figures: {
      ...figures,
      talkOverMs: figures.talkOverMs + overlapMs,
      deadAirMs: figures.deadAirMs + (quietMs > DEAD_AIR_MS ? quietMs : 0),
    },
  };
}

function callerHeardSince({ callerSpokeAt, voicedAt }: Heard): number | null {
  if (callerSpokeAt === null || voicedAt === null) return callerSpokeAt ?? voicedAt;
  return Math.min(callerSpokeAt, voicedAt);
}

function bothHeardSince(heard: Heard): number | null {
  const callerSince = callerHeardSince(heard);
  return heard.agentSpokeAt === null || callerSince === null
    ? null
    : Math.max(heard.agentSpokeAt, callerSince);
}

/** The figures, with the last interruption changed. */
function withBargeIn(context: CallContext, change: (last: BargeIn) => Partial<BargeIn>) {
  const { bargeIns } = context.figures;
  const last = bargeIns.at(-1);
  if (!last) return context.figures;
  return { ...context.figures, bargeIns: [...bargeIns.slice(0, -1), { ...last, ...change(last) }] };
}
