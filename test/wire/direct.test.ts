import { describe, expect, test } from 'vitest';
import { readDirectMessage } from '../../src/wire/direct.ts';

describe("reading the tutorial's dialect", () => {
  test('reads sound in base64', () => {
    const bytes = Buffer.from([1, 2, 3, 4, 5]);
    const text = JSON.stringify({ event: 'audio', audio: bytes.toString('base64') });
    expect(readDirectMessage(text)).toEqual({ kind: 'audio', bytes });
  });

  test('reads five seconds of PCM in one message', () => {
    const bytes = Buffer.alloc(160_000, 1);
    const message = readDirectMessage(JSON.stringify({ event: 'audio', audio: bytes.toString('base64') }));
    expect(message.kind === 'audio' && message.bytes.equals(bytes)).toBe(true);
  });

  test.each([
    ['{"event":"transcript","isFinal":false}', { kind: 'transcript', role: 'user', final: false, text: '' }],
    [
      '{"event":"transcript","isFinal":true,"text":"Wait"}',
      { kind: 'transcript', role: 'user', final: true, text: 'Wait' },
    ],
    [
      '{"event":"transcript","transcript":"Hi.","role":"assistant"}',
      { kind: 'transcript', role: 'assistant', final: false, text: 'Hi.' },
    ],
    ['{"event":"ready"}', { kind: 'other', type: 'ready' }],
  ])('reads %s', (text, message) => {
    expect(readDirectMessage(text)).toEqual(message);
  });

  test('understands the documented messages too', () => {
    expect(readDirectMessage('{"type":"user-interrupted"}')).toEqual({ kind: 'userInterrupted' });
    expect(readDirectMessage('{"type":"status-update","status":"ended"}')).toEqual({
      kind: 'statusUpdate',
      status: 'ended',
    });
  });

  test.each([
    ['{"event":"audio"}'],
    ['{"event":"audio","audio":""}'],
    ['{"event":"audio","audio":"not base64!"}'],
    ['{"event":"transcript","text":7}'],
    ['{"event":7}'],
    ['{}'],
    ['"audio"'],
    ['hello'],
  ])('cannot read %s', (text) => {
    expect(readDirectMessage(text)).toMatchObject({ kind: 'unreadable' });
  });
});
