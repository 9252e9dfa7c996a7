import {
  countFrom,
  identifierFrom,
  type Unreadable,
  unreadable,
  withoutControls,
  wordFrom,
} from './fields.ts';
import { vendorWords } from './vendor-words.ts';

/** A form-encoded body, parsed. A field may be missing or, if it was sent twice, be no string. */
export type Form = Readonly<Record<string, unknown>>;

const streamEvents = ['stream-started', 'stream-stopped', 'stream-error'] as const;

/** What Twilio's `<Stream statusCallback>` tells. It may come late, twice or in another order. */
export interface StreamStatus {
  kind: 'streamStatus';
  callSid: string;
  streamSid: string;
  event: (typeof streamEvents)[number];
  /** Twilio's words for a `stream-error`, fit for a log. */
  error?: string;
}

/** Reads a stream status callback. Never throws. */
export function readStreamStatus(form: Form): StreamStatus | Unreadable {
  const callSid = identifierFrom(form.CallSid);
  if (callSid === undefined) return unreadable('stream status without a usable CallSid');
  const streamSid = identifierFrom(form.StreamSid);
  if (streamSid === undefined) return unreadable('stream status without a usable StreamSid');
  const event = streamEvents.find((known) => known === form.StreamEvent);
  if (event === undefined) return unreadable('stream status without a known StreamEvent');
  const status: StreamStatus = { kind: 'streamStatus', callSid, streamSid, event };
  const error = form.StreamError;
  return typeof error === 'string' && error !== '' ? { ...status, error: vendorWords(error) } : status;
}

/** Whether a call is over, by each status that Twilio has for it. */
const callStatuses = {
  queued: false,
  initiated: false,
  ringing: false,
  'in-progress': false,
  completed: true,
  busy: true,
  failed: true,
  'no-answer': true,
  canceled: true,
};

/** What Twilio's call status callback tells. Sort by `sequence`: the order of arrival is not promised. */
export interface CallStatus {
  kind: 'callStatus';
  callSid: string;
  status: keyof typeof callStatuses;
  /** The call is over and nothing follows. */
  terminal: boolean;
  /** Counts a call's callbacks from 0. */
  sequence?: number;
}

/** Reads a call status callback. Never throws. */
export function readCallStatus(form: Form): CallStatus | Unreadable {
  const callSid = identifierFrom(form.CallSid);
  if (callSid === undefined) return unreadable('call status without a usable CallSid');
  const status = form.CallStatus;
  if (!isCallStatus(status)) return unreadable('call status without a known CallStatus');
  const read: CallStatus = { kind: 'callStatus', callSid, status, terminal: callStatuses[status] };
  const sequence = countFrom(form.SequenceNumber);
  return sequence === undefined ? read : { ...read, sequence };
}

/** Whether a status that Twilio has for a call says that it is over. */
export function isOver(status: string): boolean {
  return isCallStatus(status) && callStatuses[status];
}

/** Whether somebody took a call that was dialled, by the request of `<Dial action>`. Any other status is a no. */
export function wasAnswered(form: Form): boolean {
  return form.DialCallStatus === 'completed' || form.DialCallStatus === 'answered';
}

/** What Twilio's `<Record recordingStatusCallback>` tells. Its address is left out: it is the key to what was said. */
export interface RecordingStatus {
  kind: 'recordingStatus';
  callSid: string;
  recordingSid: string;
  /** Whether there is a recording to be fetched; not yet, or none, otherwise. */
  completed: boolean;
  /** Its length, as far as that is told. */
  seconds?: number;
}

/** Reads a recording status callback. Never throws. */
export function readRecordingStatus(form: Form): RecordingStatus | Unreadable {
  const callSid = identifierFrom(form.CallSid);
  if (callSid === undefined) return unreadable('recording status without a usable CallSid');
  const recordingSid = identifierFrom(form.RecordingSid);
  if (recordingSid === undefined) return unreadable('recording status without a usable RecordingSid');
  const completed = form.RecordingStatus === 'completed';
  const seconds = countFrom(form.RecordingDuration);
  const read: RecordingStatus = { kind: 'recordingStatus', callSid, recordingSid, completed };
  return seconds === undefined ? read : { ...read, seconds };
}

function isCallStatus(status: unknown): status is keyof typeof callStatuses {
  return typeof status === 'string' && Object.hasOwn(callStatuses, status);
}

/** Twilio's request for TwiML, of which only the CallSid is sure; what is missing is ''. */
export interface VoiceWebhook {
  kind: 'voiceWebhook';
  callSid: string;
  accountSid: string;
  /** A number in E.164, a SIP address, or a word such as `anonymous`. */
  from: string;
  to: string;
  /** `inbound`, `outbound-api` or `outbound-dial`. */
  direction: string;
  callStatus: string;
}

/** Reads the request for TwiML, and those of actions (`<Connect>`, `<Dial>`, `<Record>`), which have the same fields. Never throws. */
export function readVoiceWebhook(form: Form): VoiceWebhook | Unreadable {
  const callSid = identifierFrom(form.CallSid);
  if (callSid === undefined) return unreadable('webhook without a usable CallSid');
  return {
    kind: 'voiceWebhook',
    callSid,
    accountSid: identifierFrom(form.AccountSid) ?? '',
    from: party(form.From),
    to: party(form.To),
    direction: word(form.Direction),
    callStatus: word(form.CallStatus),
  };
}

function party(value: unknown): string {
  return typeof value === 'string' ? withoutControls(value.slice(0, 256)) : '';
}

function word(value: unknown): string {
  return typeof value === 'string' ? wordFrom(value) : '';
}
