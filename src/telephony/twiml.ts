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
const NO_MESSAGE = 'We have not heard a message. Goodbye.';
const THANKS = 'Thank you for your message. Goodbye.';

/** The longest message that a caller can leave, in s; Twilio's own default is an hour. */
const MESSAGE_SECONDS = 120;

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

/** Says that the call cannot be taken (where `busy`: because all lines are), and ends it. */
export function apologyTwiml(busy = false): string {
  return lastWords(busy ? `${BUSY} ${TRY_LATER}` : APOLOGY);
}

export interface DialTwiml {
  /** Whether the caller is told that all lines are busy. */
  busy?: boolean;
  /** The number that the person sees; Twilio allows the From and To of the call and numbers of the account. */
  callerId?: string | undefined;
  /** Absolute address that Twilio asks what to do after the dialling, with `DialCallStatus`; without it the call ends. */
  actionUrl?: string | undefined;
}

/** Hands the caller to a person at `number`, in E.164 form. */
export function dialTwiml(number: string, { busy, callerId, actionUrl }: DialTwiml = {}): string {
  const response = new twilio.twiml.VoiceResponse();
  say(response, busy ? `${BUSY} ${TO_A_PERSON}` : TO_A_PERSON);
  const dialled = response.dial({
    answerOnBridge: true,
    timeout: RING_SECONDS,
    ...(callerId ? { callerId: legal(callerId) } : {}),
    ...(actionUrl ? { action: legal(actionUrl), method: 'POST' } : {}),
  });
  dialled.number(legal(number));
  // Not an apology: without an action these verbs also run after a conversation that went well.
  response.hangup();
  return response.toString();
}

export interface VoicemailTwiml {
  /** What the caller hears before the tone. */
  words: string;
  /** Whether the caller is told first that all lines are busy. */
  busy?: boolean;
  /** Absolute address that Twilio asks what to do after the message. */
  actionUrl: string;
  /** Absolute address that is told when there is a recording to be fetched. */
  recordingStatusUrl: string;
}

/** Takes a message. The verbs after `<Record>` run only where the caller says nothing. */
export function voicemailTwiml({ words, busy, actionUrl, recordingStatusUrl }: VoicemailTwiml): string {
  const response = new twilio.twiml.VoiceResponse();
  say(response, busy ? `${BUSY} ${words}` : words);
  response.record({
    maxLength: MESSAGE_SECONDS,
    playBeep: true,
    // Without an action Twilio would ask this document's own address again, and record once more.
    action: legal(actionUrl),
    method: 'POST',
    recordingStatusCallback: legal(recordingStatusUrl),
    recordingStatusCallbackMethod: 'POST',
    recordingStatusCallbackEvent: ['completed'],
  });
  say(response, NO_MESSAGE);
  response.hangup();
  return response.toString();
}

/** Thanks for a message, and ends the call. */
export function thanksTwiml(): string {
  return lastWords(THANKS);
}

function lastWords(words: string): string {
  const response = new twilio.twiml.VoiceResponse();
  say(response, words);
  response.hangup();
  return response.toString();
}

function say(response: VoiceResponse, words: string): void {
  const speakable = legal(words);
  if (speakable.trim() !== '') response.say(speakable);
}

/** `text` without the characters that no XML document may hold, even escaped: the builder throws on them. */
function legal(text: string): string {
  return text.replace(/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, '');
}
