import { z } from 'zod';

const HOUR_MS = 3_600_000;
/** The longest that Twilio lets a call last, unless the account is told otherwise. */
const LONGEST_CALL_MS = 4 * HOUR_MS;

const e164 = /^\+[1-9]\d{1,14}$/;
/** What can stand in a header: visible ASCII. */
const visible = /^[\x21-\x7e]+$/;
/** What examples put where a secret belongs. */
const placeholder = /^(<.*>|\.+|x{3,}|your[-_].*|change[-_]?me)$/i;

/**
 * The environment's variables, each by itself: what it may be, and what it is when left out. The words of a fault go
 * after the variable's name and end with the remedy. They never quote the value: it may be a secret in the wrong place.
 */
export const variables = z.object({
  PORT: wholeNumber(0, 65_535).default(3000),
  HOST: text(/^[\w.:%-]+$/, 'the name or address to listen on').default('0.0.0.0'),
  PUBLIC_URL: address('https', 'http').optional(),
  NODE_ENV: z.string().optional(),
  AGENT: oneOf('vapi', 'simulated').optional(),
  VAPI_API_KEY: secret().optional(),
  VAPI_BASE_URL: address('https', 'http').default('https://api.vapi.ai'),
  VAPI_DIALECT: oneOf('transport', 'direct').default('transport'),
  VAPI_WS_ENDPOINT: address('wss', 'ws').default('wss://api.vapi.ai/ws'),
  VAPI_AUDIO_FORMAT: oneOf('mulaw', 'pcm_s16le').optional(),
  VAPI_CREATES_PER_SECOND: wholeNumber(1, 10_000).default(20),
  VAPI_ASSISTANT_ID: text(/^[\w-]+$/, 'the id of the assistant at Vapi').optional(),
  VAPI_ASSISTANT_FILE: z.string().optional(),
  VAPI_WEBHOOK_SECRET: secret().optional(),
  TWILIO_ACCOUNT_SID: text(/^AC[\w-]+$/, 'the id of the Twilio account, which begins with AC').optional(),
  TWILIO_AUTH_TOKEN: secret().optional(),
  TWILIO_AUTH_TOKEN_SECONDARY: secret().optional(),
  TWILIO_PHONE_NUMBER: text(e164, 'a number such as +15551234567').optional(),
  TWILIO_API_BASE_URL: address('https', 'http').optional(),
  VALIDATE_TWILIO_SIGNATURES: flag().optional(),
  BUFFER_SIZE: wholeNumber(0, 500).default(20),
  MAX_BUFFER_SIZE: wholeNumber(1, 3000).default(50),
  CONNECT_BUFFER_SIZE: wholeNumber(1, 3000).default(500),
  FRAMES_PER_SEND: wholeNumber(1, 100).default(1),
  SESSION_TTL_MS: wholeNumber(1, LONGEST_CALL_MS).default(1_500_000),
  HEARTBEAT_INTERVAL_MS: wholeNumber(10, HOUR_MS).default(10_000),
  // Below two frames every line would be suspected.
  MEDIA_TIMEOUT_MS: wholeNumber(40, HOUR_MS).default(2_000),
  BARGE_IN: oneOf('reversible', 'confirmed', 'transcript').default('reversible'),
  PROTECT_GREETING: flag().default('false'),
  INSIST_ON: z
    .string()
    .max(200, { error: 'is longer than 200 characters. Set it to fewer words.' })
    .optional(),
  TELL_AGENT_HEARD: flag().default('false'),
  NUMBERS_FILE: z.string().optional(),
  GREETING: z.string().default('Connecting you to the assistant'),
  CLIP_ONE_MOMENT: z.string().optional(),
  CLIP_LINE_LOST: z.string().optional(),
  WORDS_BACK: z
    .string()
    .max(200, { error: 'is longer than 200 characters. Set it to a short sentence.' })
    .optional(),
  FALLBACK_NUMBER: text(e164, 'a number such as +15551234567').optional(),
  VOICEMAIL: z
    .string()
    .max(500, { error: 'is longer than 500 characters. Set it to a sentence or two.' })
    .optional(),
  MAX_CALLS: wholeNumber(1, 10_000).optional(),
  WORKERS: workers().default(1),
  DRAIN_TIMEOUT_MS: wholeNumber(0, 24 * HOUR_MS).default(HOUR_MS),
  STATE_DIR: z.string().optional(),
  ADMIN_TOKEN: secret().optional(),
  LOG_FORMAT: oneOf('pretty', 'json').optional(),
  INSPECTOR_SHOWS: listOf('numbers', 'transcripts').default([]),
  INSPECT_XSTATE_PORT: wholeNumber(1, 65_535).optional(),
  INSPECT_STATELY: oneOf('true', 'false', '1', '0').default('false'),
  OTEL_EXPORTER_OTLP_ENDPOINT: address('https', 'http').optional(),
  OTEL_SERVICE_NAME: z.string().default('vapi-twilio-bridge'),
});

