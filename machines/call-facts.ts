/** What a call is told at its start, what it hears, what it knows, and what is left of it. */
import type { DoneActorEvent } from 'xstate';
import type { JitterBufferInput, PipeNews } from './jitter-buffer.ts';
import type { CallerLoss, TwilioNews, TwilioSocketInput } from './twilio-socket.ts';
import type { AgentLoss, VapiFact, VapiNews, VapiSocketInput } from './vapi-socket.ts';

/**
 * What an interruption does. `transcript`: whatever is transcribed of the caller drops the agent's words.
 * `confirmed`: only the agent's own verdict does. `reversible`: the first sign pauses the agent; what follows decides.
 */
export type BargeInPolicy = 'transcript' | 'confirmed' | 'reversible';

export type EndingReason =
  | 'callerHungUp'
  | 'callerLost'
  | 'callerNeverCame'
  | 'callerRefused'
  | 'agentEnded'
  | 'agentLost'
  | 'agentUnavailable'
  | 'timeToLive'
  | 'hungUp'
  | 'drained';

export interface Ending {
  reason: EndingReason;
  /** One sentence for a person. */
  words: string;
}

/** By what an interruption was noticed: our own ear, the agent's ears, what they wrote down, the agent's verdict, a key, a hand. */
export type BargeInCause = 'voice' | 'speech' | 'words' | 'verdict' | 'key' | 'operator';

export interface BargeIn {
  /** When the interruption was noticed. */
  atMs: number;
  cause: BargeInCause;
  /** When the caller's voice began, where our own ear heard it. */
  onsetMs: number | null;
  /** From that notice until Twilio was told to fall silent. */
  clearAfterMs: number;
  /** The agent's audio that was dropped unheard. */
  flushedMs: number;
  /** How much of the interrupted turn the caller had heard. */
  heardMs: number;
  /** `paused`: not decided yet. */
  outcome: 'paused' | 'flushed' | 'resumed';
  /** How long the caller heard nothing of an agent that went on; `null` unless it did. */
  gapMs: number | null;
  /** How much of what was heard already was said again; `null` unless the agent went on. */
  repeatedMs: number | null;
}

/** What the call was like. `null`: it never came to that. */
export interface CallFigures {
  /** From the call's start until the agent's socket was open. */
  agentReadyMs: number | null;
  /** From Twilio's `start` until the caller first heard the agent. */
  firstResponseMs: number | null;
  /** From the caller's last speech to the agent's audio, for each answer. */
  responsesMs: number[];
  bargeIns: BargeIn[];
  /** Length of the caller's audio that was gathered before the first of it went to the agent. */
  prerollMs: number | null;
  /** How long caller and agent were heard at the same time. */
  talkOverMs: number;
  /** How long neither was heard, in silences of more than two seconds. */
  deadAirMs: number;
  /** Pauses after which the agent went on. */
  falsePauses: number;
  /** How often a lost agent was replaced, in this call and in the one that it goes on with. */
  replacements: number;
}

/** Durations that the chart waits for, in ms; each is the delay of the same name. */
export interface CallTimeouts {
  /** The longest a call lives. */
  sessionTtlMs: number;
  /** From the webhook to Twilio's `start`. */
  callerTimeoutMs: number;
  /** From the request for an agent to its open socket. */
  agentTimeoutMs: number;
  /** From Twilio's `start` until a caller who has heard nothing yet is told that the line lives. */
  reassureTimeoutMs: number;
  /** So long before the session's time is up the agent is told. */
  warningMs: number;
  /** Beyond the length of the agent's last words, until they count as heard. */
  drainTimeoutMs: number;
  /** For Twilio's answer to our hanging up. */
  hangUpTimeoutMs: number;
  /** A flush that nothing follows is over after this long. */
  bargeInTimeoutMs: number;
  /**
   * Words that contradict the agent, without its own verdict, count as one after this long; sooner once the call has
   * shown how long the agent's verdicts take.
   */
  verdictTimeoutMs: number;
  /** Silence after a short sound that brings the agent back. */
  briefSilenceTimeoutMs: number;
  /** Silence after longer speech that nothing confirmed, that brings the agent back. */
  silenceTimeoutMs: number;
  /** The longest pause. */
  pauseTimeoutMs: number;
}

/** What the children need to know, by child. */
export interface CallInput {
  callId: string;
  /** Unknown until `start` for a socket that came without a ticket. */
  callSid: string | null;
  /** Whether the agent is asked for at once, or only when the caller's stream has started. */
  summonsAgentAtOnce: boolean;
  bargeIn: BargeInPolicy;
  /** Whether this agent says when it takes itself to be interrupted. */
  agentGivesVerdicts: boolean;
  /** Whether this agent can be told something beside the caller's audio. */
  agentTakesOrders: boolean;
  /** Whether an interrupted agent is told how much of its words was heard. */
  tellsHeard: boolean;
  /** Whether the agent's first words are heard out, whoever speaks over them. */
  protectsGreeting: boolean;
  /** Whether this call goes on with a conversation, and how often its agent was replaced before. */
  continues: boolean;
  replacedBefore: number;
  timeouts: CallTimeouts;
  twilioSocket: Omit<TwilioSocketInput, 'callId'>;
  vapiSocket: Omit<VapiSocketInput, 'callId'>;
  callerBuffer: Omit<JitterBufferInput, 'callId' | 'direction'>;
  agentBuffer: Omit<JitterBufferInput, 'callId' | 'direction'>;
}

