import { withoutControls } from './fields.ts';

/** What is asked of Vapi when a call is created. */
export interface CreateCallSpec {
  /** Shown in Vapi's dashboard and found again by `GET /call`; Vapi allows 40 characters, more are cut off. */
  name: string;
  /** An assistant saved at Vapi, or one described in full for this call alone. */
  assistant: { id: string } | { transient: Readonly<Record<string, unknown>> };
  /** `mulaw` is 8 kHz as Twilio has it; `pcm_s16le` is 16 kHz. */
  format: 'mulaw' | 'pcm_s16le';
  /** Kept within Vapi's 10 to 43,200 seconds. Vapi's own default is 600. */
  maxDurationSeconds: number;
  /** Reach the assistant's prompt as `{{callerNumber}}` and `{{calledNumber}}`. */
  callerNumber?: string | undefined;
  calledNumber?: string | undefined;
  /** Twilio's ids, kept as metadata of Vapi's call, so that either side can be found from the other. */
  callSid?: string | undefined;
  streamSid?: string | undefined;
  /** Who speaks first, where the assistant's own setting shall not hold: a replaced agent must not greet again. */
  firstMessageMode?: 'assistant-speaks-first' | 'assistant-waits-for-user' | undefined;
  /** Whether the first message must be heard out: Vapi does not let it be interrupted then. */
  protectsGreeting?: boolean | undefined;
  /** Whether the socket is to tell what the agent is about to say. */
  tellsVoiceInput?: boolean | undefined;
}

/**
 * Every message that a call lives by, named each time: a saved assistant whose list lacks `user-interrupted` would
 * otherwise silently never report an interruption.
 */
const clientMessages = [
  'status-update',
  'speech-update',
  'transcript',
  'user-interrupted',
  'conversation-update',
  'model-output',
  'tool-calls',
  'hang',
  'transfer-update',
  'assistant.started',
];

const audioFormats = {
  mulaw: { format: 'mulaw', container: 'raw', sampleRate: 8000 },
  pcm_s16le: { format: 'pcm_s16le', container: 'raw', sampleRate: 16000 },
};

/**
 * The body of `POST /call` for Vapi's WebSocket transport (docs/wire.md, "Creating the call").
 *
 * `firstMessageInterruptionsEnabled` and `backgroundSound` are set because Vapi's defaults are a greeting that cannot
 * be interrupted and, for phone calls, the noise of an office.
 */
export function buildCreateCall(spec: CreateCallSpec): Record<string, unknown> {
  const { assistant, firstMessageMode, protectsGreeting = false, tellsVoiceInput = false } = spec;
  return {
    name: spec.name.slice(0, 40),
    ...('id' in assistant ? { assistantId: assistant.id } : { assistant: assistant.transient }),
    assistantOverrides: {
      clientMessages: tellsVoiceInput ? [...clientMessages, 'voice-input'] : clientMessages,
      firstMessageInterruptionsEnabled: !protectsGreeting,
      ...(firstMessageMode === undefined ? {} : { firstMessageMode }),
      backgroundSound: 'off',
      maxDurationSeconds: Math.min(43_200, Math.max(10, Math.round(spec.maxDurationSeconds))),
      variableValues: known({ callerNumber: spec.callerNumber, calledNumber: spec.calledNumber }),
      metadata: known({ twilioCallSid: spec.callSid, twilioStreamSid: spec.streamSid }),
    },
    transport: { provider: 'vapi.websocket', audioFormat: audioFormats[spec.format] },
  };
}

/** Those of `values` that are known, made harmless. */
function known(values: Record<string, string | undefined>): Record<string, string> {
  const read: Record<string, string> = {};
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined) read[name] = harmless(value);
  }
  return read;
}

/**
 * Vapi renders variables with LiquidJS, and a SIP caller chooses the number that it shows: without braces a value
 * cannot become a template.
 */
function harmless(value: string): string {
  return withoutControls(value).replace(/[{}]/g, '').slice(0, 200);
}
