import { describe, expect, it } from 'vitest';
import type { JournalRecord, StateValue } from '../../src/inspector/messages.ts';
import {
  behind,
  changeFrom,
  momentsOf,
  positionOf,
  settled,
  stepFrom,
  stretchesOf,
} from '../../src/inspector/page/call/playhead.ts';

let seq = 0;
function transition(at: number, value: StateValue, actor: 'call' | 'vapiSocket' = 'call'): JournalRecord {
  seq += 1;
  const event = { type: 'x' };
  return {
    type: '@xstate.transition',
    seq,
    at,
    actor,
    event,
    edges: [],
    value,
    changed: {},
    status: 'active',
  };
}

const records: JournalRecord[] = [
  transition(0, { live: { connecting: { caller: 'awaited', agent: 'uncalled' } } }),
  transition(100, { live: { connecting: { caller: 'here', agent: 'called' } } }),
  transition(200, { live: 'buffering' }),
  transition(200, 'linked', 'vapiSocket'),
  transition(600, { live: { bargeIn: { paused: 'voiced' } } }),
  transition(900, { closing: { caller: 'departed', agent: 'departing' } }),
];
const ats = momentsOf(records);

describe('the position in a call', () => {
  it('is the end while it is live, and where it was put while it is paused', () => {
    expect(positionOf({ mode: 'live' }, 1_000, 0)).toBe(1_000);
    expect(positionOf({ mode: 'paused', at: 300 }, 1_000, 0)).toBe(300);
  });

  it('moves at its rate while it plays, and not beyond the end', () => {
    const head = { mode: 'playing', at: 100, since: 5_000, rate: 4 } as const;
    expect(positionOf(head, 1_000, 5_100)).toBe(500);
    expect(positionOf(head, 1_000, 9_000)).toBe(1_000);
  });

  it('is live again once playing has caught up', () => {
    const head = { mode: 'playing', at: 900, since: 0, rate: 1 } as const;
    expect(settled(head, 1_000, 50)).toBe(head);
    expect(settled(head, 1_000, 100)).toEqual({ mode: 'live' });
  });
});

describe('stepping', () => {
  it('goes from moment to moment, though several records share one', () => {
    expect(stepFrom(ats, 100, 1)).toBe(200);
    expect(stepFrom(ats, 200, 1)).toBe(600);
    expect(stepFrom(ats, 600, -1)).toBe(200);
    expect(stepFrom(ats, 200, -1)).toBe(100);
  });

  it('ends at the ends', () => {
    expect(stepFrom(ats, 900, 1)).toBeNull();
    expect(stepFrom(ats, 0, -1)).toBeNull();
  });

  it('goes by the moments, though a record was noted after one of a later moment', () => {
    const noted = momentsOf([{ at: 0 }, { at: 300 }, { at: 200 }]);
    expect(stepFrom(noted, 0, 1)).toBe(200);
    expect(behind(noted, 250)).toBe(1);
  });

  it('counts what is still to come', () => {
    expect(behind(ats, 200)).toBe(2);
    expect(behind(ats, -1)).toBe(6);
  });
});

describe('the states of a call', () => {
  const stretches = stretchesOf(records);

  it('are told as on the board, without what is within them', () => {
    expect(stretches).toEqual([
      { word: 'connecting', from: 0, to: 200 },
      { word: 'buffering', from: 200, to: 600 },
      { word: 'bargeIn.paused', from: 600, to: 900 },
      { word: 'closing', from: 900, to: null },
    ]);
  });

  it('are jumped between', () => {
    expect(changeFrom(stretches, 250, 1)).toBe(600);
    expect(changeFrom(stretches, 250, -1)).toBe(200);
    expect(changeFrom(stretches, 900, 1)).toBeNull();
  });
});
