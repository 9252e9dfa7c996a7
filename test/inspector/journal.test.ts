import { describe, expect, it } from 'vitest';
import type { Step } from '../../src/inspector/feed.ts';
import { createJournal, MOST_RECORDS } from '../../src/inspector/journal.ts';
import type { JournalRecord } from '../../src/inspector/messages.ts';
import { createRedactor } from '../../src/inspector/redact.ts';
import { stepOf } from './steps.ts';

const redactor = createRedactor({ transcripts: false });

const seqs = (records: readonly JournalRecord[]) => records.map(({ seq }) => seq);
const types = (records: readonly JournalRecord[]) =>
  records.map((record) =>
    'event' in record ? record.event.type : 'message' in record ? record.message : record.type,
  );

/** What a record of a wire is heard as. */
const wire = (message: string, at = 0) =>
  ({ type: 'wire', at, from: 'vapi', to: 'bridge', message, facts: {} }) as const;

/** A journal in which `count` steps have been noted, each with a number of its own in its context. */
function createFull(count: number, room?: number) {
  const journal = createJournal(redactor, room);
  for (let n = 1; n <= count; n += 1) {
    const context = { n, mirror: -n, callSid: 'CA456' };
    journal.step(stepOf(`step ${n}`, { beganAt: n, order: n, context, to: { live: `state${n % 7}` } }));
  }
  return journal;
}

/** What is known of the call's own machine after all records, as a viewer finds out. */
function replayed(records: readonly JournalRecord[]) {
  let known: Record<string, unknown> = {};
  for (const record of records) {
    if (record.type === '@xstate.actor' && record.actor === 'call')
      known = { ...record.context, value: record.value };
    if (record.type === '@xstate.transition' && record.actor === 'call')
      known = { ...known, ...record.changed, value: record.value };
  }
  return known;
}

describe('a journal', () => {
  it('begins with the whole of an actor, and then has what changed', () => {
    const journal = createJournal(redactor);
    const first = { callSid: null, muted: false };
    journal.step(stepOf('xstate.init', { order: 1, context: first }));
    journal.step(stepOf('nothing', { order: 2, context: first }));
    journal.step(stepOf('twilio.started', { order: 3, context: { ...first, callSid: 'CA456' }, edges: [7] }));
    const [whole, nothing, change] = journal.read().records;
    expect(whole).toMatchObject({ seq: 1, type: '@xstate.actor', machine: 'call', context: first });
    expect(nothing).toMatchObject({ seq: 2, changed: {}, edges: [] });
    expect(change).toMatchObject({ seq: 3, changed: { callSid: 'CA456' }, edges: [7] });
  });

  it('has timers where they changed, and only there', () => {
    const journal = createJournal(redactor);
    const timers: Step['timers'] = [
      { id: 'x', event: 'x', delay: 'fillTimeout', state: 'jitter-buffer.filling', from: 5.04, due: 105.04 },
    ];
    journal.step(stepOf('xstate.init', { order: 1 }));
    journal.step(stepOf('one', { order: 2, timers }));
    journal.step(stepOf('two', { order: 3, timers }));
    const [, one, two] = journal.read().records;
    expect(one).toMatchObject({
      timers: [{ delay: 'fillTimeout', state: 'jitter-buffer.filling', from: 5, due: 105 }],
    });
    expect(two && 'timers' in two).toBe(false);
  });

  it('has a cause before what it brings about, though that is told first', () => {
    const journal = createJournal(redactor);
    journal.step(stepOf('inner', { order: 2, settled: false, actor: 'agentBuffer' }));
    journal.hear(wire('clear'), { order: 3, settled: false });
    journal.step(stepOf('outer', { order: 1, settled: true }));
    expect(journal.read().records.map((record) => ('actor' in record ? record.actor : record.type))).toEqual([
      'call',
      'agentBuffer',
      'wire',
    ]);
    expect(seqs(journal.read().records)).toEqual([1, 2, 3]);
  });

  it('loses nothing of a step whose cause was never told', () => {
    const journal = createJournal(redactor);
    journal.step(stepOf('inner', { order: 2, settled: false }));
    expect(journal.newest).toBe(1);
  });

  it('is dated in order, whatever is heard late', () => {
    const journal = createJournal(redactor);
    journal.hear(wire('one', 10), { order: 1, settled: true });
    journal.hear({ type: 'sound', side: 'caller', from: 2, at: 8 }, { order: 2, settled: true });
    expect(journal.read().records).toMatchObject([{ at: 10 }, { at: 10, from: 2 }]);
  });

  it('gives what came since a record', () => {
    const journal = createFull(10);
    expect(seqs(journal.since(7))).toEqual([8, 9, 10]);
    expect(journal.since(10)).toEqual([]);
    expect(seqs(journal.since(0))).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });
});

