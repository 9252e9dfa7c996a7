import { describe, expect, it } from 'vitest';
import { answerOf, whyNot } from '../../src/inspector/page/call/acting.ts';
import { clock, meterOf, moment, short, span, wait } from '../../src/inspector/page/format.ts';
import { hashOf, routeOf } from '../../src/inspector/page/state/route.ts';
import { wordOf, wordsOf } from '../../src/inspector/page/state-words.ts';
import { rowOf } from './row.ts';

describe('numbers', () => {
  it('are written as people read them', () => {
    expect([span(440), span(12_900), span(185_000)]).toEqual(['0.4 s', '12 s', '3:05']);
    expect([clock(7_900), clock(3_727_000)]).toEqual(['0:07', '1:02:07']);
    expect([moment(7_340.4), moment(59_999.9)]).toEqual(['00:07.340', '01:00.000']);
    expect([wait(287.4), wait(1_310)]).toEqual(['287 ms', '1.31 s']);
    expect(short('CA741aa6ae3f44bee1b1991433afea86e7')).toBe('CA741a…86e7');
    expect([meterOf(-90), meterOf(-30), meterOf(3)]).toEqual([0, 0.5, 1]);
  });
});

describe('states', () => {
  it('are one word of the chart’s value', () => {
    expect(wordOf({ live: { connecting: { caller: 'awaited', agent: 'called' } } })).toBe('connecting');
    expect(wordOf({ live: { bargeIn: { paused: 'voiced' } } })).toBe('bargeIn.paused');
    expect(wordOf({ closing: { caller: 'departed', agent: 'departed' } })).toBe('closing');
    expect(wordOf('closed')).toBe('closed');
  });

  it('are said as a person says them', () => {
    expect(['bargeIn.paused', 'agentSpeaking'].map(wordsOf)).toEqual(['barge-in · paused', 'agent speaking']);
  });
});

describe('addresses', () => {
  it('name a call and a moment of it, there and back', () => {
    for (const hash of ['#/', '#/recording', '#/call/ab12', '#/call/ab12?at=1234.5'])
      expect(hashOf(routeOf(hash))).toBe(hash);
  });

  it('that mean nothing are the board', () => {
    for (const hash of ['', '#', '#/call/', '#/nowhere', '#/call/a?at=x', '#/call/%'])
      expect(routeOf(hash)).toEqual({ at: 'board' });
  });
});

describe('acting', () => {
  it('is not possible on an ended call, without a server, or without leave', () => {
    const allowed = { acting: { allowed: true } } as const;
    expect(whyNot(rowOf({ endedAt: 1 }), allowed, 'live')).toBe('The call has ended.');
    expect(whyNot(rowOf(), allowed, 'waiting')).toBe('The server is not connected.');
    expect(whyNot(rowOf(), { acting: { allowed: false, words: 'Set ADMIN_TOKEN.' } }, 'live')).toBe(
      'Set ADMIN_TOKEN.',
    );
    expect(whyNot(rowOf(), allowed, 'live')).toBeNull();
  });

  it('is answered with the server’s words, or with what its status means', () => {
    expect(answerOf({ status: 200, text: '{"ok":true}' })).toEqual({ ok: true });
    expect(answerOf({ status: 409, text: '{"ok":false,"words":"It has ended."}' })).toEqual({
      ok: false,
      words: 'It has ended.',
    });
    expect(answerOf({ status: 0, text: '' })).toMatchObject({
      ok: false,
      words: expect.stringMatching(/does not answer/),
    });
    expect(answerOf({ status: 500, text: '<html>' })).toMatchObject({
      ok: false,
      words: expect.stringMatching(/answered 500/),
    });
  });
});
