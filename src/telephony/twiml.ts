import twilio from 'twilio';

type VoiceResponse = InstanceType<typeof twilio.twiml.VoiceResponse>;

/** The name of the `<Parameter>` that carries the second nonce of a ticket; found in `start.customParameters`. */
export const NONCE_PARAMETER = 'nonce';

/** Seconds that a person's telephone rings before the call moves on; Twilio's own default is 30. */
const RING_SECONDS = 20;

const APOLOGY = 'We are sorry, we cannot take your call right now. Please try again later.';
const BUSY = 'All our lines are busy right now.';
const TRY_LATER = 'Please try again later.';
const TO_A_PERSON = 'Let me connect you to a person.';

export interface ConnectTwiml {
  /** What the caller hears first; empty for nothing. */
  greeting: string;
  /** `wss://…/media/<ticket>`, without a query: Twilio does not support one. */
  streamUrl: string;
  /** Absolute address that Twilio asks what to do once the stream has ended. */
  actionUrl: string;
  /** Absolute address that is told `stream-started`, `stream-stopped` and `stream-error`. */
  streamStatusUrl: string;
  /** The ticket's second nonce. It travels beside the address, because addresses end up in access logs. */
  nonce: string;
}

/**
 * Connects the call to our media socket, both ways: audio sent back on a `<Start><Stream>` is never played. The verbs
 * after `</Connect>` are the safe tail; they are heard when Twilio cannot connect and the action does not answer.
 */
export function connectTwiml(options: ConnectTwiml): string {
  const response = new twilio.twiml.VoiceResponse();
  say(response, options.greeting);
  const stream = response.connect({ action: legal(options.actionUrl), method: 'POST' }).stream({
    url: legal(options.streamUrl),
    statusCallback: legal(options.streamStatusUrl),
    statusCallbackMethod: 'POST',
  });
  stream.parameter({ name: NONCE_PARAMETER, value: legal(options.nonce) });
  say(response, APOLOGY);
  response.hangup();
  return response.toString();
}

/** Ends the call without a word. */
export function hangUpTwiml(): string {
  const response = new twilio.twiml.VoiceResponse();
  response.hangup();
  return response.toString();
}

/** Says that the call cannot be taken, and ends it. */
export function apologyTwiml(): string {
  const response = new twilio.twiml.VoiceResponse();
  say(response, APOLOGY);
  response.hangup();
  return response.toString();
}

export interface DialTwiml {
  /** The number that the person sees; Twilio allows the From and To of the call and numbers of the account. */
  callerId?: string | undefined;
  /** Absolute address that Twilio asks what to do after the dialling, with `DialCallStatus`; without it the call ends. */
  actionUrl?: string | undefined;
}

/** Hands the caller to a person at `number`, in E.164 form. */
export function dialTwiml(number: string, options: DialTwiml = {}): string {
  const response = new twilio.twiml.VoiceResponse();
  say(response, TO_A_PERSON);
  dial(response, number, options);
  return response.toString();
}

/** Says that all lines are busy; then hands the caller to a person if there is a number to dial, else ends the call. */
export function busyTwiml(fallbackNumber?: string, options: DialTwiml = {}): string {
  const response = new twilio.twiml.VoiceResponse();
  if (fallbackNumber) {
    say(response, `${BUSY} ${TO_A_PERSON}`);
    dial(response, fallbackNumber, options);
  } else {
    say(response, `${BUSY} ${TRY_LATER}`);
    response.hangup();
  }
  return response.toString();
}

function dial(response: VoiceResponse, number: string, { callerId, actionUrl }: DialTwiml): void {
  const dialled = response.dial({
    answerOnBridge: true,
    timeout: RING_SECONDS,
    ...(callerId ? { callerId: legal(callerId) } : {}),
    ...(actionUrl ? { action: legal(actionUrl), method: 'POST' } : {}),
  });
  dialled.number(legal(number));
  // Not an apology: without an action these verbs also run after a conversation that went well.
  response.hangup();
}

function say(response: VoiceResponse, words: string): void {
  const speakable = legal(words);
  if (speakable.trim() !== '') response.say(speakable);
}

/** `text` without the characters that no XML document may hold, even escaped: the builder throws on them. */
function legal(text: string): string {
  return text.replace(/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, '');
}
