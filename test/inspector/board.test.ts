import { describe, expect, it } from 'vitest';
import { createBoard } from '../../src/inspector/board.ts';
import type { Step } from '../../src/inspector/feed.ts';
import { createRedactor } from '../../src/inspector/redact.ts';
import { createVirtualClock } from '../support/virtual-clock.ts';
import { stepOf } from './steps.ts';

function createWatchedBoard(showsNumbers = false) {
  const clock = createVirtualClock();
  clock.advance(5_000);
  const board = createBoard({
    now: clock.now,
    epochMs: clock.epochMs,
    stateName: (value) => (typeof value === 'string' ? value : JSON.stringify(value)),
    showsNumbers,
    redactor: createRedactor({ transcripts: false }),
  });
  const numbers = { callerNumber: '+12025550143', calledNumber: '+12025550187' };
  board.opened({ callId: 'call-1', openedAt: clock.now(), callSid: 'CA456', ...numbers });
  const tell = (more: Partial<Step>) => board.step(stepOf('told', { at: clock.now() - 5_000, ...more }));
  const warnings = () => {
    board.changes();
    return board.row('call-1')?.warnings;
  };
  return { clock, board, tell, warnings, openedAt: clock.epochMs() };
}

const timer = (delay: string, due: number) => ({
  id: delay,
  event: delay,
  delay,
  state: 'call.live',
  from: 0,
  due,
});

describe('a row', () => {
  it('is there as soon as the call is', () => {
    const { board, openedAt } = createWatchedBoard();
    expect(board.changes()).toMatchObject([
      { callId: 'call-1', callSid: 'CA456', streamSid: null, state: 'connecting', openedAt, endedAt: null },
    ]);
  });

  it('tells the state and since when', () => {
    const { board, tell, clock, openedAt } = createWatchedBoard();
    clock.advance(1_000);
    tell({ to: 'streaming' });
    clock.advance(1_000);
    tell({ to: 'streaming' });
    expect(board.row('call-1')).toMatchObject({ state: 'streaming', stateSince: openedAt + 1_000 });
  });

  it('tells until when the session lasts, and keeps that when it is over', () => {
    const { board, tell, openedAt } = createWatchedBoard();
    tell({ timers: [timer('sessionTtl', 1_500_000)] });
    expect(board.row('call-1')?.endsBy).toBe(openedAt + 1_500_000);
    tell({ timers: [timer('sessionTtl', 1_800_000)] });
    tell({ timers: [timer('hangUpTimeout', 100)] });
    expect(board.row('call-1')?.endsBy).toBe(openedAt + 1_800_000);
  });

  it('has the figures of the call', () => {
    const { board, tell } = createWatchedBoard();
    const figures = { bargeIns: [{}, {}], responsesMs: [700, 286.7] };
    tell({ context: { callSid: 'CA456', streamSid: 'MZ123', figures } });
    expect(board.row('call-1')).toMatchObject({
      bargeIns: 2,
      lastResponseMs: 287,
      streamSid: 'MZ123',
    });
  });

  it('tells whether the agent is muted', () => {
    const { board, tell } = createWatchedBoard();
    tell({ actor: 'agentBuffer', to: 'muted' });
    expect(board.changes()).toMatchObject([{ muted: true }]);
    tell({ actor: 'agentBuffer', to: { filling: 'empty' } });
    expect(board.changes()).toMatchObject([{ muted: false }]);
  });

  it('has phone numbers only where the operator asked for them', () => {
    expect(JSON.stringify(createWatchedBoard().board.rows())).not.toContain('5550');
    expect(createWatchedBoard(true).board.row('call-1')).toMatchObject({
      caller: '+12025550143',
      called: '+12025550187',
    });
  });

  it('tells how the call ended, and then no more', () => {
    const { board, tell, clock } = createWatchedBoard();
    const ending = { reason: 'agentEnded', words: 'Vapi ended the call: call +12025550143.' };
    board.closed({ callId: 'call-1', callSid: 'CA456', streamSid: 'MZ123', ending });
    clock.advance(10);
    tell({ to: 'later' });
    expect(board.row('call-1')).toMatchObject({
      state: 'closed',
      endedAt: clock.epochMs() - 10,
      ending: { reason: 'agentEnded', words: 'Vapi ended the call: call [redacted].' },
    });
  });

  it('is told once for each change', () => {
    const { board, tell } = createWatchedBoard();
    board.changes();
    expect(board.changes()).toEqual([]);
    tell({ to: 'streaming' });
    tell({ to: 'agentSpeaking' });
    expect(board.changes()).toMatchObject([{ state: 'agentSpeaking' }]);
    expect(board.changes()).toEqual([]);
  });

  it('is gone when the call is forgotten', () => {
    const { board } = createWatchedBoard();
    board.forget('call-1');
    expect([board.changes(), board.rows(), board.row('call-1')]).toEqual([[], [], undefined]);
  });
});

describe('a warning', () => {
  it.each([
    ['callerHalfOpen', 'twilioSocket', { open: 'examining' }],
    ['callerOverflow', 'callerBuffer', { holding: 'overflowing' }],
    ['agentOverflow', 'agentBuffer', { holding: 'overflowing' }],
    ['agentOverflow', 'agentBuffer', { backlogged: 'keeping' }],
    ['agentBackedUp', 'callerBuffer', { backlogged: 'keeping' }],
  ] as const)('%s stands while %s is in %o', (warning, actor, to) => {
    const { tell, warnings } = createWatchedBoard();
    tell({ actor, to });
    expect(warnings()).toContain(warning);
    tell({ actor, to: 'flowing' });
    expect(warnings()).toEqual([]);
  });

  it.each([
    ['callerHalfOpen', 'twilioSocket', { open: 'probing' }, { open: 'quiet' }],
    [
      'agentHalfOpen',
      'vapiSocket',
      { line: { linked: { open: 'probing' } }, left: 'nothing' },
      { line: { linked: { open: 'quiet' } }, left: 'nothing' },
    ],
  ] as const)('%s comes only when a ping of %s stays out', (warning, actor, probing, quiet) => {
    const { tell, warnings, clock, board } = createWatchedBoard();
    tell({ actor, to: probing });
    clock.advance(1_000);
    expect(warnings()).toEqual([]);
    clock.advance(600);
    expect(board.changes()).toMatchObject([{ warnings: [warning] }]);
    tell({ actor, to: quiet });
    expect(warnings()).toEqual([]);
  });
});

it('warns while only words interrupt the agent, and no longer', () => {
  const { tell, warnings, clock } = createWatchedBoard();
  clock.advance(1_000);
  tell({ context: { heedsVoiceFrom: 31_000 } });
  clock.advance(29_990);
  expect(warnings()).toEqual(['bargeInBackedOff']);
  clock.advance(20);
  expect(warnings()).toEqual([]);
});

it('has room for a thousand calls, and tells of the one that changed', () => {
  const { board, clock } = createWatchedBoard();
  for (let n = 2; n <= 1_000; n += 1)
    board.opened({ callId: `call-${n}`, openedAt: clock.now(), callSid: `CA${n}` });
  expect(board.changes()).toHaveLength(1_000);
  board.step(stepOf('told', { callId: 'call-777', to: 'agentSpeaking' }));
  expect(board.changes()).toMatchObject([{ callId: 'call-777' }]);
  expect(JSON.stringify(board.rows()).length).toBeLessThan(400_000);
});
