import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readSettings, type Settings } from '../src/settings.ts';

type Environment = Record<string, string | undefined>;

const machine = {
  cores: 4,
  isTerminal: false,
  readFile(path: string): string {
    const text = {
      'assistant.json': '{"name":"Ada","model":{"provider":"openai"}}',
      'list.json': '[]',
      'bad.json': '{',
      'numbers.json': '{"numbers":{"+15551234567":{"bargeIn":"confirmed"}}}',
    }[path];
    if (text === undefined) throw new Error(`ENOENT: ${path}`);
    return text;
  },
};

const PRODUCTION: Environment = {
  NODE_ENV: 'production',
  PUBLIC_URL: 'https://bridge.example.com',
  TWILIO_ACCOUNT_SID: 'AC00000000000000000000000000000000',
  TWILIO_AUTH_TOKEN: '0123456789abcdef0123456789abcdef',
  ADMIN_TOKEN: 'a-long-random-text',
  VAPI_API_KEY: 'a-private-key',
};

function settings(env: Environment, more: Partial<typeof machine> = {}): Settings {
  const result = readSettings(env, { ...machine, ...more });
  if (!result.ok) throw new Error(result.words);
  return result.settings;
}

/** The lines of the message that refuses `env`; none if it is not refused. */
function faults(env: Environment): string[] {
  const result = readSettings(env, machine);
  return result.ok ? [] : result.words.split('\n');
}

/** The variables that the message names. */
function faulty(env: Environment): string[] {
  return faults(env).map((line) => line.split(' ')[0] ?? '');
}

