import { describe, expect, test } from 'vitest';
import { tutorialAssistant } from '../../src/wire/tutorial-assistant.ts';
import { buildCreateCall, type CreateCallSpec } from '../../src/wire/vapi.ts';

const spec: CreateCallSpec = {
  name: 'CA1234',
  assistant: { id: '5b0a4a08-133c-4146-9315-0984f8c6be80' },
  format: 'mulaw',
  maxDurationSeconds: 1800,
};

/** The properties that Vapi's schema gives `CreateCallDTO` and `assistantOverrides`, as far as they are used. */
const allowedAtTop = ['name', 'assistantId', 'assistant', 'assistantOverrides', 'transport'];

describe('asking Vapi for a call', () => {
  test('asks for a saved assistant on a µ-law socket', () => {
    const numbers = { callerNumber: '+15551234567', calledNumber: '+15557654321' };
    const ids = { callSid: 'CA1234', streamSid: 'MZ1234' };
    expect(buildCreateCall({ ...spec, ...numbers, ...ids })).toEqual({
      name: 'CA1234',
      assistantId: '5b0a4a08-133c-4146-9315-0984f8c6be80',
      assistantOverrides: {
        clientMessages: [
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
        ],
        firstMessageInterruptionsEnabled: true,
        backgroundSound: 'off',
        maxDurationSeconds: 1800,
        variableValues: numbers,
        metadata: { twilioCallSid: 'CA1234', twilioStreamSid: 'MZ1234' },
      },
      transport: {
        provider: 'vapi.websocket',
        audioFormat: { format: 'mulaw', container: 'raw', sampleRate: 8000 },
      },
    });
  });

  test('asks for a greeting that is heard out, and to be told what will be said, only where that is wanted', () => {
    const overridesOf = (more: Partial<CreateCallSpec>) =>
      buildCreateCall({ ...spec, ...more }).assistantOverrides as Record<string, unknown>;
    expect(overridesOf({ protectsGreeting: true }).firstMessageInterruptionsEnabled).toBe(false);
    expect(overridesOf({ tellsVoiceInput: true }).clientMessages).toContain('voice-input');
    expect(overridesOf({}).clientMessages).not.toContain('voice-input');
  });

  test('asks for an assistant described in full, and PCM at 16 kHz', () => {
    const body = buildCreateCall({
      ...spec,
      assistant: { transient: tutorialAssistant },
      format: 'pcm_s16le',
    });
    expect(body).toMatchObject({
      assistant: tutorialAssistant,
      transport: { audioFormat: { format: 'pcm_s16le', container: 'raw', sampleRate: 16000 } },
    });
    expect(body).not.toHaveProperty('assistantId');
  });

  test('names nothing that the schema does not know', () => {
    for (const key of Object.keys(buildCreateCall({ ...spec, callSid: 'CA1' }))) {
      expect(allowedAtTop).toContain(key);
    }
  });

  test.each([
    [1, 10],
    [1500, 1500],
    [99.6, 100],
    [1e9, 43_200],
  ])('asks for %d seconds as %d', (asked, sent) => {
    const body = buildCreateCall({ ...spec, maxDurationSeconds: asked });
    expect(body).toMatchObject({ assistantOverrides: { maxDurationSeconds: sent } });
  });

  test('cuts the name to the 40 characters that Vapi allows', () => {
    expect(buildCreateCall({ ...spec, name: 'x'.repeat(60) }).name).toHaveLength(40);
  });

  test('keeps a number that a caller made up from becoming a template', () => {
    const body = buildCreateCall({ ...spec, callerNumber: '{{ secret }}{% raw %}\u0000' });
    expect(body).toMatchObject({
      assistantOverrides: { variableValues: { callerNumber: ' secret % raw %' } },
    });
  });

  test('leaves the first message to the assistant unless told otherwise', () => {
    expect(buildCreateCall(spec)).not.toHaveProperty('assistantOverrides.firstMessageMode');
    expect(buildCreateCall({ ...spec, firstMessageMode: 'assistant-waits-for-user' })).toMatchObject({
      assistantOverrides: { firstMessageMode: 'assistant-waits-for-user' },
    });
  });

  test("keeps the tutorial's choice of model, voice and transcriber", () => {
    expect(tutorialAssistant).toMatchObject({
      model: { provider: 'openai', model: 'gpt-4', temperature: 0.7 },
      voice: { provider: '11labs' },
      transcriber: { provider: 'deepgram', model: 'nova-2', language: 'en' },
    });
  });
});
