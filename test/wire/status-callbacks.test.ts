import { describe, expect, test } from 'vitest';
import {
  isOver,
  readCallStatus,
  readRecordingStatus,
  readStreamStatus,
  readVoiceWebhook,
  wasAnswered,
} from '../../src/wire/status-callbacks.ts';

const stream = { AccountSid: 'AC1', CallSid: 'CA1', StreamSid: 'MZ1', StreamName: 'agent' };

describe('reading the status of a stream', () => {
  test.each(['stream-started', 'stream-stopped'])('reads %s', (StreamEvent) => {
    expect(readStreamStatus({ ...stream, StreamEvent })).toEqual({
      kind: 'streamStatus',
      callSid: 'CA1',
      streamSid: 'MZ1',
      event: StreamEvent,
    });
  });

  test("reads an error with Twilio's words for it, masked for a log", () => {
    const error = {
      StreamEvent: 'stream-error',
      StreamError: '31920 at\r\nwss://bridge.example.com/media/t0ken',
    };
    expect(readStreamStatus({ ...stream, ...error })).toEqual({
      kind: 'streamStatus',
      callSid: 'CA1',
      streamSid: 'MZ1',
      event: 'stream-error',
      error: '31920 at [address]',
    });
  });

  test.each([
    [{}],
    [{ ...stream }],
    [{ ...stream, StreamEvent: 'stream-paused' }],
    [{ ...stream, StreamEvent: 'stream-started', StreamSid: '' }],
    [{ ...stream, StreamEvent: 'stream-started', CallSid: ['CA1', 'CA2'] }],
  ])('cannot read %j', (form) => {
    expect(readStreamStatus(form)).toMatchObject({ kind: 'unreadable' });
  });
});

describe('reading the status of a call', () => {
  test.each([
    ['queued', false],
    ['initiated', false],
    ['ringing', false],
    ['in-progress', false],
    ['completed', true],
    ['busy', true],
    ['failed', true],
    ['no-answer', true],
    ['canceled', true],
  ])('%s ends the call: %s', (CallStatus, terminal) => {
    expect(readCallStatus({ CallSid: 'CA1', CallStatus, SequenceNumber: '3' })).toEqual({
      kind: 'callStatus',
      callSid: 'CA1',
      status: CallStatus,
      terminal,
      sequence: 3,
    });
  });

  test('does without a sequence number', () => {
    const read = readCallStatus({ CallSid: 'CA1', CallStatus: 'completed', SequenceNumber: 'first' });
    expect(read).not.toHaveProperty('sequence');
  });

  test.each([
    [{ CallStatus: 'completed' }],
    [{ CallSid: 'CA1' }],
    [{ CallSid: 'CA1', CallStatus: 'toString' }],
    [{ CallSid: 'CA 1', CallStatus: 'completed' }],
  ])('cannot read %j', (form) => {
    expect(readCallStatus(form)).toMatchObject({ kind: 'unreadable' });
  });
});

describe('reading the request for TwiML', () => {
  test('reads who calls whom', () => {
    const form = {
      CallSid: 'CA00000000000000000000000000000000',
      AccountSid: 'AC00000000000000000000000000000000',
      From: '+15551234567',
      To: '+15557654321',
      Direction: 'inbound',
      CallStatus: 'ringing',
      FromCity: 'SPRINGFIELD',
    };
    expect(readVoiceWebhook(form)).toEqual({
      kind: 'voiceWebhook',
      callSid: form.CallSid,
      accountSid: form.AccountSid,
      from: '+15551234567',
      to: '+15557654321',
      direction: 'inbound',
      callStatus: 'ringing',
    });
  });

  test('needs nothing but a CallSid', () => {
    expect(readVoiceWebhook({ CallSid: 'CA-test' })).toEqual({
      kind: 'voiceWebhook',
      callSid: 'CA-test',
      accountSid: '',
      from: '',
      to: '',
      direction: '',
      callStatus: '',
    });
  });

  test('keeps line breaks out of what a caller may choose', () => {
    const read = readVoiceWebhook({ CallSid: 'CA1', From: 'sip:eve@example.com\r\n[Cleanup]' });
    expect(read).toMatchObject({ from: 'sip:eve@example.com[Cleanup]' });
  });

  test.each([[{}], [{ CallSid: '' }], [{ CallSid: 'CA/1' }], [{ CallSid: 'C'.repeat(65) }]])(
    'cannot read %j',
    (form) => {
      expect(readVoiceWebhook(form)).toMatchObject({ kind: 'unreadable' });
    },
  );
});

describe('what follows an action', () => {
  test('says whether somebody took the call that was dialled; every other word is a no', () => {
    for (const DialCallStatus of ['completed', 'answered'])
      expect(wasAnswered({ DialCallStatus })).toBe(true);
    const unanswered = ['busy', 'no-answer', 'failed', 'canceled', 'Completed', '', undefined, ['completed']];
    for (const DialCallStatus of unanswered) expect(wasAnswered({ DialCallStatus })).toBe(false);
    expect(wasAnswered({})).toBe(false);
  });

  test('says whether the phone call is over', () => {
    for (const status of ['completed', 'busy', 'failed', 'no-answer', 'canceled'])
      expect(isOver(status)).toBe(true);
    for (const status of ['in-progress', 'ringing', 'queued', '', 'toString'])
      expect(isOver(status)).toBe(false);
  });
});

describe('a recording status', () => {
  const form = {
    CallSid: 'CA1',
    RecordingSid: 'RE1',
    RecordingUrl: 'https://api.twilio.com/2010-04-01/Accounts/AC1/Recordings/RE1',
    RecordingStatus: 'completed',
    RecordingDuration: '12',
  };

  test('tells of a recording by its id and its length, and leaves its address out', () => {
    expect(readRecordingStatus(form)).toEqual({
      kind: 'recordingStatus',
      callSid: 'CA1',
      recordingSid: 'RE1',
      completed: true,
      seconds: 12,
    });
  });

  test('is none yet, or none at all, by any other word', () => {
    for (const RecordingStatus of ['in-progress', 'absent', 'failed', '', undefined, ['completed']])
      expect(readRecordingStatus({ ...form, RecordingStatus })).toMatchObject({ completed: false });
  });

  test('does without a length that is none', () => {
    for (const RecordingDuration of ['-1', '12 s', '', undefined])
      expect(readRecordingStatus({ ...form, RecordingDuration })).not.toHaveProperty('seconds');
  });

  test('is unreadable without its ids', () => {
    for (const wrong of [{ CallSid: '' }, { RecordingSid: '../x' }, { RecordingSid: ['RE1', 'RE2'] }])
      expect(readRecordingStatus({ ...form, ...wrong })).toMatchObject({ kind: 'unreadable' });
  });
});