describe('a full journal', () => {
  it('never has more records than there is room for, and says how many are gone', () => {
    const journal = createFull(3.3 * MOST_RECORDS);
    const { records, dropped } = journal.read();
    expect(records.length).toBeLessThanOrEqual(MOST_RECORDS);
    expect(records.length).toBeGreaterThan(MOST_RECORDS / 3);
    expect(records.length + dropped).toBe(3.3 * MOST_RECORDS);
    expect(records.at(-1)?.seq).toBe(3.3 * MOST_RECORDS);
  });

  it.each([9, 10, 11, 15, 16, 17, 40, 333])(
    'tells after %i steps the same as one that forgot nothing',
    (count) => {
      expect(replayed(createFull(count, 10).read().records)).toEqual(
        replayed(createFull(count, 10_000).read().records),
      );
    },
  );

  it('numbers its records without a doubt: each has its own, and they grow', () => {
    const all = seqs(createFull(1_234, 100).read().records);
    expect(all).toEqual([...new Set(all)].sort((one, other) => one - other));
  });

  it('begins with every actor that was known', () => {
    const journal = createJournal(redactor, 20);
    for (let n = 1; n <= 200; n += 1) {
      const actor = n % 2 === 0 ? 'call' : 'agentBuffer';
      journal.step(stepOf(`step ${n}`, { order: n, actor, context: { n } }));
    }
    const [first, second, third] = journal.read().records;
    expect([first?.type, second?.type]).toEqual(['@xstate.actor', '@xstate.actor']);
    expect(third?.type).toBe('@xstate.transition');
  });

  it('lets marks go before anything else', () => {
    const journal = createJournal(redactor, 100);
    for (let n = 1; n <= 2_000; n += 1) {
      if (n % 50 === 0) journal.step(stepOf(`step ${n}`, { order: n, context: { n } }));
      else journal.hear(wire('mark', n), { order: n, settled: true });
    }
    const { records, dropped } = journal.read();
    const steps = types(records).filter((type) => type !== 'mark');
    expect(steps).toHaveLength(40);
    expect(records.length + dropped).toBe(2_000);
  });
});

describe('what a journal shows', () => {
  it('is redacted, wherever it comes from', () => {
    const journal = createJournal(redactor);
    journal.step(stepOf('xstate.init', { order: 1, context: { key: 'secret-1', callSid: 'CA1' } }));
    journal.step(
      stepOf(
        { type: 'caller.pressed', digit: '7', text: 'secret-2' },
        { order: 2, context: { key: 'secret-3' } },
      ),
    );
    journal.hear({ ...wire('transcript'), facts: { text: 'secret-4' } }, { order: 3, settled: true });
    const shown = JSON.stringify([journal.read(), journal.actors()]);
    expect(shown).not.toMatch(/secret|"7"/);
  });

  it('has the actors as they are now, the call first', () => {
    const journal = createJournal(redactor);
    journal.step(stepOf('xstate.init', { order: 2, actor: 'agentBuffer', to: 'flowing', context: {} }));
    journal.step(stepOf('xstate.init', { order: 1, context: { n: 1 } }));
    journal.step(stepOf('more', { order: 3, context: { n: 2 } }));
    expect(journal.actors()).toMatchObject([
      { actor: 'call', machine: 'call', context: { n: 2 } },
      { actor: 'agentBuffer', machine: 'jitter-buffer', value: 'flowing' },
    ]);
  });
});