describe('settings', () => {
  it('need nothing, and are then those of the contract', () => {
    expect(settings({})).toEqual({
      production: false,
      server: {
        host: '0.0.0.0',
        port: 3000,
        publicUrl: undefined,
        adminToken: undefined,
        maxCalls: 100,
        workers: 1,
        drainTimeoutMs: 3_600_000,
        stateDir: undefined,
      },
      agent: { kind: 'simulated' },
      twilio: {
        accountSid: undefined,
        authToken: undefined,
        phoneNumber: undefined,
        apiBaseUrl: undefined,
        validateSignatures: false,
      },
      buffers: { prerollFrames: 20, maxFrames: 50, connectFrames: 500, framesPerSend: 1 },
      call: {
        sessionTtlMs: 1_500_000,
        heartbeatIntervalMs: 10_000,
        mediaTimeoutMs: 2_000,
        bargeIn: 'reversible',
        protectsGreeting: false,
        insistsOn: undefined,
        tellsHeard: false,
        greeting: 'Connecting you to the assistant',
        clips: { oneMoment: undefined, lineLost: undefined },
        fallbackNumber: undefined,
        voicemail: undefined,
      },
      numbers: { languages: {}, numbers: {} },
      inspector: {
        shows: { numbers: false, transcripts: false },
        xstatePort: undefined,
        stately: false,
      },
      logFormat: 'json',
    });
  });

  it('take what the environment says', () => {
    const all = settings({
      ...PRODUCTION,
      PORT: '8080',
      HOST: '127.0.0.1',
      VAPI_BASE_URL: 'http://127.0.0.1:9000/vapi/',
      VAPI_DIALECT: 'direct',
      VAPI_WS_ENDPOINT: 'ws://127.0.0.1:9000/ws',
      VAPI_AUDIO_FORMAT: 'mulaw',
      VAPI_CREATES_PER_SECOND: '50',
      VAPI_ASSISTANT_ID: '5b0a4a08-133c-4146-9315-0984f8c6be80',
      TWILIO_PHONE_NUMBER: '+15551234567',
      TWILIO_API_BASE_URL: 'http://127.0.0.1:9001/',
      BUFFER_SIZE: '30',
      MAX_BUFFER_SIZE: '100',
      CONNECT_BUFFER_SIZE: '250',
      FRAMES_PER_SEND: '20',
      SESSION_TTL_MS: '60000',
      HEARTBEAT_INTERVAL_MS: '5000',
      MEDIA_TIMEOUT_MS: '1000',
      BARGE_IN: 'transcript',
      PROTECT_GREETING: 'true',
      INSIST_ON: 'this call is recorded',
      TELL_AGENT_HEARD: 'true',
      INSPECTOR_SHOWS: 'transcripts, numbers',
      INSPECT_XSTATE_PORT: '8888',
      INSPECT_STATELY: '1',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318/',
      OTEL_SERVICE_NAME: 'front desk',
      GREETING: 'Hello',
      FALLBACK_NUMBER: '+15557654321',
      VOICEMAIL: 'Please leave a message after the tone.',
      TWILIO_AUTH_TOKEN_SECONDARY: 'fedcba9876543210fedcba9876543210',
      MAX_CALLS: '10',
      WORKERS: '1',
      DRAIN_TIMEOUT_MS: '0',
      STATE_DIR: '/data',
      LOG_FORMAT: 'pretty',
    });
    expect(all).toEqual({
      production: true,
      server: {
        host: '127.0.0.1',
        port: 8080,
        publicUrl: 'https://bridge.example.com',
        adminToken: 'a-long-random-text',
        maxCalls: 10,
        workers: 1,
        drainTimeoutMs: 0,
        stateDir: '/data',
      },
      agent: {
        kind: 'vapi',
        apiKey: 'a-private-key',
        baseUrl: 'http://127.0.0.1:9000/vapi',
        dialect: 'direct',
        wsEndpoint: 'ws://127.0.0.1:9000/ws',
        format: 'mulaw',
        createsPerSecond: 50,
        assistant: { id: '5b0a4a08-133c-4146-9315-0984f8c6be80' },
      },
      twilio: {
        accountSid: 'AC00000000000000000000000000000000',
        authToken: '0123456789abcdef0123456789abcdef',
        secondaryAuthToken: 'fedcba9876543210fedcba9876543210',
        phoneNumber: '+15551234567',
        apiBaseUrl: 'http://127.0.0.1:9001',
        validateSignatures: true,
      },
      buffers: { prerollFrames: 30, maxFrames: 100, connectFrames: 250, framesPerSend: 20 },
      call: {
        sessionTtlMs: 60_000,
        heartbeatIntervalMs: 5_000,
        mediaTimeoutMs: 1_000,
        bargeIn: 'transcript',
        protectsGreeting: true,
        insistsOn: 'this call is recorded',
        tellsHeard: true,
        greeting: 'Hello',
        clips: { oneMoment: undefined, lineLost: undefined },
        fallbackNumber: '+15557654321',
        voicemail: 'Please leave a message after the tone.',
      },
      numbers: { languages: {}, numbers: {} },
      inspector: {
        shows: { numbers: true, transcripts: true },
        xstatePort: 8888,
        stately: true,
      },
      traces: { endpoint: 'http://collector:4318', serviceName: 'front desk' },
      logFormat: 'pretty',
    });
  });

  it('treat an empty variable as one that is left out', () => {
    const empty = Object.fromEntries(
      Object.keys({ ...PRODUCTION, PORT: '', VAPI_DIALECT: '', BUFFER_SIZE: '', FALLBACK_NUMBER: '' }).map(
        (name) => [name, ' '],
      ),
    );
    expect(settings(empty)).toEqual(settings({}));
  });

  it('read the rules of single numbers from their file', () => {
    expect(settings({ NUMBERS_FILE: 'numbers.json' }).numbers.numbers).toEqual({
      '+15551234567': { bargeIn: 'confirmed' },
    });
    expect(faults({ NUMBERS_FILE: 'none.json' })).toEqual([
      'NUMBERS_FILE cannot be read. Set it to the path of a JSON file, or leave it out.',
    ]);
    expect(faults({ NUMBERS_FILE: 'bad.json' })).toEqual([
      'NUMBERS_FILE holds no JSON. Put one JSON object there, or leave it out.',
    ]);
  });

  it('take an empty greeting for silence', () => {
    expect(settings({ GREETING: '' }).call.greeting).toBe('');
    expect(settings({ GREETING: ' ' }).call.greeting).toBe('');
    expect(settings({ GREETING: undefined }).call.greeting).toBe('Connecting you to the assistant');
  });

  it('take empty words of a new agent for words of its own', () => {
    expect(settings({ WORDS_BACK: '' }).call.wordsBack).toBe('');
    expect(settings({ WORDS_BACK: 'Da bin ich.' }).call.wordsBack).toBe('Da bin ich.');
    expect(settings({}).call.wordsBack).toBeUndefined();
  });

  it('forgive the line break at the end of a secret', () => {
    expect(settings({ TWILIO_AUTH_TOKEN: 'token\n' }).twilio.authToken).toBe('token');
  });

  it('do not look at the variables of other programs', () => {
    expect(settings({ PATH: '/bin', VAPI_SOMETHING: '???', port: 'x', __proto__: 'x' })).toEqual(
      settings({}),
    );
  });

  it('cannot be changed', () => {
    const read = settings({ VAPI_API_KEY: 'key', VAPI_ASSISTANT_FILE: 'assistant.json' });
    expect(() => Object.assign(read, { production: true })).toThrow(TypeError);
    expect(() => Object.assign(read.server, { port: 1 })).toThrow(TypeError);
    expect(() => Object.assign(read.agent, { kind: 'simulated' })).toThrow(TypeError);
    const { assistant } = read.agent.kind === 'vapi' ? read.agent : {};
    const model =
      typeof assistant === 'object' && 'transient' in assistant ? assistant.transient.model : undefined;
    expect(model).toEqual({ provider: 'openai' });
    expect(Object.isFrozen(model)).toBe(true);
  });

  it('print for people on a terminal, unless told otherwise', () => {
    expect(settings({}, { isTerminal: true }).logFormat).toBe('pretty');
    expect(settings({ LOG_FORMAT: 'json' }, { isTerminal: true }).logFormat).toBe('json');
  });

  it('take as many calls as one core carries, and fewer on less than one', () => {
    expect(settings({}, { cores: 1 }).server.maxCalls).toBe(100);
    expect(settings({}, { cores: 64 }).server.maxCalls).toBe(100);
    expect(settings({}, { cores: 0.5 }).server.maxCalls).toBe(50);
  });

  it('refuse windows that would show the calls of one worker alone', () => {
    const words = 'shows the calls of one process alone. Leave it out, or set WORKERS to 1.';
    expect(faults({ WORKERS: '2', INSPECT_XSTATE_PORT: '8888' })).toEqual([`INSPECT_XSTATE_PORT ${words}`]);
    expect(faults({ WORKERS: 'auto', INSPECT_STATELY: 'true' })).toEqual([`INSPECT_STATELY ${words}`]);
    expect(faults({ WORKERS: '0' })).toEqual([
      'WORKERS is no whole number from 1 to 64. Set it to one or to auto, or leave it out.',
    ]);
  });

  it('take as many calls in all as there are workers with a core each', () => {
    const server = (env: Record<string, string>, cores: number) => settings(env, { cores }).server;
    expect(server({ WORKERS: '4' }, 8)).toMatchObject({ workers: 4, maxCalls: 400 });
    expect(server({ WORKERS: 'auto' }, 8)).toMatchObject({ workers: 8, maxCalls: 800 });
    expect(server({ WORKERS: 'auto' }, 0.5)).toMatchObject({ workers: 1, maxCalls: 50 });
    expect(server({ WORKERS: '8' }, 2)).toMatchObject({ workers: 8, maxCalls: 200 });
    expect(server({ WORKERS: '2', MAX_CALLS: '30' }, 2)).toMatchObject({ workers: 2, maxCalls: 30 });
  });
});

