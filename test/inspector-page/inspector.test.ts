import { describe, expect, it } from 'vitest';
import { FEED_VERSION, type FeedMessage } from '../../src/inspector/messages.ts';
import { createInspector } from '../../src/inspector/page/state/inspector.ts';
import { rowOf } from './row.ts';

const hello: FeedMessage = {
  type: 'hello',
  version: FEED_VERSION,
  now: 50_000,
  agent: 'simulated',
  maxCalls: 200,
  acting: { allowed: true },
  shows: { numbers: false, transcripts: false },
  machines: [],
};
const rows = (...ids: string[]): FeedMessage => ({
  type: 'rows',
  now: 50_000,
  rows: ids.map((callId) => rowOf({ callId })),
});
const wire = (seq: number) =>
  ({ seq, at: seq, type: 'wire', from: 'vapi', to: 'bridge', message: 'hang', facts: {} }) as const;
const gauges = (at: number): FeedMessage => ({
  type: 'gauges',
  callId: 'a',
  gauges: {
    ...{ at, callerDb: -20, agentDb: -90, heldFrames: 0, droppedFrames: 0, sentFrames: 0, gapFilledMs: 0 },
    ...{
      agentUnsentBytes: 0,
      callerRttMs: 0,
      agentRttMs: 0,
      queuedMs: 0,
      leadMs: 0,
      flushedMs: 0,
      refusedMs: 0,
      unreadableMessages: 0,
    },
  },
  figures: {},
});

function world() {
  let now = 1_000;
  const inspector = createInspector(
    () => now,
    (fn) => fn(),
  );
  return {
    inspector,
    pass(ms: number) {
      now += ms;
    },
    ids: () => [...inspector.board.get().rows.keys()],
  };
}

describe('what the page knows', () => {
  it('has the rows of the server, changed and forgotten as it is told', () => {
    const w = world();
    w.inspector.hear([hello]);
    expect(w.inspector.board.get().known).toBe(false);
    w.inspector.hear([rows('a', 'b')]);
    w.inspector.hear([rows('c')]);
    w.inspector.hear([{ type: 'forgotten', callIds: ['a'] }]);
    expect(w.ids()).toEqual(['b', 'c']);
  });

  it('keeps the levels of no call that is forgotten, nor those of another server', () => {
    const w = world();
    const levels = (...of: [string, number, number][]) => w.inspector.hear([{ type: 'levels', of }]);
    const known = () => [...w.inspector.levels.get().keys()];
    w.inspector.hear([hello, rows('a', 'b')]);
    levels(['a', -30, -90], ['b', -90, -20]);
    w.inspector.hear([{ type: 'forgotten', callIds: ['a'] }]);
    expect(known()).toEqual(['b']);
    w.inspector.hear([hello, rows('c')]);
    expect(known()).toEqual([]);
  });

  it('forgets the calls of a server that was started anew', () => {
    const w = world();
    w.inspector.hear([hello, rows('a', 'b')]);
    w.inspector.hear([hello, rows('c')]);
    expect(w.ids()).toEqual(['c']);
  });

  it('tells the time by the server’s clock, which stands still while nothing is heard of it', () => {
    const w = world();
    w.inspector.connection.set({ phase: 'live' });
    w.inspector.hear([hello, rows()]);
    w.pass(500);
    expect(w.inspector.serverNow()).toBe(50_500);
    w.inspector.connection.set({ phase: 'waiting', until: 0, failures: 1 });
    w.pass(9_000);
    expect(w.inspector.serverNow()).toBe(50_000);
  });

  it('has the journal of the call that is shown, and no other', () => {
    const w = world();
    w.inspector.hear([hello, rows('a', 'b')]);
    w.inspector.show('a');
    w.inspector.hear([{ type: 'journal', callId: 'a', dropped: 2, records: [wire(3)], levels: [] }]);
    w.inspector.hear([{ type: 'records', callId: 'a', records: [wire(4)] }]);
    w.inspector.hear([{ type: 'records', callId: 'b', records: [wire(9)] }]);
    const call = w.inspector.call.get();
    expect(call?.dropped).toBe(2);
    expect(call?.records.map(({ seq }) => seq)).toEqual([3, 4]);
  });

  it('begins the journal anew when it is told anew', () => {
    const w = world();
    w.inspector.show('a');
    for (let time = 0; time < 2; time += 1)
      w.inspector.hear([{ type: 'journal', callId: 'a', dropped: 0, records: [wire(1)], levels: [] }]);
    expect(w.inspector.call.get()?.records).toHaveLength(1);
  });

  it('keeps the levels of the call that is shown, each once', () => {
    const w = world();
    w.inspector.show('a');
    w.inspector.hear([gauges(100), gauges(200), gauges(200)]);
    expect(w.inspector.call.get()?.levels).toEqual([
      [100, -20, -90],
      [200, -20, -90],
    ]);
  });

  it('says why a call is not to be had', () => {
    const w = world();
    w.inspector.show('z');
    w.inspector.hear([{ type: 'refused', words: 'No call of this id.' }]);
    expect(w.inspector.call.get()?.missing).toBe('No call of this id.');
  });
});
