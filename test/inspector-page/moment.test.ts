import { describe, expect, it } from 'vitest';
import { createMoments } from '../../src/inspector/page/moment.ts';
import { createJournal } from './journal.ts';

const live = (state: string) => ({ live: state });

/** A call that goes to and fro between two states every 10 ms. */
function longCall(steps: number) {
  const journal = createJournal();
  journal.begins(0, live('streaming'), { turn: 0, name: 'CA1' });
  for (let step = 1; step <= steps; step += 1) {
    const state = step % 2 === 1 ? 'agentSpeaking' : 'streaming';
    journal.moves(step * 10, 'agent.began', live(state), { changed: { turn: step } });
  }
  return journal;
}

describe('The moments of a call', () => {
  it('are those of nothing before the first record', () => {
    const moments = createMoments();
    expect(moments.latest()).toEqual({ at: 0, seq: 0, actors: {} });
    moments.add(longCall(1).records);
    expect(moments.at(-1)).toEqual({ at: -1, seq: 0, actors: {} });
  });

  it('know the active states with all that are around them', () => {
    const journal = createJournal();
    journal.begins(0, { live: { connecting: { caller: 'awaited', agent: 'called' } } });
    const moments = createMoments();
    moments.add(journal.records);
    expect([...(moments.latest().actors.call?.active ?? [])]).toEqual([
      'call',
      'call.live',
      'call.live.connecting',
      'call.live.connecting.caller',
      'call.live.connecting.caller.awaited',
      'call.live.connecting.agent',
      'call.live.connecting.agent.called',
    ]);
  });

  it('name the states of a child by its machine', () => {
    const journal = createJournal();
    journal.begins(0, 'flowing', {}, 'agentBuffer');
    const moments = createMoments();
    moments.add(journal.records);
    expect(moments.latest().actors.agentBuffer?.active.has('jitter-buffer.flowing')).toBe(true);
  });

  it('are the same wherever one seeks, with checkpoints on the way or without', () => {
    const { records } = longCall(1_000);
    const moments = createMoments();
    moments.add(records);
    for (const at of [0, 9.9, 10, 1_985, 1_990, 1_999, 2_000, 2_010, 3_995, 9_990, 10_000, 20_000]) {
      const fresh = createMoments();
      fresh.add(records.filter((record) => record.at <= at));
      const sought = moments.at(at);
      expect(sought.actors).toEqual(fresh.latest().actors);
      expect(sought.seq).toBe(fresh.latest().seq);
      expect(sought.actors.call?.context).toEqual({
        turn: Math.min(1_000, Math.floor(at / 10)),
        name: 'CA1',
      });
    }
  });

  it('take records as they come, and each only once', () => {
    const { records } = longCall(500);
    const [whole, bit] = [createMoments(), createMoments()];
    whole.add(records);
    for (let place = 0; place < records.length; place += 7)
      bit.add(records.slice(Math.max(0, place - 3), place + 7));
    expect(bit.latest()).toEqual(whole.latest());
    expect(bit.at(2_345)).toEqual(whole.at(2_345));
  });

  it('include everything that happened at the very moment', () => {
    const journal = createJournal();
    journal.begins(0, live('streaming'));
    journal.moves(5, 'agent.began', live('agentSpeaking'));
    journal.moves(5, 'agent.finished', live('streaming'));
    const moments = createMoments();
    moments.add(journal.records);
    expect(moments.at(5).seq).toBe(3);
    expect(moments.at(4.9).seq).toBe(1);
  });

  it('keep timers until they are told otherwise, and none of an actor that is over', () => {
    const timer = { delay: 'pauseTimeout', state: 'call.live.bargeIn.paused', from: 5, due: 5_005 };
    const journal = createJournal();
    journal.begins(0, live('agentSpeaking'));
    journal.moves(5, 'vapi.callerStarted', live('bargeIn'), { timers: [timer] });
    journal.moves(9, 'agent.paused', live('bargeIn'));
    journal.moves(12, 'stop', 'closed', { status: 'done' });
    const moments = createMoments();
    moments.add(journal.records);
    expect(moments.at(9).actors.call?.timers).toEqual([timer]);
    expect(moments.at(12).actors.call?.timers).toEqual([]);
  });

  it('tell what was heard last from what brought the actor where it is', () => {
    const journal = createJournal();
    journal.begins(0, live('streaming'));
    journal.moves(5, 'agent.began', live('agentSpeaking'), { edges: [3] });
    journal.moves(9, 'caller.forwarded', live('agentSpeaking'), { edges: [4] });
    const moments = createMoments();
    moments.add(journal.records);
    const { call } = moments.latest().actors;
    expect(call?.arrived).toEqual({ event: 'agent.began', edges: [3], at: 5, seq: 2 });
    expect(call?.last).toEqual({ event: 'caller.forwarded', edges: [4], at: 9, seq: 3 });
    expect(moments.at(0).actors.call?.arrived).toBe(null);
  });

  it('go by what an actor is told to be where older records are missing', () => {
    const journal = createJournal();
    const snapshot = journal.begins(70_000, live('streaming'), { turn: 9 });
    const moments = createMoments();
    moments.add([{ ...snapshot, seq: 4_001 }]);
    expect(moments.latest()).toMatchObject({ at: 70_000, seq: 4_001 });
    expect(moments.latest().actors.call?.context).toEqual({ turn: 9 });
  });
});
