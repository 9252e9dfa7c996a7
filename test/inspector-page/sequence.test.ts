import { describe, expect, it } from 'vitest';
import { createItems, type Filter } from '../../src/inspector/page/views/sequence/items.ts';
import { createRows } from '../../src/inspector/page/views/sequence/read-rows.ts';
import { createJournal } from './journal.ts';

const live = (state: string) => ({ live: state });

function story() {
  const journal = createJournal();
  journal.begins(0, live('streaming'));
  journal.begins(0, 'flowing', {}, 'agentBuffer');
  journal.says(100, 'vapi', 'speech-update', { role: 'user', status: 'started' });
  journal.moves(100, 'vapi.callerStarted', live('streaming'));
  journal.moves(2_000, 'agent.began', live('agentSpeaking'));
  journal.moves(2_000, 'buffer.accept', 'flowing', { actor: 'agentBuffer', edges: [] });
  journal.says(2_050, 'twilio', 'mark', { name: 'm1' });
  return journal;
}

const rowsOf = ({ records }: ReturnType<typeof story>) => {
  const rows = createRows();
  rows.follow(records);
  return rows.list;
};

describe('The sequence', () => {
  it('says where a transition led from and to, and in which state the call is then', () => {
    const row = rowsOf(story())[4];
    expect(row).toMatchObject({
      before: 'streaming',
      after: 'agentSpeaking',
      moved: true,
      state: 'agentSpeaking',
    });
    expect(rowsOf(story())[6]?.state).toBe('agentSpeaking');
  });

  it('says of an event that nothing answers that it was ignored', () => {
    expect(rowsOf(story()).map(({ ignored }) => ignored)).toEqual([
      false,
      false,
      false,
      false,
      false,
      true,
      false,
    ]);
  });

  it('lists what is asked for', () => {
    const rows = rowsOf(story());
    const seqs = (filter: Filter, words = '') =>
      createItems()(rows, filter, words).list.flatMap(({ row }) => (row ? [row.seq] : []));
    expect(seqs('all')).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(seqs('story')).toEqual([1, 3, 5]);
    expect(seqs('call')).toEqual([1, 4, 5]);
    expect(seqs('wire')).toEqual([3, 7]);
    expect(seqs('all', ' STARTED ')).toEqual([3, 4]);
  });

  it('marks stretches in which nothing happened', () => {
    const gaps = createItems()(rowsOf(story()), 'all', '').list.filter(({ row }) => row === null);
    expect(gaps).toEqual([{ row: null, at: 100, gapMs: 1_900 }]);
  });

  it('keeps what it has listed when more comes, and chooses anew when something else is asked for', () => {
    const rows = rowsOf(story());
    const choose = createItems();
    const [first] = choose(rows.slice(0, 4), 'all', '').list;
    const whole = choose(rows, 'all', '');
    expect(whole.list[0]).toBe(first);
    expect(whole).toEqual(createItems()(rows, 'all', ''));
    expect(choose(rows, 'wire', '')).toEqual(createItems()(rows, 'wire', ''));
    expect(choose(rowsOf(story()), 'wire', '').rows).toBe(2);
  });

  it('goes on where a journal goes on, and begins anew with another one', () => {
    const { records } = story();
    const rows = createRows();
    rows.follow(records.slice(0, 3));
    const [first] = rows.list;
    rows.follow(records);
    expect(rows.list[0]).toBe(first);
    expect(rows.list).toEqual(rowsOf(story()));
    const other = story();
    rows.follow(other.records.slice(0, 5));
    expect(rows.list.map(({ record }) => record)).toEqual(other.records.slice(0, 5));
  });
});