describe('the agent', () => {
  it('is Vapi as soon as there is a key, with the tutorial’s assistant', () => {
    expect(settings({ VAPI_API_KEY: 'key' }).agent).toEqual({
      kind: 'vapi',
      apiKey: 'key',
      baseUrl: 'https://api.vapi.ai',
      dialect: 'transport',
      wsEndpoint: 'wss://api.vapi.ai/ws',
      format: 'mulaw',
      createsPerSecond: 20,
      assistant: 'tutorial',
    });
  });

  it('is simulated where that is asked for, key or no key', () => {
    expect(settings({ VAPI_API_KEY: 'key', AGENT: 'simulated' }).agent).toEqual({ kind: 'simulated' });
    expect(settings({ AGENT: 'simulated' }).agent).toEqual({ kind: 'simulated' });
  });

  it('cannot be Vapi without a key', () => {
    expect(faults({ AGENT: 'vapi' })).toEqual([
      'VAPI_API_KEY is missing. Set it to the private key of the Vapi account.',
    ]);
  });

  it('hears the format of its dialect', () => {
    const format = (env: Environment) => settings({ VAPI_API_KEY: 'key', ...env }).agent;
    expect(format({ VAPI_DIALECT: 'direct' })).toMatchObject({ format: 'pcm_s16le' });
    expect(format({ VAPI_DIALECT: 'transport' })).toMatchObject({ format: 'mulaw' });
    expect(format({ VAPI_AUDIO_FORMAT: 'pcm_s16le' })).toMatchObject({ format: 'pcm_s16le' });
  });

  it('is asked to confirm interruptions only in a dialect that can', () => {
    expect(settings({ BARGE_IN: 'confirmed' }).call.bargeIn).toBe('confirmed');
    expect(faulty({ BARGE_IN: 'confirmed', VAPI_DIALECT: 'direct' })).toEqual(['BARGE_IN']);
    for (const BARGE_IN of ['reversible', 'transcript'])
      expect(settings({ BARGE_IN, VAPI_DIALECT: 'direct' }).call.bargeIn).toBe(BARGE_IN);
  });

  it('may be an assistant from a file', () => {
    expect(settings({ VAPI_API_KEY: 'key', VAPI_ASSISTANT_FILE: 'assistant.json' }).agent).toMatchObject({
      assistant: { transient: { name: 'Ada', model: { provider: 'openai' } } },
    });
  });

  it('is refused when its file is missing, no JSON or no object, or when an id is set as well', () => {
    expect(faults({ VAPI_ASSISTANT_FILE: 'none.json' })).toEqual([
      'VAPI_ASSISTANT_FILE cannot be read. Set it to the path of a file that holds an assistant as JSON.',
    ]);
    expect(faults({ VAPI_ASSISTANT_FILE: 'bad.json' })).toEqual([
      'VAPI_ASSISTANT_FILE holds no assistant: it is not JSON. Put an assistant there, as one JSON object.',
    ]);
    expect(faulty({ VAPI_ASSISTANT_FILE: 'list.json' })).toEqual(['VAPI_ASSISTANT_FILE']);
    for (const VAPI_ASSISTANT_FILE of ['assistant.json', 'none.json'])
      expect(faults({ VAPI_ASSISTANT_FILE, VAPI_ASSISTANT_ID: 'id' })).toEqual([
        'VAPI_ASSISTANT_FILE is set beside VAPI_ASSISTANT_ID. Leave one of the two out.',
      ]);
  });
});

