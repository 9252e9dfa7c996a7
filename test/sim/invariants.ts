/** What must hold in every world, whatever befalls it. */
export const INVARIANTS = {
  ends: 'every call reaches closed, with both sockets closed, no timer armed and nothing on the bench',
  caller:
    "the caller's audio reaches the agent in one unbroken run from its first frame, but for what is counted",
  interruption:
    'after a clear nothing of the interrupted turn is sent, and nothing of the next one is missing',
  clear: 'there is one clear for each interruption, at its moment, and none otherwise',
  vapiCalls: 'a phone call has at most one live call at Vapi, and every call at Vapi is ended by the bridge',
  ladder: 'no call has its agent replaced more than twice',
  memory: 'queues stay within their stated bounds',
  timeToLive: 'no call lives longer than its time, to the millisecond',
  speaking: 'agentSpeaking holds exactly while Twilio plays audible audio of the agent',
  figures: 'the figures of a call are what the world saw',
  protocol: 'no message breaks a rule of Twilio, and nothing is sent before start',
  secrets: 'no secret, no digit and no word of the conversation is in any step or message that is shown',
} as const;

export type Invariant = keyof typeof INVARIANTS;

/** An invariant that did not hold: when, for which call of the world, and how. */
export interface Violation {
  invariant: Invariant;
  call: number | null;
  atMs: number;
  words: string;
}

export type Report = (invariant: Invariant, words: string) => void;

/** A violation in one line. */
export function violationLine({ invariant, call, atMs, words }: Violation): string {
  return `[${invariant}] ${call === null ? 'world' : `call ${call}`} at ${Math.round(atMs)} ms: ${words} (broken: ${INVARIANTS[invariant]})`;
}
