import { NO_RULES, type NumberRules, readNumberRules } from './number-rules.ts';
import {
  isProduction,
  rules,
  type VariableName,
  type Variables,
  variableNames,
  variables,
} from './variables.ts';
import { type Fields, fieldsFrom } from './wire/fields.ts';

/**
 * Calls that one core carries, of a machine that nothing is known of: 50 took 56 % of a slow, shared one, and a frame gets
 * cheaper with more of them (docs/performance.md). `npm run capacity` tells what a machine really carries. Node runs on one
 * core at most.
 */
const CALLS_PER_CORE = 100;
/** In characters. An assistant with a very long prompt has some 100,000. */
const MAX_ASSISTANT_LENGTH = 1_000_000;

/** Who answers: an assistant stored at Vapi, one that is sent along with each call, or the tutorial's. */
export type AssistantChoice = { id: string } | { transient: Fields } | 'tutorial';

export type AgentSettings =
  | { kind: 'simulated' }
  | {
      kind: 'vapi';
      /** Secret. */
      apiKey: string;
      baseUrl: string;
      dialect: 'transport' | 'direct';
      /** The socket of `direct`. */
      wsEndpoint: string;
      /** µ-law at 8 kHz, or signed 16-bit little-endian at 16 kHz. */
      format: 'mulaw' | 'pcm_s16le';
      /** Calls that are asked for in a second, at most; five times as many at once. */
      createsPerSecond: number;
      assistant: AssistantChoice;
    };

/** Everything that an operator decides. Holds secrets: not to be logged or shown whole. */
export interface Settings {
  production: boolean;
  server: {
    host: string;
    /** 0: any free port. */
    port: number;
    /** `https://…`, in development also `http://…`, no slash at the end. Absent: taken from each request. */
    publicUrl: string | undefined;
    /** Secret. Absent: the inspector, `/calls` and `/metrics` answer on loopback only. */
    adminToken: string | undefined;
    /** Secret. What Vapi's server messages prove themselves with. */
    vapiWebhookSecret: string | undefined;
    maxCalls: number;
    /** Processes that have calls; 1: this one alone. */
    workers: number;
    drainTimeoutMs: number;
    /** The folder of what outlives a process; absent: one among the system's temporary files. */
    stateDir: string | undefined;
  };
  agent: AgentSettings;
  twilio: {
    accountSid: string | undefined;
    /** Secret. */
    authToken: string | undefined;
    /** Secret. Good for the same while one follows the other. */
    secondaryAuthToken: string | undefined;
    phoneNumber: string | undefined;
    /** Absent: Twilio's own. */
    apiBaseUrl: string | undefined;
    /** True only if there is an auth token. */
    validateSignatures: boolean;
  };
  /** In frames of 20 ms. */
  buffers: { prerollFrames: number; maxFrames: number; connectFrames: number; framesPerSend: number };
  call: {
    sessionTtlMs: number;
    heartbeatIntervalMs: number;
    mediaTimeoutMs: number;
    bargeIn: 'reversible' | 'confirmed' | 'transcript';
    /** Whether the agent's first words are heard out. */
    protectsGreeting: boolean;
    /** Words by which the agent shows that what it says is to be heard out. */
    insistsOn: string | undefined;
    /** Whether an interrupted agent is told how much of its words was heard. */
    tellsHeard: boolean;
    /** Empty for none. */
    greeting: string;
    /** Files with the bridge's own words; absent: the bundled ones; empty: none. */
    clips: { oneMoment: string | undefined; lineLost: string | undefined };
    wordsBack: string | undefined;
    /** In E.164 form. */
    fallbackNumber: string | undefined;
    /** What a caller whom nobody can answer is asked before the tone; absent: no message is taken. */
    voicemail: string | undefined;
  };
  /** Phrases by language, and what holds for single numbers. */
  numbers: NumberRules;
  inspector: {
    /** What is shown beside what is harmless. */
    shows: { numbers: boolean; transcripts: boolean };
    /** The port of the window for xstate 4 tools; absent: none. */
    xstatePort: number | undefined;
    stately: boolean;
  };
  /** The collector of traces, `https://…` or `http://…`, no slash at the end; absent: none are made. */
  traces: { endpoint: string; serviceName: string } | undefined;
  logFormat: 'pretty' | 'json';
}