export type Variables = z.output<typeof variables>;
export type VariableName = keyof Variables;

/** In the order in which faults are named. */
export const variableNames = Object.keys(variables.shape) as VariableName[];

interface Rule {
  name: VariableName;
  broken(v: Variables): boolean;
  words: string;
}

/** Whether the strict rules hold. */
export const isProduction = (v: Variables) => v.NODE_ENV === 'production';

/** What the variables must be to one another. A rule about a variable that is faulty by itself is not looked at. */
export const rules: readonly Rule[] = [
  {
    name: 'PUBLIC_URL',
    broken: (v) => isProduction(v) && !v.PUBLIC_URL,
    words: 'is missing. Set it to the https:// address by which Twilio reaches this server.',
  },
  {
    name: 'PUBLIC_URL',
    broken: (v) => isProduction(v) && !!v.PUBLIC_URL && !v.PUBLIC_URL.startsWith('https:'),
    words: 'is not encrypted, which production refuses. Set it to an https:// address.',
  },
  {
    name: 'AGENT',
    broken: (v) => isProduction(v) && v.AGENT === 'simulated',
    words: 'is simulated, which production refuses. Set it to vapi, or leave it out.',
  },
  {
    name: 'VAPI_API_KEY',
    broken: (v) => (isProduction(v) || v.AGENT === 'vapi') && !v.VAPI_API_KEY,
    words: 'is missing. Set it to the private key of the Vapi account.',
  },
  {
    name: 'VAPI_ASSISTANT_FILE',
    broken: (v) => v.VAPI_ASSISTANT_FILE !== undefined && v.VAPI_ASSISTANT_ID !== undefined,
    words: 'is set beside VAPI_ASSISTANT_ID. Leave one of the two out.',
  },
  {
    name: 'TWILIO_ACCOUNT_SID',
    broken: (v) => isProduction(v) && !v.TWILIO_ACCOUNT_SID,
    words: 'is missing. Set it to the id of the Twilio account, which begins with AC.',
  },
  {
    // An empty token would pass whatever a stranger signs with an empty token.
    name: 'TWILIO_AUTH_TOKEN',
    broken: (v) => (isProduction(v) || v.VALIDATE_TWILIO_SIGNATURES === 'true') && !v.TWILIO_AUTH_TOKEN,
    words: 'is missing. Set it to the auth token of the Twilio account, which signatures are checked with.',
  },
  {
    name: 'TWILIO_AUTH_TOKEN_SECONDARY',
    broken: (v) => v.TWILIO_AUTH_TOKEN_SECONDARY !== undefined && !v.TWILIO_AUTH_TOKEN,
    words: 'is set without TWILIO_AUTH_TOKEN. Leave it out, or set the primary token beside it.',
  },
  {
    name: 'VALIDATE_TWILIO_SIGNATURES',
    broken: (v) => isProduction(v) && v.VALIDATE_TWILIO_SIGNATURES === 'false',
    words: 'is false, which production refuses. Set it to true, or leave it out.',
  },
  {
    name: 'BARGE_IN',
    broken: (v) => v.BARGE_IN === 'confirmed' && v.VAPI_DIALECT === 'direct',
    words:
      'is confirmed, but with VAPI_DIALECT=direct nobody confirms an interruption. Set it to reversible or transcript.',
  },
  {
    // Each would show the calls of one process.
    name: 'INSPECT_XSTATE_PORT',
    broken: (v) => v.INSPECT_XSTATE_PORT !== undefined && v.WORKERS !== 1,
    words: 'shows the calls of one process alone. Leave it out, or set WORKERS to 1.',
  },
  {
    name: 'INSPECT_STATELY',
    broken: (v) => (v.INSPECT_STATELY === 'true' || v.INSPECT_STATELY === '1') && v.WORKERS !== 1,
    words: 'shows the calls of one process alone. Leave it out, or set WORKERS to 1.',
  },
  {
    name: 'ADMIN_TOKEN',
    broken: (v) => isProduction(v) && !v.ADMIN_TOKEN,
    words: 'is missing. Set it to a long random text, which the inspector, /calls and /metrics will ask for.',
  },
];

