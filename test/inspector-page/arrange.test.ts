import { describe, expect, it } from 'vitest';
import { arrange, noFilter, totalsOf } from '../../src/inspector/page/board/arrange.ts';
import { rowOf } from './row.ts';

const rows = [
  rowOf({ callId: 'old', callSid: 'CAaaa', openedAt: 1_000, stateSince: 9_000, lastResponseMs: 300 }),
  rowOf({ callId: 'new', callSid: 'CAbbb', openedAt: 5_000, stateSince: 6_000, state: 'bargeIn.paused' }),
  rowOf({ callId: 'slow', openedAt: 3_000, stateSince: 8_000, lastResponseMs: 900, warnings: ['retrying'] }),
  rowOf({ callId: 'gone', openedAt: 9_000, endedAt: 9_900, state: 'closing', warnings: ['retrying'] }),
];
const ids = (filter: Partial<typeof noFilter>) =>
  arrange(rows, { ...noFilter, ...filter }).map(({ callId }) => callId);

describe('the board', () => {
  it('has the living before the ended, the newest first', () => {
    expect(ids({})).toEqual(['new', 'slow', 'old', 'gone']);
  });

  it('can have those first that are longest in their state, or slowest to be answered', () => {
    expect(ids({ order: 'longestInState' })).toEqual(['new', 'slow', 'old', 'gone']);
    expect(ids({ order: 'slowest' })).toEqual(['slow', 'old', 'new', 'gone']);
  });

  it('shows only the living, or only the ended', () => {
    expect(ids({ life: 'live' })).toEqual(['new', 'slow', 'old']);
    expect(ids({ life: 'ended' })).toEqual(['gone']);
  });

  it('counts a state within a state to the outer one, and whatever has ended as closed', () => {
    expect(ids({ states: ['bargeIn'] })).toEqual(['new']);
    expect(ids({ states: ['closed'] })).toEqual(['gone']);
    expect(ids({ states: ['closing'] })).toEqual([]);
  });

  it('finds a call by a part of what it is called, whatever the case', () => {
    expect(ids({ text: ' caBB ' })).toEqual(['new']);
    expect(arrange([rowOf({ caller: '+14155550123' })], { ...noFilter, text: '55501' })).toHaveLength(1);
  });

  it('shows warnings of live calls alone', () => {
    expect(ids({ warned: true })).toEqual(['slow']);
  });

  it('adds up', () => {
    const totals = totalsOf(rows);
    expect(totals).toMatchObject({ all: 4, live: 3, ended: 1, warned: 1 });
    expect(totals.byState).toMatchObject({ streaming: 2, bargeIn: 1, closing: 0, closed: 1 });
  });
});
