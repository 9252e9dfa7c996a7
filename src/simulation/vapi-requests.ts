import type { AudioFormat } from '../audio/agent-format.ts';

/** A JSON object whose fields have not been looked at. */
export type Fields = Readonly<Record<string, unknown>>;

/** The object that `text` is as JSON; nothing for anything else. */
export function readObject(text: string): Fields | undefined {
  try {
    return fields(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** `value` as an object; nothing where it is none. */
export function fields(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;
}

// The complete lists of Vapi's OpenAPI schema: a property that is not in them is refused.
const CALL_PROPERTIES = new Set(
  `assistantVersion transport customers name schedulePlan assistantId assistant assistantOverrides squadId squad
  squadOverrides workflowId workflow workflowOverrides phoneNumberId phoneNumber customerId customer`.split(
    /\s+/,
  ),
);
const OVERRIDE_PROPERTIES = new Set(
  `transcriber model voice firstMessage firstMessageInterruptionsEnabled firstMessageMode voicemailDetection
  clientMessages serverMessages maxDurationSeconds backgroundSound modelOutputInMessagesEnabled
  transportConfigurations observabilityPlan credentials hooks tools:append variableValues name voicemailMessage
  endCallMessage endCallPhrases compliancePlan metadata backgroundSpeechDenoisingPlan analysisPlan artifactPlan
  startSpeakingPlan stopSpeakingPlan monitorPlan credentialIds server keypadInputPlan`.split(/\s+/),
);

/** The audio format that the body of a `POST /call` asks for, or Vapi's words on what is wrong with the body. */
export function readCreateCall(body: Fields): { format: AudioFormat } | { wrong: string | string[] } {
  const transport = fields(body.transport);
  if (transport?.provider !== 'vapi.websocket') {
    return { wrong: "Couldn't Get Phone Number. Need Either `phoneNumberId` Or `phoneNumber`." };
  }
  const overrides = fields(body.assistantOverrides) ?? {};
  const audio = fields(transport.audioFormat) ?? DEFAULT_AUDIO;
  const { format, container = 'raw', sampleRate } = audio;
  const wrong = [
    ...unknownProperties(body, CALL_PROPERTIES, ''),
    ...unknownProperties(overrides, OVERRIDE_PROPERTIES, 'assistantOverrides.'),
    ...['phoneNumberId', 'phoneNumber']
      .filter((name) => body[name] !== undefined)
      .map((name) => `${name} and transport are mutually exclusive`),
  ];
  if (typeof body.name === 'string' && body.name.length > 40) {
    wrong.push('name must be shorter than or equal to 40 characters');
  }
  if (container !== 'raw')
    wrong.push('transport.audioFormat.container must be one of the following values: raw');
  if (format !== 'mulaw' && format !== 'pcm_s16le') {
    wrong.push('transport.audioFormat.format must be one of the following values: pcm_s16le, mulaw');
    return { wrong };
  }
  // Vapi itself resamples to any rate; this double speaks the one of each format.
  const spoken = format === 'mulaw' ? 8_000 : 16_000;
  if (sampleRate !== spoken) wrong.push(`transport.audioFormat.sampleRate must be ${spoken} for ${format}`);
  return wrong.length > 0 ? { wrong } : { format };
}

const LIST_PARAMETERS = new Set(
  `id assistantId phoneNumberId limit createdAtGt createdAtLt createdAtGe createdAtLe updatedAtGt updatedAtLt
  updatedAtGe updatedAtLe`.split(/\s+/),
);
/** Of those that Vapi has, the ones that are understood here. */
const LISTED_BY = new Set(['limit', 'createdAtGe']);

/** What the query of a `GET /call` asks for, or Vapi's words on what is wrong with it. */
export function readListCalls(
  query: URLSearchParams,
): { limit: number; since: number } | { wrong: string | string[] } {
  const limit = Number(query.get('limit') ?? 100);
  const since = query.get('createdAtGe');
  const wrong = [...query.keys()]
    .filter((name) => !LISTED_BY.has(name))
    .map((name) =>
      LIST_PARAMETERS.has(name)
        ? `${name} is not understood by this double of Vapi`
        : `property ${name} should not exist`,
    );
  if (!(limit >= 0 && limit <= 1_000)) wrong.push('limit must be a number from 0 to 1000');
  if (since !== null && !/^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(since))
    wrong.push('createdAtGe must be a valid ISO 8601 date string');
  if (wrong.length > 0) return { wrong };
  return { limit, since: since === null ? Number.NEGATIVE_INFINITY : Date.parse(since) };
}

const DEFAULT_AUDIO: Fields = { format: 'pcm_s16le', container: 'raw', sampleRate: 16_000 };

function unknownProperties(object: Fields, known: ReadonlySet<string>, path: string): string[] {
  return Object.keys(object)
    .filter((name) => !known.has(name))
    .map((name) => `${path}property ${name} should not exist`);
}