describe('signatures', () => {
  it('are checked as soon as there is an auth token', () => {
    expect(settings({ TWILIO_AUTH_TOKEN: 'token' }).twilio.validateSignatures).toBe(true);
    expect(settings({}).twilio.validateSignatures).toBe(false);
    expect(settings(PRODUCTION).twilio.validateSignatures).toBe(true);
  });

  it('can be switched off in development', () => {
    const env = { TWILIO_AUTH_TOKEN: 'token', VALIDATE_TWILIO_SIGNATURES: 'false' };
    expect(settings(env).twilio.validateSignatures).toBe(false);
  });

  it('cannot be checked without a token, and an empty one is none', () => {
    for (const TWILIO_AUTH_TOKEN of [undefined, '', '  ', '\n'])
      expect(faulty({ VALIDATE_TWILIO_SIGNATURES: 'true', TWILIO_AUTH_TOKEN })).toEqual([
        'TWILIO_AUTH_TOKEN',
      ]);
  });
});

describe('production', () => {
  it('is strict, and names everything that is missing at once', () => {
    expect(faults({ NODE_ENV: 'production' })).toEqual([
      'PUBLIC_URL is missing. Set it to the https:// address by which Twilio reaches this server.',
      'VAPI_API_KEY is missing. Set it to the private key of the Vapi account.',
      'TWILIO_ACCOUNT_SID is missing. Set it to the id of the Twilio account, which begins with AC.',
      'TWILIO_AUTH_TOKEN is missing. Set it to the auth token of the Twilio account, which signatures are checked with.',
      'ADMIN_TOKEN is missing. Set it to a long random text, which the inspector, /calls and /metrics will ask for.',
    ]);
  });

  it('starts with what it asks for', () => {
    expect(settings(PRODUCTION)).toMatchObject({ production: true, agent: { kind: 'vapi' } });
  });

  it.each(Object.keys(PRODUCTION).filter((name) => name !== 'NODE_ENV'))(
    'does not start with an empty %s',
    (name) => {
      for (const nothing of ['', '   ', undefined])
        expect(faulty({ ...PRODUCTION, [name]: nothing })).toEqual([name]);
    },
  );

  it.each([
    { AGENT: 'simulated' },
    { VALIDATE_TWILIO_SIGNATURES: 'false' },
    { PUBLIC_URL: 'http://bridge.example.com' },
    { TWILIO_AUTH_TOKEN: 'your_auth_token' },
    { ADMIN_TOKEN: 'changeme' },
    { VAPI_API_KEY: '<key>' },
  ])('does not start with %o', (weak) => {
    expect(faulty({ ...PRODUCTION, ...weak })).toEqual(Object.keys(weak));
  });
});

