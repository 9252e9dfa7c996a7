import { describe, expect, it } from 'vitest';
import { type CallRecording, FEED_VERSION } from '../../src/inspector/messages.ts';
import { readRecording } from '../../src/inspector/page/recording/read-recording.ts';
import { rowOf } from './row.ts';

const recording: CallRecording = {
  format: 'vapi-twilio-bridge.call',
  version: FEED_VERSION,
  savedAt: '2026-01-01T00:00:00.000Z',
  machines: [{ machine: 'call', version: '1', states: [], transitions: [] }],
  row: rowOf(),
  figures: {},
  settings: {},
  dropped: 0,
  records: [
    { seq: 1, at: 0, type: 'wire', from: 'twilio', to: 'bridge', message: 'start', facts: {} },
    { seq: 2, at: 5, type: 'sound', side: 'caller', from: 1 },
  ],
  levels: [[0, -40, -90]],
};
const wordsOf = (text: string) => {
  const read = readRecording(text);
  return read.ok ? '' : read.words;
};
const spoiled = (change: object) => wordsOf(JSON.stringify({ ...recording, ...change }));

describe('a file that is opened', () => {
  it('is read when it is a saved call', () => {
    const read = readRecording(JSON.stringify(recording));
    expect(read).toEqual({ ok: true, recording });
  });

  it.each([
    ['no JSON', 'RIFF....WAVE', /it is not JSON/],
    ['a list', '[]', /is no saved call/],
    ['another JSON', '{"name":"x"}', /is no saved call/],
    ['nothing', '', /it is not JSON/],
  ])('is refused when it is %s', (_, text, words) => {
    expect(wordsOf(text)).toMatch(words);
  });

  it('is refused by name of its version when it is of another one', () => {
    expect(spoiled({ version: 99 })).toMatch(/saved in form 99; this page reads form 1/);
  });

  it.each([
    ['records', { records: 'many' }, /it has no records/],
    ['one record', { records: [...recording.records, { seq: 3 }] }, /number 3 of its records/],
    ['the call', { row: undefined }, /it has no call/],
    ['a time of the call', { row: { ...rowOf(), openedAt: 'today' } }, /its call lacks openedAt/],
    ['a level', { levels: [[0, 1]] }, /number 1 of its levels/],
    ['the statecharts', { machines: [{}] }, /number 1 of its statecharts/],
  ])('is refused when %s cannot be read', (_, change, words) => {
    expect(spoiled(change)).toMatch(words);
  });
});