/** What the settings may ask of the machine they are read on. */
export interface Machine {
  /** Cores that this process may use; a fraction where a container is given less than one. */
  cores: number;
  /** Whether the log goes to a terminal: the default of `LOG_FORMAT`. */
  isTerminal?: boolean | undefined;
  /** The text of a file. Throws if it cannot be read. */
  readFile(path: string): string;
}

/** `words` have one line for each fault: the variable, what is wrong with it, and the remedy. */
export type SettingsResult = { ok: true; settings: Settings } | { ok: false; words: string };

/** What can be left out by saying nothing. */
const MAY_BE_EMPTY: ReadonlySet<VariableName> = new Set([
  'GREETING',
  'CLIP_ONE_MOMENT',
  'CLIP_LINE_LOST',
  'WORDS_BACK',
]);

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The environment, read once, checked, and frozen. An empty variable counts as left out (but an empty `GREETING` or
 * clip asks for silence); variables of other programs are not looked at. All faults are found at once, so that a server is put
 * right in one go.
 */
export function readSettings(env: Environment, machine: Machine): SettingsResult {
  const given = givenOf(env);
  const faults = new Map<VariableName, string>();
  for (const { path, message } of variables.safeParse(Object.fromEntries(given)).error?.issues ?? []) {
    const name = path[0] as VariableName;
    faults.set(name, message);
    given.delete(name);
  }
  const values = variables.parse(Object.fromEntries(given));
  for (const { name, broken, words } of rules)
    if (!faults.has(name) && broken(values)) faults.set(name, words);

  const assistant = assistantOf(values, machine.readFile);
  if (!assistant.ok && !faults.has('VAPI_ASSISTANT_FILE')) faults.set('VAPI_ASSISTANT_FILE', assistant.words);
  const numbers = numbersOf(values, machine.readFile);
  if (!numbers.ok) faults.set('NUMBERS_FILE', numbers.words);
  if (!assistant.ok || !numbers.ok || faults.size > 0) return { ok: false, words: told(faults) };
  return { ok: true, settings: frozen(settingsOf(values, assistant.choice, numbers.rules, machine)) };
}

function givenOf(env: Environment): Map<VariableName, string> {
  const given = new Map<VariableName, string>();
  for (const name of variableNames) {
    const value = env[name]?.trim();
    if (value || (value === '' && MAY_BE_EMPTY.has(name))) given.set(name, value);
  }
  return given;
}

function told(faults: ReadonlyMap<VariableName, string>): string {
  return variableNames
    .filter((name) => faults.has(name))
    .map((name) => `${name} ${faults.get(name)}`)
    .join('\n');
}

function assistantOf(
  v: Variables,
  readFile: Machine['readFile'],
): { ok: true; choice: AssistantChoice } | { ok: false; words: string } {
  if (v.VAPI_ASSISTANT_ID !== undefined) return { ok: true, choice: { id: v.VAPI_ASSISTANT_ID } };
  if (v.VAPI_ASSISTANT_FILE === undefined) return { ok: true, choice: 'tutorial' };
  let text: string;
  try {
    text = readFile(v.VAPI_ASSISTANT_FILE);
  } catch {
    return {
      ok: false,
      words: 'cannot be read. Set it to the path of a file that holds an assistant as JSON.',
    };
  }
  const transient = fieldsFrom(text, MAX_ASSISTANT_LENGTH);
  if (typeof transient !== 'string') return { ok: true, choice: { transient } };
  return {
    ok: false,
    words: `holds no assistant: it is ${transient}. Put an assistant there, as one JSON object.`,
  };
}

function numbersOf(v: Variables, readFile: Machine['readFile']): ReturnType<typeof readNumberRules> {
  if (v.NUMBERS_FILE === undefined) return { ok: true, rules: NO_RULES };
  let text: string;
  try {
    text = readFile(v.NUMBERS_FILE);
  } catch {
    return { ok: false, words: 'cannot be read. Set it to the path of a JSON file, or leave it out.' };
  }
  return readNumberRules(text);
}

