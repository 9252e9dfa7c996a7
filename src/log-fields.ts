import { scrub } from './scrub.ts';

/** What a log line says beside its message. Anything may be given; `presentable` makes it fit to be kept. */
export type LogFields = Record<string, unknown>;

const REDACTED = '[redacted]';
const LONGEST_STRING = 2_000;
const MOST_ENTRIES = 50;
const DEEPEST = 6;
const MOST_FRAMES = 10;

/** Names that the line itself uses: a field of that name would pass for it, and is renamed. */
const LINE_NAMES = new Set(['level', 'time', 'msg', 'name', 'pid', 'hostname']);

/** Fields whose value is a secret, or someone's number or words, whatever it looks like. */
const SECRET_NAME =
  /(?:authorization|token|secret|password|apikey|signature|cookie|ticket|nonce|callurl|controlurl|listenurl|phonenumber|fallbacknumber|transcripts?|digits?|dtmf)$|^(?:from|to|called|caller)$/;

/** Control characters, which end lines and drive terminals; line separators; marks that turn the writing round. */
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/gu;

/**
 * The fields as a log may keep them: secrets redacted by name at any depth, every string made presentable, errors
 * and bytes told in short, and all of it bounded in size.
 */
export function presentable(fields: LogFields): LogFields {
  return Object.fromEntries(
    Object.entries(presentableEntries(fields, 0)).map(([name, value]) => [
      LINE_NAMES.has(name) ? `${name}_` : name,
      value,
    ]),
  );
}

/** A string scrubbed, on one line, and at most 2,000 characters long. No caller can forge a line with it. */
export function presentableText(text: string): string {
  const safe = scrub(text).replace(UNPRINTABLE, escaped);
  return safe.length <= LONGEST_STRING
    ? safe
    : `${safe.slice(0, LONGEST_STRING)}… (${safe.length - LONGEST_STRING} more)`;
}

function presentableValue(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return presentableText(value);
  if (typeof value === 'bigint') return `${value}`;
  if (typeof value === 'function' || typeof value === 'symbol') return `[${typeof value}]`;
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Uint8Array) return `[${value.length} bytes]`;
  if (value instanceof Date || value instanceof URL) return presentableText(`${value.toJSON()}`);
  if (depth >= DEEPEST) return '[deeper]';
  if (value instanceof Error) return presentableEntries(errorEntries(value), depth + 1);
  if (Array.isArray(value))
    return value.slice(0, MOST_ENTRIES).map((item) => presentableValue(item, depth + 1));
  return presentableEntries(value, depth + 1);
}

function presentableEntries(value: object, depth: number): LogFields {
  const entries = Object.entries(value).slice(0, MOST_ENTRIES);
  return Object.fromEntries(
    entries.map(([name, item]) => [
      presentableText(name),
      isSecret(name, item) ? REDACTED : presentableValue(item, depth),
    ]),
  );
}

/** Whether a value is there at all is no secret. */
function isSecret(name: string, value: unknown): boolean {
  if (value === undefined || value === null || typeof value === 'boolean') return false;
  return SECRET_NAME.test(name.toLowerCase().replaceAll(/[^a-z]/g, ''));
}

function errorEntries({ name, message, stack, cause, ...more }: Error): LogFields {
  const frames = (stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return {
    type: name,
    message,
    ...more,
    ...(cause === undefined ? {} : { cause }),
    stack: frames
      .slice(0, MOST_FRAMES)
      .map((frame) => frame.trim())
      .join(' < '),
  };
}

function escaped(sign: string): string {
  if (sign === '\n') return '\\n';
  if (sign === '\r') return '\\r';
  if (sign === '\t') return '\\t';
  return `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
