import { describe, expect, test } from 'vitest';
import {
  readVapiMessage,
  writeAddMessage,
  writeControl,
  writeEndCall,
  writeSay,
} from '../../src/wire/vapi.ts';

describe('reading what Vapi says', () => {
  test.each([
    ['{"type":"status-update","status":"in-progress"}', { kind: 'statusUpdate', status: 'in-progress' }],
    [
      '{"type":"status-update","status":"ended","endedReason":"assistant-ended-call"}',
      { kind: 'statusUpdate', status: 'ended', endedReason: 'assistant-ended-call' },
    ],
    [
      '{"type":"speech-update","status":"started","role":"user","turn":0}',
      { kind: 'speechUpdate', status: 'started', role: 'user' },
    ],
    [
      '{"type":"speech-update","status":"stopped","role":"assistant","turn":0}',
      { kind: 'speechUpdate', status: 'stopped', role: 'assistant' },
    ],
    [
      '{"type":"transcript","role":"user","transcriptType":"partial","transcript":"Hello."}',
      { kind: 'transcript', role: 'user', final: false, text: 'Hello.' },
    ],
    [
      '{"type":"transcript","role":"assistant","transcriptType":"final","transcript":"Hi.","assistantId":"x"}',
      { kind: 'transcript', role: 'assistant', final: true, text: 'Hi.' },
    ],
    ['{"type":"user-interrupted","turnId":"094f3f50"}', { kind: 'userInterrupted' }],
    ['{"type":"hang"}', { kind: 'hang' }],
    ['{"type":"voice-input","input":"One moment."}', { kind: 'voiceInput', text: 'One moment.' }],
    ['{"type":"voice-input","input":7}', { kind: 'unreadable', why: 'voice-input without its text' }],
    ['{"type":"tool-calls","toolCallList":[]}', { kind: 'toolCalls' }],
    ['{"type":"assistant.started","newAssistant":{}}', { kind: 'assistantStarted' }],
    [
      '{"type":"conversation-update","conversation":[{"role":"system"}]}',
      { kind: 'other', type: 'conversation-update' },
    ],
  ])('reads %s', (text, message) => {
    expect(readVapiMessage(text)).toEqual(message);
  });

  test('reads a final transcript that was subscribed to by name', () => {
    const type = 'transcript[transcriptType="final"]';
    const text = JSON.stringify({ type, role: 'user', transcript: 'Wait' });
    expect(readVapiMessage(text)).toEqual({ kind: 'transcript', role: 'user', final: true, text: 'Wait' });
  });

  test('reads a message wrapped as in a webhook', () => {
    const text = '{"message":{"type":"user-interrupted","call":{"id":"x"}}}';
    expect(readVapiMessage(text)).toEqual({ kind: 'userInterrupted' });
  });

  test('does not look inside a message that has a type of its own', () => {
    const text = '{"type":"news","message":{"type":"user-interrupted"}}';
    expect(readVapiMessage(text)).toEqual({ kind: 'other', type: 'news' });
  });

  test.each([
    ['{"type":"status-update"}'],
    ['{"type":"speech-update","status":"paused","role":"user"}'],
    ['{"type":"speech-update","status":"started","role":"system"}'],
    ['{"type":"transcript","role":"user","transcriptType":"final"}'],
    ['{"type":"transcript","transcript":"whose?"}'],
    ['{"type":7}'],
    ['{"message":{}}'],
    ['{"message":"hello"}'],
    ['not json'],
    ['[1]'],
    [''],
  ])('cannot read %s', (text) => {
    expect(readVapiMessage(text)).toMatchObject({ kind: 'unreadable' });
  });

  test('does not quote what it cannot read', () => {
    const message = readVapiMessage('{"type":"transcript","role":"secret-role","transcript":"secret"}');
    expect(JSON.stringify(message)).not.toContain('secret');
  });

  test('does not parse more than a mebibyte', () => {
    const text = JSON.stringify({ type: 'hang', padding: 'x'.repeat(1_048_576) });
    expect(readVapiMessage(text)).toEqual({ kind: 'unreadable', why: 'longer than any message' });
  });
});

describe('writing what Vapi accepts', () => {
  test('writes the end of a call', () => {
    expect(JSON.parse(writeEndCall())).toEqual({ type: 'end-call' });
  });

  test("writes words to say, with Vapi's defaults", () => {
    expect(JSON.parse(writeSay('One moment "please".'))).toEqual({
      type: 'say',
      content: 'One moment "please".',
      endCallAfterSpoken: false,
      interruptionsEnabled: true,
      interruptAssistantEnabled: false,
    });
    expect(JSON.parse(writeSay('Bye.', { endCallAfterSpoken: true }))).toMatchObject({
      endCallAfterSpoken: true,
    });
  });

  test('writes a message into the conversation', () => {
    expect(JSON.parse(writeAddMessage('system', 'Caller pressed 5.', true))).toEqual({
      type: 'add-message',
      message: { role: 'system', content: 'Caller pressed 5.' },
      triggerResponseEnabled: true,
    });
  });

  test('writes a control', () => {
    expect(JSON.parse(writeControl('mute-assistant'))).toEqual({
      type: 'control',
      control: 'mute-assistant',
    });
  });
});
