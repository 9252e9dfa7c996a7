/** The fields of a JSON object from outside: every value still has to be asked what it is. */
export type Fields = Readonly<Record<string, unknown>>;

/** What a text turns out to be that cannot be used. `why` is fit for a log: it never quotes the text. */
export interface Unreadable {
  kind: 'unreadable';
  why: string;
}

/** `why` must be words of ours, never of the text. */
export function unreadable(why: string): Unreadable {
  return { kind: 'unreadable', why };
}

/** True for an object, but not for an array or null. */
export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The JSON object that `text` holds, or a string saying why there is none. `maxLength` is in characters. */
export function fieldsFrom(text: string, maxLength: number): Fields | string {
  if (text.length > maxLength) return 'longer than any message';
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'not JSON';
  }
  return isFields(value) ? value : 'not a JSON object';
}

const digitsOnly = /^\d{1,15}$/;

/** A whole number from 0 up, written as a number or, as Twilio does, as a string of digits. */
export function countFrom(value: unknown): number | undefined {
  if (typeof value === 'string') return digitsOnly.test(value) ? Number(value) : undefined;
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

const identifierForm = /^[A-Za-z0-9_-]{1,64}$/;

/**
 * An id that is safe in a log line and in the path of a URL. Twilio's are `CA…`, `MZ…`, `AC…` with 32 hex digits and
 * Vapi's are UUIDs; development clients make up `CA-test`.
 */
export function identifierFrom(value: unknown): string | undefined {
  return typeof value === 'string' && identifierForm.test(value) ? value : undefined;
}

/** A short word for a log: at most 64 characters, control characters and line breaks removed. */
export function wordFrom(value: string): string {
  return withoutControls(value.slice(0, 64));
}

/** `value` without control characters (C0, DEL, C1), line separators and the marks that reverse writing. */
export function withoutControls(value: string): string {
  return value.replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, '');
}
