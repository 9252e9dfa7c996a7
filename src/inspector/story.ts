import type { CallRecording, Facts, TransitionRecord } from './messages.ts';
import { agentActsOf, arrivalOf, callerActsOf } from './story-acts.ts';
import { markEchoOf } from './story-turns.ts';

/** The version of this form. */
export const STORY_VERSION = 1;

/** What the caller and the phone company do. `at` is in ms since the call's start, that is, since the ring. */
export type CallerAct =
  /** Twilio's stream starts. */
  | { at: number; does: 'connects' }
  /** Sound that can be heard; at all other times the line only hisses. */
  | { at: number; does: 'speaks'; forMs: number }
  | { at: number; does: 'presses a key' }
  /** Twilio sends no frames. */
  | { at: number; does: 'is not heard'; forMs: number }
  | { at: number; does: 'hangs up' }
  /** The socket breaks: no `stop`, no close handshake. */
  | { at: number; does: 'is cut off' }
  /** The socket is half open from now on: nothing arrives, and nobody is told. */
  | { at: number; does: 'goes deaf' }
  /** Twilio's status callbacks. */
  | { at: number; does: 'is reported over' }
  | { at: number; does: 'has its stream fail' };

/** What the agent and its service do. */
export type AgentAct =
  | { at: number; does: 'speaks'; forMs: number; pace: 'real-time' | 'at-once' }
  | { at: number; does: 'speech-update'; role: 'user' | 'assistant'; status: 'started' | 'stopped' }
  /** The caller's words, by what they amount to; others stand in for them. */
  | { at: number; does: 'transcript'; final: boolean; acknowledgement: boolean; interruption: boolean }
  | { at: number; does: 'user-interrupted' }
  | { at: number; does: 'hang' }
  /** Says that the call is over, and closes. */
  | { at: number; does: 'ends the call' }
  /** Closes without a word, with this code; 1006: the line is cut. */
  | { at: number; does: 'closes'; code: number }
  | { at: number; does: 'goes deaf' };

/** How the agent was had: what came of the request for a call, and how its socket opened, each how long after. */
export interface AgentArrival {
  /** `created`, the kind of the refusal, or `unreachable`; `null` where nothing was asked for, or no answer came. */
  answer: { as: string; afterMs: number } | null;
  socket: { does: 'opens' | 'is refused' | 'is not answered'; afterMs: number } | null;
}

export interface OperatorAct {
  at: number;
  does: 'hangs up';
}

export interface ExpectedState {
  at: number;
  /** One word, such as `agentSpeaking` or `bargeIn.paused`. */
  state: string;
}

/** What the bridge is to make of it. */
export interface Expectation {
  /** The call's states, in order, and when it is to enter each. */
  states: readonly ExpectedState[];
  /** By how much a state may come sooner or later than told. */
  toleranceMs: number;
  /** States that may come or not, such as a pause for a sound that was near the threshold: nothing is expected of them. */
  ignores: readonly string[];
  ending: string;
  /** What becomes of each interruption. */
  bargeIns: readonly string[];
}

/** A call as a test: what its outside did, and what the bridge is to make of that. */
export interface Story {
  format: 'vapi-twilio-bridge.story';
  version: typeof STORY_VERSION;
  name: string;
  /**
   * Settings that decide how the call goes, and `markEchoMs`: how long after the end of a turn Twilio's mark for it came
   * back. What is left out is as usual.
   */
  settings: Facts;
  caller: readonly CallerAct[];
  arrival: AgentArrival;
  agent: readonly AgentAct[];
  operator: readonly OperatorAct[];
  expect: Expectation;
}

/** A story, or why the recording makes none. */
export type StoryMade = { ok: true; story: Story } | { ok: false; words: string };

/** How far the replay of a recorded call may be off: its marks come back sooner or later, its lines are slower. */
const TOLERANCE_MS = 250;

/** How long no frame comes before a caller's socket is examined, unless a setting says otherwise. */
const MEDIA_TIMEOUT_MS = 2_000;

