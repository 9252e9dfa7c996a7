/**
 * What the statecharts promise. A transition that serves a promise carries its name as `meta.serves`; a test that
 * proves it carries the name in its title; `docs/requirements.md` is made from both.
 */
export const requirements = {
  'first-words':
    "The caller's audio is kept from the very first frame and reaches the agent whole and in order.",
  'greeting-kept': 'What the agent says before the phone is there is heard once it is.',
  'bounded-wait': 'Nobody waits for ever: not for the caller, the agent, a start, an answer or an end.',
  ttl: 'No call outlives its time to live.',
  'interrupted-at-once': 'An interruption silences the agent at once, and once.',
  'nothing-stale':
    'After an interruption nothing of the old turn is heard, and nothing of the new one is missing.',
  'nothing-lost': 'A sound that turns out to be no interruption costs none of the agent’s words.',
  'heard-out': 'What must be heard, such as a legal notice, is heard whole, whoever speaks over it.',
  'heard-told': 'An interrupted agent learns how much of its words was heard, where the operator wants that.',
  operated: 'An operator can act on a live call: say, add, mute, flush, extend, hang up.',
  'heard-not-sent': 'The agent speaks until Twilio has played its last audible frame, not until it was sent.',
  'last-words': 'The last words of an agent that ends the call are heard before the line is closed.',
  'hung-up-first': 'A phone call that is over is hung up before its socket is closed.',
  'half-open': 'A line that is dead is noticed, at either end.',
  'one-call': 'A call at Vapi is created once, and ended on every path.',
  replaced:
    'A lost agent is replaced in mid-call, twice at most, and the next goes on with what the caller has heard.',
  reassured: 'A caller who waits for an agent, or has just lost one, hears that the line lives.',
  warned: 'The agent learns in good time that the call is about to end.',
  'nobody-in': "Only the socket with the right proof becomes the caller's.",
  'bounded-flood': 'Whoever sends more than the protocol knows, or what it does not know, is sent away.',
  'one-teardown': 'However an end goes, one teardown follows, and the call waits for it.',
  'overflow-shown': 'A buffer that holds back, runs dry or drops audio is seen to do so.',
} as const;

export type Requirement = keyof typeof requirements;

/** What a transition carries beside its effect. */
export interface Meta {
  serves: Requirement;
}
