import { describe, expect, it } from 'vitest';
import {
  deadAirOf,
  readTimeline,
  talkOverOf,
} from '../../src/inspector/page/views/timeline/read-timeline.ts';
import { createJournal } from './journal.ts';

const live = (state: string) => ({ live: state });

describe('The timeline', () => {
  it('has the waits for answers where these began', () => {
    const journal = createJournal();
    journal.begins(0, live('streaming'));
    journal.moves(900, 'agent.began', live('agentSpeaking'), { changed: { responseMs: 412 } });
    journal.moves(2_000, 'agent.finished', live('streaming'));
    journal.moves(3_000, 'agent.began', live('agentSpeaking'), { changed: { responseMs: null } });
    expect(readTimeline(journal.records).answers).toEqual([{ at: 900, ms: 412 }]);
  });

  it('has interruptions as the call last noted them', () => {
    const journal = createJournal();
    journal.begins(0, live('agentSpeaking'));
    const noted = { atMs: 5, onsetMs: 2, clearAfterMs: 0, flushedMs: 0, outcome: 'paused' };
    journal.moves(5, 'caller.voiced', live('bargeIn'), { changed: { figures: { bargeIns: [noted] } } });
    const decided = { ...noted, clearAfterMs: 12, flushedMs: 300, outcome: 'flushed' };
    journal.moves(30, 'agent.flushed', live('bargeIn'), { changed: { figures: { bargeIns: [decided] } } });
    expect(readTimeline(journal.records).bargeIns).toEqual([
      { at: 5, onset: 2, clearAfterMs: 12, flushedMs: 300, outcome: 'flushed' },
    ]);
  });

  it('shows talk-over where both sounds overlap, and only there', () => {
    const journal = createJournal();
    journal.begins(0, live('streaming'));
    journal.sounds('agent', 0, 1_000);
    journal.sounds('caller', 800, 1_400);
    journal.sounds('agent', 1_300, 1_350);
    journal.sounds('agent', 2_000, 3_000);
    expect(talkOverOf(readTimeline(journal.records), 5_000)).toEqual([
      { from: 800, to: 1_000 },
      { from: 1_300, to: 1_350 },
    ]);
  });

  it('shows dead air of more than two seconds, while the agent has nothing to say', () => {
    const journal = createJournal();
    journal.begins(0, live('connecting'));
    journal.moves(4_000, 'caller.forwarded', live('streaming'));
    journal.sounds('caller', 5_000, 6_000);
    journal.sounds('agent', 8_500, 9_000);
    journal.sounds('caller', 10_500, 11_000);
    expect(deadAirOf(readTimeline(journal.records), 14_000)).toEqual([
      { from: 6_000, to: 8_500 },
      { from: 11_000, to: 14_000 },
    ]);
  });

  it('takes no caller who still speaks for dead air', () => {
    const journal = createJournal();
    journal.begins(0, live('streaming'));
    journal.sounds('agent', 0, 100);
    journal.moves(500, 'vapi.callerStarted', live('streaming'), { changed: { callerSpokeAt: 500 } });
    expect(deadAirOf(readTimeline(journal.records), 9_000)).toEqual([]);
  });

  it('goes by what the chart noted of speech where no sounds were recorded', () => {
    const journal = createJournal();
    journal.begins(0, live('streaming'));
    journal.moves(500, 'vapi.callerStarted', live('streaming'), { changed: { callerSpokeAt: 500 } });
    journal.moves(900, 'vapi.callerStopped', live('streaming'), { changed: { callerSpokeAt: null } });
    journal.moves(1_500, 'agent.began', live('agentSpeaking'), { changed: { agentSpokeAt: 1_500 } });
    expect(readTimeline(journal.records).sounds).toEqual({
      caller: [{ from: 500, to: 900 }],
      agent: [{ from: 1_500, to: Number.POSITIVE_INFINITY }],
    });
  });

  it('knows until when records are missing', () => {
    const journal = createJournal();
    const first = journal.begins(60_000, live('streaming'));
    expect(readTimeline([{ ...first, seq: 900 }]).missingUntil).toBe(60_000);
    expect(readTimeline([first]).missingUntil).toBe(0);
  });
});