export interface CallContext extends CallInput {
  streamSid: string | null;
  /** When Twilio's stream started. */
  startedAt: number | null;
  /** Whether the agent's socket is open. */
  agentIsHere: boolean;
  /** Since when the caller speaks, as the agent hears it; `null` while silent. */
  callerSpokeAt: number | null;
  /** Since when the caller hears the agent; `null` while it is silent. */
  agentSpokeAt: number | null;
  /** Since when our own ear hears the caller's voice over the agent; `null` while it does not. */
  voicedAt: number | null;
  /** How long the caller had been silent already when that was told. */
  silentMs: number;
  /** Since when both are heard, and since when neither is; `null` where that is not so. */
  bothSince: number | null;
  quietSince: number | null;
  /** When the caller last stopped; `null` once that has been answered. */
  callerStoppedAt: number | null;
  /** Whether words of the caller were transcribed that no final transcript has closed yet. */
  utteranceOpen: boolean;
  /** How long the caller waited for what the agent says now; `null` when it goes on with what it was saying. */
  responseMs: number | null;
  /** Whether the caller spoke only briefly, so that it may have been no more than an "mm-hm". */
  spokeBriefly: boolean;
  /** Whether what the caller said over the agent was understood to be no more than an "mm-hm". */
  acknowledged: boolean;
  /** When the agent went on after the latest pauses, and until when only words pause it for that. */
  resumedAt: number[];
  heedsVoiceFrom: number;
  /** How long the agent's latest verdicts took, from the interruption on. */
  verdictsMs: number[];
  /** Whether the agent has come to the end of what it says, as it tells; some of that may still be to be heard. */
  agentDone: boolean;
  /** Whether what the agent says now is to be heard out. */
  mustBeHeard: boolean;
  /** When the session's time was last counted anew, and what was added to it. */
  countedAt: number;
  extendedMs: number;
  /** How long the agent's last words take to play. */
  lastWordsMs: number;
  ending: Ending | null;
  figures: CallFigures;
}

export interface CallOutput {
  ending: Ending;
  figures: CallFigures;
}

/** What may be told to a call from outside its own sockets. */
export type CallCommand =
  /** End the call: last words are cut. */
  | { type: 'call.hangUp'; reason: 'hungUp' | 'drained'; words: string }
  /** Twilio's status callbacks say that the phone call is over. */
  | { type: 'caller.hungUp'; words: string }
  /** Twilio's status callbacks say that the stream is over. */
  | { type: 'stream.failed'; words: string }
  /** Words of an operator, left beside under this number: to be said, or to be added to the conversation. */
  | { type: 'call.say'; slip: number }
  | { type: 'call.add'; slip: number }
  /** Silence the agent at the caller's ear, and let it be heard again. */
  | { type: 'call.mute' }
  | { type: 'call.unmute' }
  /** Drop what the agent has left to say. */
  | { type: 'call.flush'; at: number }
  /** Let the call live longer. */
  | { type: 'call.extend'; at: number; ms: number };

export type CallEvent =
  | CallCommand
  | { type: 'twilio.started'; at: number; streamSid: string; callSid: string }
  | { type: 'caller.pressed'; at: number }
  /** The session's time is up, and nearly so. */
  | { type: 'session.expired' }
  | { type: 'session.ending' }
  /** The caller has waited for the agent for as long as one waits in silence. */
  | { type: 'caller.waited' }
  | TwilioNews
  | VapiNews
  /** Nothing is left of that end. */
  | DoneActorEvent<unknown, 'twilioSocket' | 'vapiSocket'>
  | VapiFact
  | PipeNews;

/** Endings after which the phone call itself is hung up; after the others Twilio asks what comes next. */
export const CALL_IS_OVER: ReadonlySet<EndingReason> = new Set([
  'agentEnded',
  'timeToLive',
  'hungUp',
  'drained',
]);

export const REASON_OF_CALLER_LOSS: Record<CallerLoss, EndingReason> = {
  stopped: 'callerHungUp',
  lost: 'callerLost',
  dead: 'callerLost',
  refused: 'callerRefused',
  released: 'callerLost',
};

export const REASON_OF_AGENT_LOSS: Record<AgentLoss, EndingReason> = {
  ended: 'agentEnded',
  lost: 'agentLost',
  unwelcome: 'agentLost',
  unreached: 'agentUnavailable',
  unavailable: 'agentUnavailable',
};

/** Losses after which another agent is likely to be had. */
export const REPLACEABLE: ReadonlySet<AgentLoss> = new Set(['lost', 'unreached']);

/** A call's agent is replaced so often at most, and so often where none was ever there. */
export const MOST_REPLACEMENTS = { had: 2, neverHad: 1 };