/** Settings of a recording that a story keeps. */
const SETTINGS = [
  ...['dialect', 'format', 'bargeIn', 'prerollFrames', 'connectFrames', 'framesPerSend'],
  ...['sessionTtlMs', 'heartbeatIntervalMs'],
];

/** Makes a story of a call that is over. `nameOf` makes one word of a state value of the call's chart. */
export function storyOf(
  recording: CallRecording,
  nameOf: (value: unknown) => string,
  name: string,
): StoryMade {
  const { records, row, dropped, settings } = recording;
  if (dropped > 0)
    return {
      ok: false,
      words: `The first ${dropped} records of this call are gone, and with them its beginning.`,
    };
  if (row.ending === null || row.endedAt === null)
    return { ok: false, words: 'This call is not over yet: its ending is not known.' };
  const steps = records.filter((record): record is TransitionRecord => record.type === '@xstate.transition');
  const ofCall = steps.filter(({ actor }) => actor === 'call');
  const states = statesOf(ofCall, nameOf);
  const caller = callerActsOf(records, ofCall);
  const agent = agentActsOf(records);
  const { ending } = row;
  const silentMs = Number(settings.mediaTimeoutMs ?? MEDIA_TIMEOUT_MS);
  return {
    ok: true,
    story: {
      format: 'vapi-twilio-bridge.story',
      version: STORY_VERSION,
      name,
      settings: {
        ...Object.fromEntries(SETTINGS.flatMap((of) => (of in settings ? [[of, settings[of] ?? null]] : []))),
        markEchoMs: markEchoOf(records),
      },
      caller: withLoss(
        caller,
        ending.reason === 'callerLost'
          ? lastOf(steps, 'twilioSocket', /^socket\.silent$/) - silentMs
          : undefined,
      ),
      arrival: arrivalOf(records),
      agent: withLoss(
        agent,
        ending.reason === 'agentLost'
          ? lastOf(steps, 'vapiSocket', /^socket\.(ponged|opened)$/) + 100
          : undefined,
      ),
      operator: ofCall
        .filter(({ event }) => event.type === 'call.hangUp')
        .map(({ at }) => ({ at: Math.round(at), does: 'hangs up' })),
      expect: {
        states,
        toleranceMs: TOLERANCE_MS,
        ignores: [],
        ending: ending.reason,
        bargeIns: outcomesOf(recording.figures),
      },
    },
  };
}

function statesOf(ofCall: readonly TransitionRecord[], nameOf: (value: unknown) => string): ExpectedState[] {
  const states: ExpectedState[] = [{ at: 0, state: 'connecting' }];
  for (const { at, value } of ofCall) {
    const state = nameOf(value);
    if (state !== states.at(-1)?.state) states.push({ at: Math.round(at), state });
  }
  return states;
}

/** An end that was lost without a word of it went deaf: since when, by the last sign of life that its machine had. */
function withLoss<Act extends { at: number; does: string }>(
  acts: readonly Act[],
  lastSign: number | undefined,
): readonly (Act | { at: number; does: 'goes deaf' })[] {
  if (lastSign === undefined || acts.some(({ does }) => SAYS_WHY.test(does))) return acts;
  const deaf = { at: Math.round(lastSign), does: 'goes deaf' as const };
  return [...acts, deaf].sort((one, other) => one.at - other.at);
}

/** Acts that tell themselves why an end is gone. */
const SAYS_WHY = /^(closes|is cut off|has its stream fail|ends the call)$/;

/** When a step of this kind last was, before the call began to close. */
function lastOf(
  steps: readonly TransitionRecord[],
  actor: TransitionRecord['actor'],
  events: RegExp,
): number {
  const closes = steps.find(
    (step) => step.actor === 'call' && JSON.stringify(step.value).includes('"closing"'),
  );
  const until = closes?.seq ?? Number.POSITIVE_INFINITY;
  const last = steps.findLast(
    (step) => step.seq < until && step.actor === actor && events.test(step.event.type),
  );
  return last?.at ?? 0;
}

function outcomesOf({ bargeIns }: Facts): string[] {
  if (!Array.isArray(bargeIns)) return [];
  return bargeIns.map((bargeIn) => String((bargeIn as { outcome?: unknown } | null)?.outcome));
}
