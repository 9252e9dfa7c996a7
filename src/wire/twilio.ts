import { base64From, bytesFromBase64 } from './base64.ts';
import type { Fields, Unreadable } from './fields.ts';
import { countFrom, fieldsFrom, identifierFrom, isFields, unreadable, wordFrom } from './fields.ts';

/** What Twilio says the caller's audio is. Documented as always `audio/x-mulaw`, 8000, 1. */
export interface TwilioMediaFormat {
  encoding: string;
  sampleRate: number;
  channels: number;
}

/** The first message with ids in it; nothing may be sent to Twilio before it. */
export interface TwilioStarted {
  kind: 'started';
  streamSid: string;
  callSid: string;
  /** '' when the message has none, as from a bare development client. */
  accountSid: string;
  tracks: readonly string[];
  mediaFormat: TwilioMediaFormat | undefined;
  /** The `<Parameter>`s of the TwiML: at most 32, of at most 500 characters each, name and value together. */
  parameters: ReadonlyMap<string, string>;
}

/** Sound from the call. */
export interface TwilioMedia {
  kind: 'media';
  /** `inbound` is the caller, `outbound` what the caller hears. Inbound when the message does not say. */
  track: 'inbound' | 'outbound' | 'unknown';
  chunk: number | undefined;
  /** Milliseconds since the start of the stream: the time at which this sound was made. */
  timestampMs: number | undefined;
  /** µ-law at 8 kHz: 8 bytes are a millisecond. Usually 160 bytes; any length from 1 to 16,384 is accepted. */
  payload: Buffer;
}

/** Every message of a Media Stream (docs/wire.md, "Twilio to us"). */
export type TwilioMessage =
  | { kind: 'connected' }
  | TwilioStarted
  | TwilioMedia
  | { kind: 'pressed'; digit: string }
  | { kind: 'mark'; name: string }
  | { kind: 'stopped' }
  | { kind: 'unknown'; event: string }
  | Unreadable;

/** Twilio's own messages are below 1 kB, but nothing promises a size. */
const longestMessage = 65_536;
const mostPayloadBytes = 16_384;
const mostParameters = 32;
const longestParameter = 500;

/** Reads one text frame of a Media Stream. Never throws: what cannot be used is `unreadable`. */
export function readTwilioMessage(text: string): TwilioMessage {
  const fields = fieldsFrom(text, longestMessage);
  if (typeof fields === 'string') return unreadable(fields);
  switch (fields.event) {
    case 'media':
      return readMedia(fields.media);
    case 'mark':
      return readMark(fields.mark);
    case 'start':
      return readStart(fields);
    case 'dtmf':
      return readDtmf(fields.dtmf);
    case 'connected':
      return { kind: 'connected' };
    case 'stop':
      return { kind: 'stopped' };
  }
  const event = fields.event;
  return typeof event === 'string' ? { kind: 'unknown', event: wordFrom(event) } : unreadable('no event');
}

function readMedia(media: unknown): TwilioMessage {
  if (!isFields(media)) return unreadable('media without its fields');
  const { payload } = media;
  if (typeof payload !== 'string') return unreadable('media without a payload');
  const bytes = bytesFromBase64(payload, mostPayloadBytes);
  if (bytes === undefined) return unreadable('media whose payload is not 1 to 16384 bytes of base64');
  return {
    kind: 'media',
    track: trackFrom(media.track),
    chunk: countFrom(media.chunk),
    timestampMs: countFrom(media.timestamp),
    payload: bytes,
  };
}

/** Twilio writes `inbound` in `media` and `inbound_track` in `dtmf`. */
function trackFrom(track: unknown): TwilioMedia['track'] {
  if (track === undefined || track === 'inbound' || track === 'inbound_track') return 'inbound';
  return track === 'outbound' || track === 'outbound_track' ? 'outbound' : 'unknown';
}

