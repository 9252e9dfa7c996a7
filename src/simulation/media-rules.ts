/**
 * What Twilio accepts on a bidirectional Media Stream: exactly three messages, with exactly these fields. Written
 * without the bridge's own writer, so that a mistake there is not repeated here.
 */

/** Twilio's error and warning codes (https://www.twilio.com/docs/api/errors). */
export type ViolationCode =
  /** A protocol error: audio with a file header, or anything at all on a one-way stream. */
  | 31924
  /** More than ten minutes of audio were waiting: the rest is thrown away. */
  | 31931
  /** A binary frame; Twilio takes text only. */
  | 31950
  /** Not JSON, an unknown event, a missing or an extra field, another stream's id. */
  | 31951;

/** One rule that the server broke. `why` holds no audio. */
export interface Violation {
  code: ViolationCode;
  why: string;
}

/** A message of the server that Twilio acts upon. */
export type ServerMessage =
  | { event: 'media'; payload: Buffer }
  | { event: 'mark'; name: string }
  | { event: 'clear' };

/** A message, a violation, or both: audio with a file header is played, as noise. */
export interface Judgement {
  message?: ServerMessage;
  violation?: Violation;
}

type Fields = Record<string, unknown>;

const FILE_HEADERS = ['RIFF', 'ID3', 'OggS', '.snd', 'fLaC'];

const invalid = (why: string): Judgement => ({ violation: { code: 31951, why } });

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What is wrong with the keys of `value`, which must be exactly `expected`; undefined when nothing is. */
function keyFault(where: string, value: unknown, expected: readonly string[]): string | undefined {
  if (!isObject(value)) return `${where} is not an object`;
  const missing = expected.find((key) => !Object.hasOwn(value, key));
  if (missing !== undefined) return `${where} lacks the field "${missing}"`;
  const extra = Object.keys(value).find((key) => !expected.includes(key));
  if (extra !== undefined) return `${where} has the unexpected field "${extra.slice(0, 40)}"`;
  return undefined;
}

function judgeMedia(media: unknown): Judgement {
  const fault = keyFault('media', media, ['payload']);
  if (fault !== undefined) return invalid(fault);
  const { payload } = media as Fields;
  if (typeof payload !== 'string') return invalid('media.payload is not a string');
  if (payload === '') return invalid('media.payload is empty');
  const bytes = Buffer.from(payload, 'base64');
  // Node skips what is not base64: only a text that comes back unchanged was all base64.
  if (bytes.toString('base64') !== payload) return invalid('media.payload is not base64');
  const header = FILE_HEADERS.find((magic) => bytes.toString('latin1', 0, magic.length) === magic);
  const message: ServerMessage = { event: 'media', payload: bytes };
  if (header === undefined) return { message };
  const why = `media.payload begins with the file header "${header}", which is heard as noise`;
  return { message, violation: { code: 31924, why } };
}

function judgeMark(mark: unknown): Judgement {
  const fault = keyFault('mark', mark, ['name']);
  if (fault !== undefined) return invalid(fault);
  const { name } = mark as Fields;
  if (typeof name !== 'string' || name === '') return invalid('mark.name is not a text');
  return { message: { event: 'mark', name } };
}

const FIELDS: Record<ServerMessage['event'], readonly string[]> = {
  media: ['event', 'streamSid', 'media'],
  mark: ['event', 'streamSid', 'mark'],
  clear: ['event', 'streamSid'],
};

function isKnown(event: unknown): event is ServerMessage['event'] {
  return typeof event === 'string' && Object.hasOwn(FIELDS, event);
}

/** Judges one text frame as Twilio judges it on the stream `streamSid`. Never throws. */
export function judgeServerText(text: string, streamSid: string): Judgement {
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch {
    return invalid('the text is not JSON');
  }
  if (!isObject(message)) return invalid('the message is not an object');
  const { event } = message;
  if (!isKnown(event)) return invalid(`unknown event ${String(JSON.stringify(event)).slice(0, 40)}`);
  const fault = keyFault(`the ${event} message`, message, FIELDS[event]);
  if (fault !== undefined) return invalid(fault);
  if (message.streamSid !== streamSid) return invalid(`the ${event} message names another stream`);
  if (event === 'media') return judgeMedia(message.media);
  if (event === 'mark') return judgeMark(message.mark);
  return { message: { event } };
}
