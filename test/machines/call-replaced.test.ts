import { describe, expect, it } from 'vitest';
import type { AgentLoss } from '../../machines/vapi-socket.ts';
import { stage } from './call-stage.ts';

const gone = (cause: AgentLoss) => ({ type: 'vapi.gone', cause, words: 'It is gone.' }) as const;

describe('an agent that is lost in mid-call', () => {
  it('is asked for again, while its last words are heard and the caller is kept [replaced]', () => {
    const { speak, tell, take, state, figures, ending } = stage();
    speak();
    tell(gone('lost'));
    expect(state()).toBe('connecting');
    expect(take()).toEqual(['caller buffer.hold', 'agent buffer.play', 'vapi socket.open']);
    expect(figures().replacements).toBe(1);
    expect(ending()).toBeNull();
  });

  it('is followed by one that is told what was said before it hears the caller [replaced]', () => {
    const { stream, tell, say, take, state } = stage();
    stream();
    tell(gone('lost'));
    take();
    say.opened();
    expect(take()).toEqual([
      'vapi socket.convey',
      'vapi socket.convey',
      'caller buffer.open',
      'agent buffer.open',
    ]);
    expect(state()).toBe('buffering');
  });

  it('is followed by one that is told nothing where it takes no orders', () => {
    const { stream, tell, say, take } = stage({ takesOrders: false });
    stream();
    tell(gone('lost'));
    take();
    say.opened();
    expect(take()).toEqual(['caller buffer.open', 'agent buffer.open']);
  });

  it('is replaced twice, and then the call is left to what follows it [replaced]', () => {
    const { stream, tell, say, ending, figures, state } = stage();
    stream();
    for (const replacements of [1, 2]) {
      tell(gone('lost'));
      expect(figures().replacements).toBe(replacements);
      say.opened();
      say.forwarded();
      expect(state()).toBe('streaming');
    }
    tell(gone('lost'));
    expect(ending()?.reason).toBe('agentLost');
  });

  it('is replaced as often as is left by the call that this one goes on with', () => {
    const { stream, tell, ending } = stage({ continues: true, replacedBefore: 2 });
    stream();
    tell(gone('lost'));
    expect(ending()?.reason).toBe('agentLost');
  });

  it.each([
    ['unwelcome', 'agentLost'],
    ['unavailable', 'agentUnavailable'],
    ['ended', 'agentEnded'],
  ] as const)('is not asked for again when it is %s', (cause, reason) => {
    const { stream, tell, ending } = stage();
    stream();
    tell(gone(cause));
    expect(ending()?.reason).toBe(reason);
  });

  it('takes with it what it knew of the caller, and a pause that nobody decides any more', () => {
    const { speak, say, tell, state, context, figures } = stage({ bargeIn: 'reversible' });
    speak();
    say.callerStarted();
    tell({ type: 'agent.paused', at: 1_400, keptMs: 800, heardMs: 300 });
    expect(state()).toBe('bargeIn.paused');
    tell(gone('lost'));
    expect(context().callerSpokeAt).toBeNull();
    expect(figures().bargeIns.at(-1)?.outcome).toBe('resumed');
  });

  it('cannot be told anything until another is there [operated]', () => {
    const { stream, tell, say, take } = stage();
    stream();
    tell(gone('lost'));
    take();
    tell({ type: 'call.say', slip: 1 });
    expect(take()).toEqual([]);
    say.opened();
    take();
    tell({ type: 'call.say', slip: 1 });
    expect(take()).toEqual(['vapi socket.convey']);
  });
});

describe('our own words', () => {
  it('are heard out: the agent that comes meanwhile waits, and then may be interrupted [reassured]', () => {
    const { stream, tell, say, state, take } = stage();
    stream();
    tell(gone('lost'));
    say.began();
    say.opened();
    take();
    expect(state()).toBe('agentSpeaking');
    say.words();
    expect(take()).toEqual([]);
    say.finished();
    expect(state()).toBe('streaming');
    say.began();
    say.words();
    expect(take()).toEqual(['agent buffer.flush refusing']);
  });

  it('are no answer of the agent', () => {
    const { say, figures, clock } = stage();
    say.started();
    clock.advance(2_000);
    say.began();
    say.finished();
    expect(figures()).toMatchObject({ firstResponseMs: null, responsesMs: [] });
  });

  it('tell a caller after a second and a half that the line lives, once [reassured]', () => {
    const { say, take, clock } = stage();
    take();
    say.started();
    clock.advance(1_499);
    expect(take()).toEqual([]);
    clock.advance(1);
    expect(take()).toEqual(['agent buffer.play']);
    clock.advance(8_000);
    expect(take()).toEqual([]);
  });

  it('are not said where the agent is there in time', () => {
    const { stream, take, clock } = stage();
    stream();
    take();
    clock.advance(10_000);
    expect(take()).toEqual([]);
  });
});

describe('an agent that was never there', () => {
  it('is asked for once more, and greets as it would have [replaced]', () => {
    const { say, tell, take, figures, ending } = stage();
    say.started();
    take();
    tell(gone('unreached'));
    expect(take()).toEqual(['vapi socket.open']);
    say.opened();
    expect(take()).toEqual(['caller buffer.open', 'agent buffer.open']);
    expect(figures().replacements).toBe(1);
    expect(ending()).toBeNull();
  });

  it('is not asked for a third time', () => {
    const { say, tell, ending } = stage();
    say.started();
    tell(gone('unreached'));
    tell(gone('unreached'));
    expect(ending()?.reason).toBe('agentUnavailable');
  });

  it('is asked for once more also where it was lost before the phone was there', () => {
    const { say, tell, take, state } = stage();
    say.opened();
    take();
    tell(gone('lost'));
    expect(take()).toEqual(['vapi socket.open']);
    say.started();
    expect(state()).toBe('connecting');
    say.opened();
    expect(state()).toBe('buffering');
  });
});

describe('the end of the session', () => {
  it('is told to the agent half a minute before, once [warned]', () => {
    const { stream, take, clock } = stage();
    stream();
    take();
    clock.advance(1_500_000 - 30_001);
    expect(take()).toEqual([]);
    clock.advance(1);
    expect(take()).toEqual(['vapi socket.convey']);
    clock.advance(29_999);
    expect(take()).toEqual([]);
  });

  it('is told anew where it was put off [warned]', () => {
    const { stream, take, clock, tell } = stage();
    stream();
    clock.advance(1_490_000);
    take();
    tell({ type: 'call.extend', at: 1_490_000, ms: 60_000 });
    clock.advance(39_999);
    expect(take()).toEqual([]);
    clock.advance(1);
    expect(take()).toEqual(['vapi socket.convey']);
  });
});