function readStart(fields: Fields): TwilioMessage {
  const { start } = fields;
  if (!isFields(start)) return unreadable('start without its fields');
  const streamSid = identifierFrom(start.streamSid ?? fields.streamSid);
  if (streamSid === undefined) return unreadable('start without a usable streamSid');
  const callSid = identifierFrom(start.callSid);
  if (callSid === undefined) return unreadable('start without a usable callSid');
  const mediaFormat = start.mediaFormat === undefined ? undefined : readMediaFormat(start.mediaFormat);
  if (mediaFormat === null) return unreadable('start whose mediaFormat says nothing');
  return {
    kind: 'started',
    streamSid,
    callSid,
    accountSid: identifierFrom(start.accountSid) ?? '',
    tracks: readTracks(start.tracks),
    mediaFormat,
    parameters: readParameters(start.customParameters),
  };
}

/** Null for a format that is there but cannot be understood, which must not pass for an absent one. */
function readMediaFormat(format: unknown): TwilioMediaFormat | null {
  if (!isFields(format) || typeof format.encoding !== 'string') return null;
  const sampleRate = countFrom(format.sampleRate);
  const channels = countFrom(format.channels ?? 1);
  if (sampleRate === undefined || channels === undefined) return null;
  return { encoding: wordFrom(format.encoding), sampleRate, channels };
}

function readTracks(tracks: unknown): readonly string[] {
  if (!Array.isArray(tracks)) return [];
  return tracks
    .slice(0, 4)
    .filter((track) => typeof track === 'string')
    .map(wordFrom);
}

/** A Map, because a parameter may be called `__proto__`. */
function readParameters(parameters: unknown): ReadonlyMap<string, string> {
  const read = new Map<string, string>();
  if (!isFields(parameters)) return read;
  for (const name of Object.keys(parameters)) {
    if (read.size === mostParameters) break;
    const value = parameters[name];
    if (typeof value === 'string' && name.length + value.length <= longestParameter) read.set(name, value);
  }
  return read;
}

function readDtmf(dtmf: unknown): TwilioMessage {
  const digit = isFields(dtmf) ? dtmf.digit : undefined;
  if (typeof digit !== 'string' || !/^[0-9*#A-D]$/.test(digit)) return unreadable('dtmf without one key');
  return { kind: 'pressed', digit };
}

function readMark(mark: unknown): TwilioMessage {
  const name = isFields(mark) ? mark.name : undefined;
  if (typeof name !== 'string' || name.length > 256) return unreadable('mark without a usable name');
  return { kind: 'mark', name };
}

/**
 * The three messages that Twilio accepts on the stream `streamSid`. A field too many or too few makes a message
 * invalid (31951), and Twilio reports that once per stream and then keeps silent, so each has exactly the documented
 * fields. What surrounds the audio is made once; a frame then costs one base64 and two joins.
 */
export interface TwilioWriter {
  /** Play these raw µ-law bytes (8 kHz, no header, at least one byte) after all that was sent before. */
  media(audio: Uint8Array): string;
  /** Send `name` back when all that was sent before has been played, or cleared. Short ASCII, never used twice. */
  mark(name: string): string;
  /** Forget all that has not been played; every outstanding mark then comes back at once. */
  readonly clear: string;
}

/** Writes for one stream; `streamSid` may hold anything and is escaped. */
export function createTwilioWriter(streamSid: string): TwilioWriter {
  const sid = JSON.stringify(streamSid);
  const mediaHead = `{"event":"media","streamSid":${sid},"media":{"payload":"`;
  const markHead = `{"event":"mark","streamSid":${sid},"mark":{"name":`;
  return {
    media: (audio) => `${mediaHead}${base64From(audio)}"}}`,
    mark: (name) => `${markHead}${JSON.stringify(name)}}}`,
    clear: `{"event":"clear","streamSid":${sid}}`,
  };
}

/** One `media` message; see `TwilioWriter`, which is cheaper for a stream of them. */
export function writeMedia(streamSid: string, audio: Uint8Array): string {
  return createTwilioWriter(streamSid).media(audio);
}

/** One `mark` message. */
export function writeMark(streamSid: string, name: string): string {
  return createTwilioWriter(streamSid).mark(name);
}

/** One `clear` message. */
export function writeClear(streamSid: string): string {
  return createTwilioWriter(streamSid).clear;
}
