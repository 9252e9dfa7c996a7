import type { Ports } from '../ports.ts';
import { type CallFigures, figuresOf } from './call-figures.ts';
import { type CallEnding, type DialStatus, endingOf, followTwiml, refused } from './follow-twiml.ts';
import type { StreamEvent } from './media-stream.ts';
import { createPhoneLine, type LineRecord, type StreamEnd } from './phone-line.ts';
import { findSpeech } from './speech-finder.ts';
import { createTwilioRequests, type Refusal, type Sign } from './twilio-requests.ts';
import { parametersOf, type Verb } from './twiml.ts';

export interface PhoneCallOptions {
  /** A media socket (`ws://…/media`), or a voice webhook (`http://…/webhook/twilio`) whose TwiML is followed. */
  to: string;
  /** What the caller says, µ-law 8 kHz. */
  speech: Uint8Array;
  /** `CA` and 32 hex digits; made up unless given. */
  callSid?: string;
  accountSid?: string;
  /** The caller's number and the number called, E.164; numbers reserved for fiction unless given. */
  from?: string;
  called?: string;
  /** The caller hangs up after this much silence on both sides. 5 s unless told. */
  tailMs?: number;
  /** The caller hangs up after this long whatever happens. 10 minutes unless told. */
  maxMs?: number;
  markEchoDelayMs?: number;
  /** The line to the server breaks this long after each stream has begun; streams beyond the list are whole. */
  breaksAfterMs?: readonly number[];
  /** What becomes of a person who is dialled: answered unless told. */
  person?: DialStatus;
  /** Whether the caller leaves a message when asked for one; does unless told. */
  leavesMessage?: boolean;
  /** Signs the webhooks and the upgrade as Twilio does; without it they are not signed. */
  sign?: Sign;
  /** The address that the server goes by (its `PUBLIC_URL`), if it is not that of `to`. */
  publicUrl?: string;
  /** Aborting it hangs up. */
  signal?: AbortSignal;
  onEvent?(event: PhoneEvent): void;
}

/** Something to tell the person at the phone; `atMs` counts from the beginning of the first stream. */
export interface PhoneEvent {
  atMs: number;
  type: 'twilio' | 'connected' | 'caller' | 'agent' | 'clear' | 'violation';
  words: string;
}

/** One whole phone call, as the phone had it. */
export interface PhoneCallResult extends CallEnding, CallFigures, LineRecord {
  callSid: string;
}

const DEFAULT_TAIL_MS = 5_000;
const DEFAULT_MAX_MS = 600_000;
/** What Twilio calls a stream that failed, by how it did. */
const STREAM_ERRORS: Partial<Record<StreamEnd['by'], string>> = {
  refusal: '31920 - Stream - Handshake Error',
  line: '31903 - Stream - Connection Broken Pipe',
};

function refusalOf(end: StreamEnd, url: string): Refusal {
  const { protocol, host, pathname } = new URL(url);
  // The rest of a stream's path is its ticket.
  const where = pathname === '/media' ? url : `${protocol}//${host}/media/…`;
  const status = /\bHTTP (\d{3})\b/.exec(end.words)?.[1];
  if (status === '403') return { kind: 'forbidden', words: `${where} is refused with 403.` };
  if (status) return { kind: 'http', words: `${where} is refused with ${status}.` };
  return { kind: 'unreachable', words: `Nothing answers at ${where} (${end.words}).` };
}

function eventOf(event: StreamEvent): Pick<PhoneEvent, 'type' | 'words'> | undefined {
  switch (event.type) {
    case 'opened':
      return { type: 'connected', words: 'the stream is open' };
    case 'clear':
      return { type: 'clear', words: `${Math.round(event.droppedMs)} ms of the agent are cleared` };
    case 'violation':
      return { type: 'violation', words: `error ${event.code}: ${event.why}` };
    default:
      return undefined;
  }
}

/**
 * Runs one phone call to its end, either as Twilio does, which asks for TwiML and follows it, or straight to a media
 * socket. Speaks `speech`, listens, and tells what it was like. Never rejects, and always ends.
 */