function text(form: RegExp, what: string) {
  return z.string().regex(form, { error: `is malformed. Set it to ${what}, or leave it out.` });
}

function secret() {
  return z
    .string()
    .refine((value) => visible.test(value), {
      error: 'holds spaces or special characters. Set it to the secret alone.',
    })
    .refine((value) => !placeholder.test(value), {
      error: 'is an example’s placeholder. Set it to the secret itself.',
    });
}

function oneOf<const Values extends readonly [string, ...string[]]>(...values: Values) {
  const last = values.at(-1);
  const choices = values.length > 1 ? `${values.slice(0, -1).join(', ')} or ${last}` : last;
  return z.enum(values, { error: `is not known. Set it to ${choices}, or leave it out.` });
}

function flag() {
  return oneOf('true', 'false');
}

/** Words of a list, parted by commas. */
function listOf<const Values extends readonly [string, ...string[]]>(...values: Values) {
  const known: readonly string[] = values;
  return z
    .string()
    .transform((text) => text.split(',').map((word) => word.trim()))
    .refine((words): words is Values[number][] => words.every((word) => known.includes(word)), {
      error: `names something unknown. Set it to ${values.join(' or ')}, or both with a comma, or leave it out.`,
    });
}

function wholeNumber(from: number, to: number) {
  return z
    .string()
    .refine((value) => /^\d{1,15}$/.test(value) && Number(value) >= from && Number(value) <= to, {
      error: `is no whole number from ${from} to ${to}. Set it to one, or leave it out.`,
    })
    .transform(Number);
}

/** A number of processes, or `auto`: as many as there are cores. */
function workers() {
  const fault = 'is no whole number from 1 to 64. Set it to one or to auto, or leave it out.';
  return z
    .string()
    .refine(
      (value) => value === 'auto' || (/^\d{1,2}$/.test(value) && Number(value) >= 1 && Number(value) <= 64),
      {
        error: fault,
      },
    )
    .transform((value) => (value === 'auto' ? value : Number(value)));
}

/** An absolute address without a query, a fragment or a user; slashes at its end are taken off, so that paths can follow. */
function address(...schemes: readonly string[]) {
  return z
    .string()
    .refine((value) => isAddress(value, schemes), {
      error: `is malformed. Set it to ${schemes.map((s) => `${s}://host`).join(' or ')}, with a port or path if need be, but without a user, a query or a fragment.`,
    })
    .transform((value) => value.replace(/\/+$/, ''));
}

function isAddress(value: string, schemes: readonly string[]): boolean {
  const scheme = /^([a-z]+):\/\/[^/]/.exec(value)?.[1];
  if (scheme === undefined || !schemes.includes(scheme)) return false;
  if (!visible.test(value) || /[?#\\]/.test(value) || !URL.canParse(value)) return false;
  const { username, password } = new URL(value);
  return username === '' && password === '';
}
