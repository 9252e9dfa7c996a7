import { describe, expect, it } from 'vitest';
import { bridgeLines } from '../../src/simulation/bridge-figures.ts';
import type { PhoneCallResult } from '../../src/simulation/phone-call.ts';
import {
  callLines,
  clockTime,
  eventLine,
  isFaultless,
  remedyOf,
  totalLines,
} from '../../src/simulation/phone-report.ts';

const call: PhoneCallResult = {
  callSid: 'CA1',
  endedBy: 'caller',
  ending: 'The caller hung up.',
  heard: Buffer.alloc(0),
  firstHeardMs: 1_600,
  firstResponseMs: 640.4,
  bargeIns: [
    { atMs: 5_000, clearAfterMs: 143, silentAfterMs: 143 },
    { atMs: 9_000, silentAfterMs: 2_000 },
  ],
  talkOverMs: 2_143,
  clears: [],
  violations: [],
  streams: 1,
  framesSent: 1_234,
  framesLost: 0,
  marksReceived: 3,
  marksEchoed: 3,
  mediaMessages: 40,
  durationMs: 62_345,
};
const violation = { code: 31951 as const, why: 'the text is not JSON' };
const refusedBy = (kind: 'unreachable' | 'forbidden' | 'busy'): PhoneCallResult => ({
  ...call,
  endedBy: 'refused',
  refusal: { kind, words: '' },
});

describe('what the phone prints', () => {
  it('tells the time to the millisecond', () => {
    expect(clockTime(0)).toBe('00:00.000');
    expect(clockTime(754_321.4)).toBe('12:34.321');
  });

  it('puts each event on one line', () => {
    const line = eventLine({ type: 'caller', atMs: 1_040, words: 'the caller speaks' });
    expect(line).toBe('00:01.040  the caller speaks');
  });

  it('sums up a call', () => {
    expect(callLines(call)).toEqual([
      'Call CA1, 01:02.345. The caller hung up.',
      '  agent heard     first at 00:01.600',
      '  first response  640 ms after your words',
      '  barge-in        at 00:05.000: cleared after 143 ms, agent silent after 143 ms',
      '  barge-in        at 00:09.000: never cleared, agent silent after 2000 ms',
      '  talk-over       2143 ms',
      '  frames          1,234 sent, 0 of your speech lost',
      '  marks           3 received, 3 echoed',
      '  violations      none',
    ]);
  });

  it('names each violation once', () => {
    const lines = callLines({ ...call, violations: [violation, violation] });
    expect(lines.at(-1)).toBe('  violation       31951: the text is not JSON (2 times)');
  });

  it('sums up many calls', () => {
    const calls = [100, 200, 300, 400].map((firstResponseMs) => ({ ...call, firstResponseMs }));
    expect(totalLines([...calls, { ...call, violations: [violation] }])).toEqual([
      '5 calls, 1 of them with faults.',
      '  first response  median 300 ms, 95th percentile 640 ms, worst 640 ms (5)',
      '  barge-in clear  median 143 ms, 95th percentile 143 ms, worst 143 ms (5)',
      '  frames          6,170 sent, 0 lost',
      '  violations      1',
    ]);
  });

  it('finds fault with refusals, broken lines and violations only', () => {
    expect(isFaultless(call)).toBe(true);
    expect(isFaultless({ ...call, endedBy: 'bridge' })).toBe(true);
    expect(isFaultless({ ...call, endedBy: 'line' })).toBe(false);
    expect(isFaultless({ ...call, violations: [violation] })).toBe(false);
    expect(isFaultless(refusedBy('busy'))).toBe(false);
  });

  it('knows what to do about a call that never was', () => {
    const to = 'ws://127.0.0.1:3000/media';
    expect(remedyOf(refusedBy('unreachable'), to)).toBe('Start the server with npm start.');
    expect(remedyOf(refusedBy('forbidden'), to)).toMatch(
      /use --to http:\/\/127\.0\.0\.1:3000\/webhook\/twilio$/,
    );
    expect(remedyOf(refusedBy('forbidden'), 'http://h/webhook/twilio')).toMatch(/TWILIO_AUTH_TOKEN/);
    expect(remedyOf(refusedBy('busy'), to)).toBe('');
  });

  it("shows the server's own figures, whatever it left out", () => {
    const bargeIns = [
      {
        atMs: 5_000,
        cause: 'voice',
        clearAfterMs: 120.25,
        flushedMs: 840,
        heardMs: 1_000,
        outcome: 'flushed',
      },
    ];
    expect(bridgeLines({ figures: { firstResponseMs: 610, droppedFrames: 0, bargeIns } })).toEqual([
      'What the server says of it:',
      '  firstResponseMs 610',
      '  droppedFrames   0',
      '  bargeIn         atMs 5000 by voice, clearAfterMs 120.3, flushedMs 840, heardMs 1000, flushed',
    ]);
    expect(bridgeLines(undefined)).toEqual([]);
    expect(bridgeLines({ figures: null })).toEqual([]);
    expect(bridgeLines('nonsense')).toEqual([]);
  });
});