describe('malformed settings', () => {
  it.each([
    ['PORT', ['x', '-1', '65536', '3000.5', '1e3', '0x10', '٣', '3 000', 'Infinity']],
    ['HOST', ['a b', 'http://host']],
    [
      'PUBLIC_URL',
      [
        'bridge.example.com',
        'ftp://h',
        'https:h',
        'https://',
        'https:///h',
        'https://h?x=1',
        'https://h/?',
        'https://h#x',
        'https://user@h',
        'https://user:word@h',
        'https://h\\x',
        'https://a b',
        'wss://h',
      ],
    ],
    ['AGENT', ['Vapi', 'none']],
    ['VAPI_API_KEY', ['a b', 'schlüssel', 'xxxx', 'your-key-here']],
    ['VAPI_BASE_URL', ['api.vapi.ai', 'wss://api.vapi.ai', 'file:///etc/passwd']],
    ['VAPI_DIALECT', ['sip']],
    ['VAPI_WS_ENDPOINT', ['https://api.vapi.ai/ws', 'ws']],
    ['VAPI_AUDIO_FORMAT', ['opus', 'MULAW']],
    ['VAPI_CREATES_PER_SECOND', ['0', '10001', '2.5']],
    ['VAPI_ASSISTANT_ID', ['a/b', '../x']],
    ['TWILIO_ACCOUNT_SID', ['SK00000000000000000000000000000000', '../AC', 'AC/x']],
    ['TWILIO_PHONE_NUMBER', ['15551234567', '+0123', 'Bob']],
    ['TWILIO_API_BASE_URL', ['api.twilio.com']],
    ['VALIDATE_TWILIO_SIGNATURES', ['yes', 'FALSE', '0']],
    ['BUFFER_SIZE', ['-1', '501', 'many']],
    ['MAX_BUFFER_SIZE', ['0', '3001']],
    ['CONNECT_BUFFER_SIZE', ['0', '3001']],
    ['FRAMES_PER_SEND', ['0', '101']],
    ['SESSION_TTL_MS', ['0', '14400001', '25m']],
    ['HEARTBEAT_INTERVAL_MS', ['0', '3600001']],
    ['MEDIA_TIMEOUT_MS', ['39', '3600001']],
    ['BARGE_IN', ['always']],
    ['PROTECT_GREETING', ['yes', '1']],
    ['INSIST_ON', ['x'.repeat(201)]],
    ['TELL_AGENT_HEARD', ['no']],
    ['INSPECTOR_SHOWS', ['all', 'numbers transcripts']],
    ['INSPECT_XSTATE_PORT', ['0', '65536']],
    ['INSPECT_STATELY', ['yes']],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', ['collector:4318', 'grpc://collector:4317', 'https://key@collector']],
    ['FALLBACK_NUMBER', ['+1 555 123 4567', '+1555123456789012', '</Number>']],
    ['VOICEMAIL', ['x'.repeat(501)]],
    ['TWILIO_AUTH_TOKEN_SECONDARY', ['a b', 'your-token']],
    ['MAX_CALLS', ['0', '10001', '999999999999999999999']],
    ['DRAIN_TIMEOUT_MS', ['-1', '86400001']],
    ['ADMIN_TOKEN', ['two words', 'a\u0000b']],
    ['LOG_FORMAT', ['xml']],
  ])('%s is named, and how to set it', (name, values) => {
    for (const value of values) {
      const [line, ...others] = faults({ [name]: value });
      expect(line, value).toMatch(new RegExp(`^${name} [^.]+.* Set it to .+\\.$`));
      expect(others).toEqual([]);
    }
  });

  it('do not let a coming token stand without the one that it follows', () => {
    expect(faults({ TWILIO_AUTH_TOKEN_SECONDARY: '0123456789abcdef0123456789abcdef' })).toEqual([
      'TWILIO_AUTH_TOKEN_SECONDARY is set without TWILIO_AUTH_TOKEN. Leave it out, or set the primary token beside it.',
    ]);
  });

  it('are all named at once, beside what is missing', () => {
    const env = {
      ...PRODUCTION,
      ADMIN_TOKEN: '',
      PORT: 'x',
      BARGE_IN: 'x',
      VAPI_API_KEY: 'a b',
      FALLBACK_NUMBER: 'x',
    };
    expect(faulty(env)).toEqual(['PORT', 'VAPI_API_KEY', 'BARGE_IN', 'FALLBACK_NUMBER', 'ADMIN_TOKEN']);
  });

  it('are not called missing', () => {
    expect(faults({ ...PRODUCTION, VAPI_API_KEY: 'a b' })).toEqual([
      'VAPI_API_KEY holds spaces or special characters. Set it to the secret alone.',
    ]);
  });

  it('are never quoted', () => {
    const names = [
      'PORT',
      'HOST',
      'PUBLIC_URL',
      'AGENT',
      'VAPI_API_KEY',
      'VAPI_BASE_URL',
      'VAPI_ASSISTANT_FILE',
    ];
    const more = [
      'VAPI_DIALECT',
      'TWILIO_ACCOUNT_SID',
      'TWILIO_AUTH_TOKEN',
      'MAX_CALLS',
      'FALLBACK_NUMBER',
      'ADMIN_TOKEN',
    ];
    const canary = 'canary 7f3a9c secret';
    const words = faults(Object.fromEntries([...names, ...more].map((name) => [name, canary]))).join('\n');
    expect(words.split('\n')).toHaveLength(names.length + more.length);
    for (const part of canary.split(' ').slice(0, 2)) expect(words).not.toContain(part);
  });

  it('are refused, whatever they hold: nothing throws', () => {
    const names = Object.keys({
      ...PRODUCTION,
      PORT: '',
      HOST: '',
      BARGE_IN: '',
      GREETING: '',
      VAPI_ASSISTANT_FILE: '',
    });
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...names), fc.string({ unit: 'binary' })), (env) => {
        const result = readSettings(env, machine);
        expect(result.ok || result.words.length > 0).toBe(true);
      }),
    );
  });

  it('take the slash off the end of an address', () => {
    expect(settings({ PUBLIC_URL: 'https://bridge.example.com/' }).server.publicUrl).toBe(
      'https://bridge.example.com',
    );
    expect(settings({ PUBLIC_URL: 'http://localhost:3000/x//' }).server.publicUrl).toBe(
      'http://localhost:3000/x',
    );
  });
});