function agentOf(v: Variables, assistant: AssistantChoice): AgentSettings {
  if (v.AGENT === 'simulated' || v.VAPI_API_KEY === undefined) return { kind: 'simulated' };
  return {
    kind: 'vapi',
    apiKey: v.VAPI_API_KEY,
    baseUrl: v.VAPI_BASE_URL,
    dialect: v.VAPI_DIALECT,
    wsEndpoint: v.VAPI_WS_ENDPOINT,
    format: v.VAPI_AUDIO_FORMAT ?? (v.VAPI_DIALECT === 'transport' ? 'mulaw' : 'pcm_s16le'),
    createsPerSecond: v.VAPI_CREATES_PER_SECOND,
    assistant,
  };
}

function settingsOf(
  v: Variables,
  assistant: AssistantChoice,
  numbers: NumberRules,
  machine: Machine,
): Settings {
  const workers = v.WORKERS === 'auto' ? Math.max(1, Math.floor(machine.cores)) : v.WORKERS;
  return {
    production: isProduction(v),
    server: {
      host: v.HOST,
      port: v.PORT,
      publicUrl: v.PUBLIC_URL,
      adminToken: v.ADMIN_TOKEN,
      vapiWebhookSecret: v.VAPI_WEBHOOK_SECRET,
      maxCalls: v.MAX_CALLS ?? Math.ceil(CALLS_PER_CORE * Math.min(workers, machine.cores)),
      workers,
      drainTimeoutMs: v.DRAIN_TIMEOUT_MS,
      stateDir: v.STATE_DIR,
    },
    agent: agentOf(v, assistant),
    twilio: {
      accountSid: v.TWILIO_ACCOUNT_SID,
      authToken: v.TWILIO_AUTH_TOKEN,
      secondaryAuthToken: v.TWILIO_AUTH_TOKEN_SECONDARY,
      phoneNumber: v.TWILIO_PHONE_NUMBER,
      apiBaseUrl: v.TWILIO_API_BASE_URL,
      validateSignatures: v.TWILIO_AUTH_TOKEN !== undefined && v.VALIDATE_TWILIO_SIGNATURES !== 'false',
    },
    buffers: {
      prerollFrames: v.BUFFER_SIZE,
      maxFrames: v.MAX_BUFFER_SIZE,
      connectFrames: v.CONNECT_BUFFER_SIZE,
      framesPerSend: v.FRAMES_PER_SEND,
    },
    call: {
      sessionTtlMs: v.SESSION_TTL_MS,
      heartbeatIntervalMs: v.HEARTBEAT_INTERVAL_MS,
      mediaTimeoutMs: v.MEDIA_TIMEOUT_MS,
      bargeIn: v.BARGE_IN,
      protectsGreeting: v.PROTECT_GREETING === 'true',
      insistsOn: v.INSIST_ON,
      tellsHeard: v.TELL_AGENT_HEARD === 'true',
      greeting: v.GREETING,
      clips: { oneMoment: v.CLIP_ONE_MOMENT, lineLost: v.CLIP_LINE_LOST },
      wordsBack: v.WORDS_BACK,
      fallbackNumber: v.FALLBACK_NUMBER,
      voicemail: v.VOICEMAIL,
    },
    numbers,
    inspector: {
      shows: {
        numbers: v.INSPECTOR_SHOWS.includes('numbers'),
        transcripts: v.INSPECTOR_SHOWS.includes('transcripts'),
      },
      xstatePort: v.INSPECT_XSTATE_PORT,
      stately: v.INSPECT_STATELY === 'true' || v.INSPECT_STATELY === '1',
    },
    traces:
      v.OTEL_EXPORTER_OTLP_ENDPOINT === undefined
        ? undefined
        : { endpoint: v.OTEL_EXPORTER_OTLP_ENDPOINT, serviceName: v.OTEL_SERVICE_NAME },
    logFormat: v.LOG_FORMAT ?? (machine.isTerminal ? 'pretty' : 'json'),
  };
}

/** `value`, and everything in it, made unchangeable. */
function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const part of Object.values(value)) frozen(part);
    Object.freeze(value);
  }
  return value;
}
