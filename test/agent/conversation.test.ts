import { describe, expect, it } from 'vitest';
import { createConversation, historyOf } from '../../src/agent/conversation.ts';

describe('what was said in a call', () => {
  it('is gathered turn by turn: of the caller what is final, of the agent also what it is saying', () => {
    const { transcribed, agentBegan, said } = createConversation();
    agentBegan();
    transcribed('agent', 'Hello', false);
    transcribed('agent', 'Hello there.', true);
    transcribed('caller', 'I would', false);
    transcribed('caller', 'I would like', true);
    transcribed('caller', 'a table.', true);
    agentBegan();
    transcribed('agent', 'For how', false);
    expect(said()).toEqual([
      { who: 'agent', text: 'Hello there.' },
      { who: 'caller', text: 'I would like a table.' },
      { who: 'agent', text: 'For how' },
    ]);
  });

  it('holds of an interrupted turn as many of its words as of its time was heard', () => {
    const { transcribed, agentBegan, cut, said } = createConversation();
    agentBegan();
    transcribed('agent', 'one two three four five', true);
    cut(2_000, 8_000);
    transcribed('caller', 'Stop.', true);
    // The end of a turn that was cut is written down late.
    transcribed('agent', 'six seven eight nine ten', true);
    agentBegan();
    transcribed('agent', 'Yes?', true);
    expect(said()).toEqual([
      { who: 'agent', text: 'one two …' },
      { who: 'caller', text: 'Stop.' },
      { who: 'agent', text: 'Yes?' },
    ]);
  });

  it('leaves out a turn of which nothing was heard, and cuts none that was heard whole', () => {
    const { transcribed, agentBegan, cut, said } = createConversation();
    agentBegan();
    transcribed('agent', 'one two three', true);
    cut(3_000, 0);
    agentBegan();
    transcribed('agent', 'four five six', true);
    cut(0, 3_000);
    expect(said()).toEqual([{ who: 'agent', text: 'one two three' }]);
  });

  it('goes on with what was said in another call', () => {
    const before = [{ who: 'caller', text: 'Hello?' }] as const;
    const { transcribed, said } = createConversation(before);
    transcribed('agent', 'Here I am.', true);
    expect(said()).toEqual([...before, { who: 'agent', text: 'Here I am.' }]);
  });

  it('is no longer than eight kilobytes, and loses its beginning', () => {
    const { transcribed, agentBegan, said } = createConversation();
    for (let turn = 0; turn < 100; turn += 1) {
      transcribed('caller', `question ${turn} ${'ä'.repeat(100)}`, true);
      agentBegan();
      transcribed('agent', `answer ${turn} ${'ö'.repeat(100)}`, true);
    }
    const bytes = said().reduce((sum, { text }) => sum + Buffer.byteLength(text), 0);
    expect(bytes).toBeLessThanOrEqual(8_192);
    expect(bytes).toBeGreaterThan(7_500);
    expect(said().at(-1)?.text).toContain('answer 99');
  });

  it('is no longer than that where no word is ever final', () => {
    const { transcribed, agentBegan, said } = createConversation();
    for (let turn = 0; turn < 100; turn += 1) {
      agentBegan();
      transcribed('agent', `answer ${turn} ${'ö'.repeat(100)}`, false);
    }
    expect(said().reduce((sum, { text }) => sum + Buffer.byteLength(text), 0)).toBeLessThanOrEqual(8_192);
    expect(said().at(-1)?.text).toContain('answer 99');
  });

  it('is no longer than that in one turn either', () => {
    const { transcribed, said } = createConversation();
    for (let times = 0; times < 200; times += 1) transcribed('caller', 'ä'.repeat(50), true);
    const [turn, ...others] = said();
    expect(others).toEqual([]);
    expect(Buffer.byteLength(turn?.text ?? '')).toBeLessThanOrEqual(8_192);
    expect(turn?.text).not.toContain('\uFFFD');
  });

  it('is no more than a hundred turns, however short', () => {
    const { transcribed, agentBegan, said } = createConversation();
    for (let turn = 0; turn < 300; turn += 1) {
      transcribed('caller', `q${turn}`, true);
      agentBegan();
      transcribed('agent', `a${turn}`, true);
    }
    expect(said()).toHaveLength(100);
    expect(said().at(-1)?.text).toBe('a299');
  });

  it('is told to a new agent as one instruction and the turns, each in the name of who said it', () => {
    const told = historyOf([
      { who: 'agent', text: 'Hello.' },
      { who: 'caller', text: 'Hi.' },
    ]);
    expect(told).toEqual([
      { role: 'system', content: expect.stringMatching(/^The line .* broke .* Do not greet again: [^\n]*$/) },
      { role: 'assistant', content: 'Hello.' },
      { role: 'user', content: 'Hi.' },
    ]);
    expect(historyOf([])).toEqual([]);
  });
});
