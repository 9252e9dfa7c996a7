import { describe, expect, it } from 'vitest';
import { createOperator } from '../../src/call/operator.ts';

function operator({ heeds = true, alive = true, takesOrders = true } = {}) {
  const told: object[] = [];
  const left: object[] = [];
  const act = createOperator({
    sinceStart: () => 5_000,
    alive: () => alive,
    heeds: () => heeds,
    tell: (command) => told.push(command),
    agentLine: { leave: (words) => left.push(words) },
    takesOrders,
  });
  return { act, told, left };
}

describe('an operator’s action', () => {
  it('is an event of the call, and its words are left beside', () => {
    const { act, told, left } = operator();
    expect(act({ action: 'say', text: 'One moment.' })).toEqual({ ok: true });
    expect(act({ action: 'addMessage', text: 'A regular.', respond: false })).toEqual({ ok: true });
    expect(act({ action: 'extend', ms: 60_000 })).toEqual({ ok: true });
    expect(told).toEqual([
      { type: 'call.say', slip: 1 },
      { type: 'call.add', slip: 2 },
      { type: 'call.extend', at: 5_000, ms: 60_000 },
    ]);
    expect(left).toEqual([{ say: 'One moment.' }, { add: 'A regular.', respond: false }]);
  });

  it.each([
    ['the call does not answer it', { heeds: false }, 'The agent is not there.'],
    ['the call is over', { alive: false }, 'The call is over.'],
    ['the agent takes nothing but audio', { takesOrders: false }, 'VAPI_DIALECT=direct'],
  ])('is refused in words where %s, and leaves nothing behind', (_, world, words) => {
    const { act, told, left } = operator(world);
    expect(act({ action: 'say', text: 'One moment.' })).toEqual({
      ok: false,
      words: expect.stringContaining(words),
    });
    expect([told, left]).toEqual([[], []]);
  });
});