export async function placePhoneCall(ports: Ports, options: PhoneCallOptions): Promise<PhoneCallResult> {
  const { to, speech, signal, sign, publicUrl } = options;
  const { accountSid = `AC${'0'.repeat(32)}`, from = '+12025550143', called = '+12025550187' } = options;
  const newSid = (prefix: string) => prefix + ports.randomBytes(16).toString('hex');
  const callSid = options.callSid ?? newSid('CA');
  const ids = { CallSid: callSid, AccountSid: accountSid };
  const tell = (event: PhoneEvent) => options.onEvent?.(event);

  const line = createPhoneLine(ports, {
    callSid,
    accountSid,
    speech,
    tailMs: options.tailMs ?? DEFAULT_TAIL_MS,
    maxMs: options.maxMs ?? DEFAULT_MAX_MS,
    markEchoDelayMs: options.markEchoDelayMs ?? 0,
    onSpeech(who, { edge, atMs }) {
      tell({ type: who, atMs, words: `the ${who} ${edge === 'start' ? 'speaks' : 'is silent'}` });
    },
    onStream(event) {
      const told = eventOf(event);
      if (told) tell({ ...told, atMs: event.atMs });
    },
  });

  function report(call: CallEnding): PhoneCallResult {
    const record = line.record();
    const words = findSpeech(speech).filter((span) => span.fromMs < record.durationMs);
    return { ...call, ...record, ...figuresOf(words, findSpeech(record.heard), record.clears), callSid };
  }

  async function callMediaSocket(): Promise<CallEnding> {
    const { url, headers } = requests.streamAt(to);
    const end = await line.connect(url, headers, { streamSid: newSid('MZ'), parameters: {} });
    if (signal?.aborted) return endingOf({ by: 'caller', words: '' });
    return end.by === 'refusal' ? refused(refusalOf(end, to)) : endingOf(end);
  }

  let streams = 0;

  async function talk(stream: Verb): Promise<StreamEnd> {
    const breaksAfterMs = options.breaksAfterMs?.[streams];
    streams += 1;
    const streamSid = newSid('MZ');
    const { url = '', statusCallback, name = streamSid } = stream.attributes;
    const inform = (StreamEvent: string, more: Record<string, string> = {}) => {
      if (statusCallback === undefined) return;
      const Timestamp = new Date(ports.clock.epochMs()).toISOString();
      const form = { ...ids, StreamSid: streamSid, StreamName: name, StreamEvent, Timestamp };
      requests.tell(statusCallback, { ...form, ...more });
    };
    const { url: dialled, headers } = requests.streamAt(url);
    const begun = () => inform('stream-started');
    const parameters = parametersOf(stream);
    const end = await line.connect(dialled, headers, { streamSid, parameters, begun, breaksAfterMs });
    const StreamError = STREAM_ERRORS[end.by];
    inform(StreamError ? 'stream-error' : 'stream-stopped', StreamError ? { StreamError } : {});
    return end;
  }

  function record({ attributes }: Verb): Record<string, string> | undefined {
    if (options.leavesMessage === false) return undefined;
    const RecordingSid = newSid('RE');
    const RecordingUrl = `https://api.twilio.com/2010-04-01/Accounts/${accountSid}/Recordings/${RecordingSid}`;
    const recording = { RecordingSid, RecordingUrl, RecordingDuration: '7' };
    const { recordingStatusCallback: told } = attributes;
    if (told !== undefined) requests.tell(told, { ...ids, ...recording, RecordingStatus: 'completed' });
    return recording;
  }

  async function callWebhook(): Promise<CallEnding> {
    const webhook = requests.publicAddress(to);
    const twiml = await requests.askTwiml(webhook, { CallStatus: 'ringing' });
    if (!Array.isArray(twiml)) return refused(twiml);
    return followTwiml(twiml, {
      ask: (url, fields) =>
        requests.askTwiml(new URL(url, webhook).href, { CallStatus: 'in-progress', ...fields }),
      dial: () => options.person ?? 'completed',
      record,
      talk,
      refusalOf: (end, stream) => refusalOf(end, stream.attributes.url ?? ''),
      tell: (words) => tell({ type: 'twilio', words, atMs: line.elapsedMs }),
      get callerHungUp() {
        return signal?.aborted ?? false;
      },
    });
  }

  if (!/^(https?|wss?):\/\//i.test(to) || !URL.canParse(to)) {
    return report(refused({ kind: 'unreachable', words: `${to} is no address of a server.` }));
  }
  const requests = createTwilioRequests(ports, {
    to,
    fields: {
      ...ids,
      ApiVersion: '2010-04-01',
      Direction: 'inbound',
      From: from,
      To: called,
      Caller: from,
      Called: called,
    },
    ...(publicUrl ? { publicUrl } : {}),
    ...(sign ? { sign } : {}),
  });
  if (signal?.aborted) return report(endingOf({ by: 'caller', words: '' }));
  signal?.addEventListener('abort', line.hangUp);
  const ended = await (/^ws/i.test(to) ? callMediaSocket() : callWebhook());
  signal?.removeEventListener('abort', line.hangUp);
  return report(ended);
}
