import { describe, expect, it } from 'vitest';
import { type Direction, jitterBufferMachine, type PipeOrder } from '../../machines/jitter-buffer.ts';
import { createRecorder, onStage, typesOf } from './stage.ts';

function stage() {
  const pipe = createRecorder<PipeOrder, { callId: string; direction: Direction }>();
  const on = onStage(jitterBufferMachine.provide({ actors: { pipe: pipe.logic } }), {
    callId: 'c1',
    direction: 'agent',
    fillTimeoutMs: 160,
    refuseTimeoutMs: 5_000,
  });
  const hear = (...types: string[]) => {
    for (const type of types) on.tell({ type });
  };
  const ordered = () => typesOf(pipe.take());
  const flow = () => {
    hear('buffer.open', 'pipe.started', 'pipe.primed');
    ordered();
  };
  return { ...on, hear, ordered, flow };
}

describe('a jitter buffer', () => {
  it('holds what comes before the far end is there, and lets it go at once if it is enough [greeting-kept]', () => {
    const { hear, state, ordered } = stage();
    hear('pipe.started', 'pipe.primed');
    expect(state()).toEqual({ holding: 'primed' });
    expect(ordered()).toEqual([]);
    hear('buffer.open');
    expect(state()).toBe('flowing');
    expect(ordered()).toEqual(['pipe.open', 'pipe.release']);
  });

  it('gathers on when the far end comes before there is enough', () => {
    const { hear, state, ordered } = stage();
    hear('pipe.started', 'buffer.open');
    expect(state()).toEqual({ filling: 'gathering' });
    expect(ordered()).toEqual(['pipe.open']);
    hear('pipe.primed');
    expect(ordered()).toEqual(['pipe.release']);
  });

  it('does not wait longer for more than its fill time, counted from the first audio', () => {
    const { hear, state, clock } = stage();
    hear('buffer.open');
    clock.advance(60_000);
    expect(state()).toEqual({ filling: 'empty' });
    hear('pipe.started');
    clock.advance(159);
    expect(state()).toEqual({ filling: 'gathering' });
    clock.advance(1);
    expect(state()).toBe('flowing');
  });

  it('shows that it drops audio while the far end is missing', () => {
    const { hear, state } = stage();
    hear('pipe.started', 'pipe.primed', 'pipe.overflowed');
    expect(state()).toEqual({ holding: 'overflowing' });
    hear('buffer.open');
    expect(state()).toBe('flowing');
  });

  it('shows a far end that pushes back, a buffer that overflows, and the relief [overflow-shown]', () => {
    const { flow, hear, state } = stage();
    flow();
    hear('pipe.stalled');
    expect(state()).toEqual({ backlogged: 'keeping' });
    hear('pipe.overflowed');
    expect(state()).toEqual({ backlogged: 'overflowing' });
    hear('pipe.relieved');
    expect(state()).toBe('flowing');
  });

  it('gathers anew after it ran dry', () => {
    const { flow, hear, state, ordered } = stage();
    flow();
    hear('pipe.emptied', 'pipe.started');
    expect(state()).toEqual({ filling: 'gathering' });
    hear('pipe.primed');
    expect(ordered()).toEqual(['pipe.release']);
  });

  it.each(['flowing', 'filling', 'backlogged'])('pauses and goes on from %s', (from) => {
    const { flow, hear, state, ordered } = stage();
    if (from === 'filling') hear('buffer.open');
    else flow();
    if (from === 'backlogged') hear('pipe.stalled');
    ordered();
    hear('buffer.pause');
    expect(state()).toBe('paused');
    expect(ordered()).toEqual(['pipe.pause']);
    hear('buffer.resume');
    expect(state()).toBe('flowing');
    expect(ordered()).toEqual(['pipe.resume', 'pipe.release']);
  });

  it('flushes and takes what comes next, when the far end has stopped by itself', () => {
    const { flow, tell, state, ordered } = stage();
    flow();
    tell({ type: 'buffer.flush', refuse: false });
    expect(state()).toEqual({ filling: 'empty' });
    expect(ordered()).toEqual(['pipe.flush']);
  });

  it.each([
    ['is told to take it', { type: 'buffer.accept' }],
    ['hears a hole that separates two turns', { type: 'pipe.renewed' }],
    ['is told that the far end has stopped by itself', { type: 'buffer.flush', refuse: false }],
  ])('refuses the rest of a turn that was cut here, until it %s [nothing-stale]', (_, event) => {
    const { flow, tell, state, ordered } = stage();
    flow();
    tell({ type: 'buffer.flush', refuse: true });
    expect(state()).toBe('refusing');
    tell({ type: 'buffer.flush', refuse: true });
    expect(ordered()).toEqual(['pipe.flush']);
    tell(event);
    expect(state()).toEqual({ filling: 'empty' });
    expect(ordered()).toEqual(['pipe.accept']);
  });

  it('does not refuse for ever', () => {
    const { flow, tell, clock, ordered } = stage();
    flow();
    tell({ type: 'buffer.flush', refuse: true });
    ordered();
    clock.advance(5_000);
    expect(ordered()).toEqual(['pipe.accept']);
  });

  it.each(['holding', 'filling', 'flowing', 'paused'])('lets everything out at the end, from %s', (from) => {
    const { flow, hear, state, ordered } = stage();
    if (from === 'filling') hear('buffer.open');
    if (from === 'flowing' || from === 'paused') flow();
    if (from === 'paused') hear('buffer.pause');
    ordered();
    hear('buffer.finish', 'buffer.finish');
    expect(state()).toBe('finishing');
    expect(ordered().filter((order) => order === 'pipe.finish')).toHaveLength(1);
  });

  it('passes on to the call what the pipe has to say of the caller and the agent, and nothing else', () => {
    const { hear, tell, told } = stage();
    tell({ type: 'agent.finished', at: 12 });
    tell({ type: 'caller.forwarded', at: 13, frames: 20, ms: 400 });
    hear('pipe.started', 'pipe.primed');
    expect(told).toEqual([
      { type: 'agent.finished', at: 12 },
      { type: 'caller.forwarded', at: 13, frames: 20, ms: 400 },
    ]);
  });
});
