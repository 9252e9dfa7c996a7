import { describe, expect, it } from 'vitest';
import { stage } from './call-stage.ts';

describe('an operator', () => {
  it('has words said or added once the agent is there [operated]', () => {
    const { say, tell, take } = stage();
    say.started();
    take();
    tell({ type: 'call.say', slip: 1 });
    expect(take()).toEqual([]);
    say.opened();
    take();
    tell({ type: 'call.say', slip: 1 }, { type: 'call.add', slip: 2 });
    expect(take()).toEqual(['vapi socket.convey', 'vapi socket.convey']);
  });

  it('mutes an agent that speaks, and lets it be heard again [operated]', () => {
    const { speak, tell, say, take, state, clock } = stage();
    speak();
    take();
    tell({ type: 'call.mute' });
    expect(take()).toEqual(['agent buffer.mute', 'vapi socket.convey']);
    say.flushed();
    expect(state()).toBe('streaming');
    clock.advance(1_000);
    tell({ type: 'call.unmute' });
    expect(take()).toEqual(['agent buffer.unmute', 'vapi socket.convey']);
  });

  it('mutes an agent that is paused', () => {
    const { speak, tell, say, state, figures } = stage({ bargeIn: 'reversible' });
    speak();
    say.callerStarted();
    tell({ type: 'agent.paused', at: 1_000, keptMs: 500, heardMs: 700 }, { type: 'call.mute' });
    say.flushed(500, 0);
    expect(state()).toBe('streaming');
    expect(figures().bargeIns).toMatchObject([{ outcome: 'flushed', heardMs: 700 }]);
  });

  it('cannot mute what is not there yet', () => {
    const { say, tell, take } = stage();
    say.opened();
    take();
    tell({ type: 'call.mute' });
    expect(take()).toEqual([]);
  });

  it('drops what the agent has left to say, like an interruption, and it is on record as the operator’s [operated]', () => {
    const { speak, tell, take, state, figures, clock } = stage({ bargeIn: 'confirmed' });
    speak();
    take();
    tell({ type: 'call.flush', at: clock.now() });
    expect(state()).toBe('bargeIn.flushed');
    expect(take()).toEqual(['agent buffer.flush refusing']);
    expect(figures().bargeIns).toMatchObject([{ cause: 'operator' }]);
  });

  it('drops more after an interruption, which leaves on record what was heard then, and told once', () => {
    const { speak, say, tell, take, figures, clock } = stage({ tellsHeard: true });
    speak();
    say.interrupted();
    say.flushed(800, 300);
    take();
    tell({ type: 'call.flush', at: clock.now() });
    say.flushed(200, 0);
    expect(figures().bargeIns).toMatchObject([{ heardMs: 300, flushedMs: 1_000 }]);
    expect(take()).toEqual(['agent buffer.flush refusing']);
  });

  it('lets a call live longer, by half an hour in all [operated]', () => {
    const { stream, tell, clock, state, ending } = stage();
    stream();
    const ttlMs = 1_500_000;
    clock.advance(ttlMs - 60_000 - clock.now());
    for (let i = 0; i < 3; i += 1) tell({ type: 'call.extend', at: clock.now(), ms: 900_000 });
    clock.advance(60_000 + 1_799_999);
    expect(state()).toBe('streaming');
    clock.advance(1);
    expect(ending()).toMatchObject({ reason: 'timeToLive' });
  });
});
