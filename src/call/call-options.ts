import type { BargeInPolicy } from '../../machines/call-facts.ts';
import type { PhraseBook } from '../agent/phrases.ts';
import type { AudioFormat } from '../audio/agent-format.ts';
import type { Clips } from './clip-player.ts';

/** What a caller may do to an agent that speaks, and how that is understood. */
export interface InterruptionRules {
  bargeIn: BargeInPolicy;
  /** Judges what the caller is understood to say; English unless told. */
  phrases?: PhraseBook;
  /** Whether the agent's first words are heard out, whoever speaks over them. */
  protectsGreeting?: boolean;
  /** Words by which the agent shows that what it says is to be heard out, in lower case. */
  insistsOn?: string | undefined;
  /** Whether an interrupted agent is told how much of its words was heard. */
  tellsHeard?: boolean;
}

/** What holds for a call: numbers and rules, not addresses or keys. */
export interface CallOptions extends InterruptionRules {
  format: AudioFormat;
  prerollFrames: number;
  maxFrames: number;
  connectFrames: number;
  framesPerSend: number;
  sessionTtlMs: number;
  heartbeatIntervalMs: number;
  mediaTimeoutMs: number;
  /** The bridge's own words; none unless told. */
  clips?: Clips;
  /** With which a new agent goes on with a conversation; English unless told, and empty: with words of its own. */
  wordsBack?: string | undefined;
}

const FRAME_MS = 20;

/** Unplayed audio that Twilio is given ahead of the caller's ear, in ms: what a lost `clear` could cost at most. */
export const PLAYOUT_LEAD_MS = 200;
/**
 * Gathered before a turn of the agent is heard. Vapi's audio comes in clumps of whole frames with p95 51 ms between
 * them: what covers no more than a gap and a frame leaves a hole in the first word.
 */
export const PLAYOUT_FILL_MS = 80;
/** As far as that grows on a call whose agent's audio comes more unevenly. */
export const PLAYOUT_MOST_FILL_MS = 160;

/** For the WebSocket handshake with the agent, in ms. */
const OPEN_TIMEOUT_MS = 4_000;

/**
 * The call's delays that are not settings, in ms.
 *
 * - the caller: Twilio opens its socket within a second or two of the greeting's end; the greeting is ours, so half a
 *   minute is generous.
 * - the agent: a little more than creating and opening may take together, so that theirs are the words that tell why.
 * - reassuring: nobody takes a second of silence for a dead line.
 * - closing: `ws` itself gives a close handshake 2 s.
 */
const TIMEOUTS = {
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

const CLOSE_TIMEOUT_MS = 2_000;
const START_TIMEOUT_MS = 5_000;
const EXAMINE_TIMEOUT_MS = 1_500;
const CREATE_TIMEOUT_MS = 8_000;
/** Before a refused call is asked for again; what each call adds of its own keeps many from asking at once. */
const RETRY_INTERVAL_MS = 400;
const END_TIMEOUT_MS = 3_000;
/** Vapi tells how a call stands 0.14 s after its socket has opened. */
const MUTE_TIMEOUT_MS = 10_000;
/** Before another agent of a service that has just said that it fails. */
const BACK_OFF_MS = 500;
const REFUSE_TIMEOUT_MS = 5_000;

/** What the statechart of a call is given of these options. */
export function chartOptions(
  options: CallOptions,
  { creates, ticketed, jitterMs }: { creates: boolean; ticketed: boolean; jitterMs: number },
) {
  const { heartbeatIntervalMs } = options;
  const pongTimeoutMs = Math.min(5_000, heartbeatIntervalMs / 2);
  return {
    bargeIn: options.bargeIn,
    protectsGreeting: options.protectsGreeting ?? false,
    tellsHeard: options.tellsHeard ?? false,
    timeouts: { sessionTtlMs: options.sessionTtlMs, ...TIMEOUTS },
    twilioSocket: {
      expectsAnother: ticketed,
      startTimeoutMs: START_TIMEOUT_MS,
      heartbeatIntervalMs,
      pongTimeoutMs,
      examineTimeoutMs: EXAMINE_TIMEOUT_MS,
      closeTimeoutMs: CLOSE_TIMEOUT_MS,
    },
    vapiSocket: {
      creates,
      createTimeoutMs: CREATE_TIMEOUT_MS,
      retryIntervalMs: RETRY_INTERVAL_MS + jitterMs,
      openTimeoutMs: OPEN_TIMEOUT_MS,
      muteTimeoutMs: MUTE_TIMEOUT_MS,
      backOffMs: BACK_OFF_MS,
      heartbeatIntervalMs,
      pongTimeoutMs,
      closeTimeoutMs: CLOSE_TIMEOUT_MS,
      endTimeoutMs: END_TIMEOUT_MS,
    },
    callerBuffer: {
      // Twice the time that the pre-roll takes on a line that loses nothing.
      fillTimeoutMs: 2 * options.prerollFrames * FRAME_MS,
      refuseTimeoutMs: REFUSE_TIMEOUT_MS,
    },
    agentBuffer: { fillTimeoutMs: PLAYOUT_MOST_FILL_MS, refuseTimeoutMs: REFUSE_TIMEOUT_MS },
  };
}
