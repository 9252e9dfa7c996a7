import { describe, expect, it } from 'vitest';
import { type Play, stage } from './call-stage.ts';

/** An agent that is paused because Vapi has told that the caller speaks. */
function paused(play: Play = {}) {
  const on = stage({ bargeIn: 'reversible', ...play });
  on.speak();
  on.say.callerStarted();
  on.tell({ type: 'agent.paused', at: on.clock.now(), keptMs: 500, heardMs: 700 });
  return on;
}

describe('a reversible interruption', () => {
  it('pauses the agent at the first sign of speech [interrupted-at-once]', () => {
    const { state, take } = paused();
    expect(state()).toBe('bargeIn.paused');
    expect(take()).toEqual(['agent buffer.pause']);
  });

  it.each([
    ['a short sound', 200, 500],
    ['longer speech that nothing confirms', 700, 1_200],
  ])('brings the agent back after %s and its silence [nothing-lost]', (_, spokenMs, silentMs) => {
    const { say, clock, take, state, figures } = paused();
    clock.advance(spokenMs);
    say.callerStopped();
    take();
    clock.advance(silentMs - 1);
    expect(take()).toEqual([]);
    clock.advance(1);
    expect(take()).toEqual(['agent buffer.resume']);
    say.began();
    expect(state()).toBe('agentSpeaking');
    expect(figures().bargeIns).toMatchObject([{ outcome: 'resumed', heardMs: 700, flushedMs: 0 }]);
  });

  it('never brings it back while the caller speaks again', () => {
    const { say, clock, take } = paused();
    clock.advance(200);
    say.callerStopped();
    clock.advance(400);
    say.callerStarted();
    take();
    clock.advance(1_500);
    expect(take()).toEqual([]);
  });

  it('brings it back on no more than an acknowledgement [nothing-lost]', () => {
    const { say, take } = paused();
    say.words(false, true);
    expect(take()).toEqual(['agent buffer.pause']);
    say.words(true, true);
    expect(take()).toEqual(['agent buffer.resume']);
  });

  it('flushes on words, once the agent has had time for its verdict', () => {
    const { say, clock, take, state } = paused();
    take();
    say.words();
    say.words(true);
    clock.advance(1_499);
    expect(take()).toEqual([]);
    clock.advance(1);
    expect(state()).toBe('bargeIn.flushed');
    expect(take()).toEqual(['agent buffer.flush refusing']);
  });

  it('flushes on words at once where the agent gives no verdicts', () => {
    const { say, state } = paused({ verdicts: false });
    say.words();
    expect(state()).toBe('bargeIn.flushed');
  });

  it('flushes on the verdict, and keeps what the caller had heard when it was paused', () => {
    const { say, clock, figures } = paused();
    clock.advance(300);
    say.interrupted();
    say.flushed(800, 0);
    expect(figures().bargeIns).toMatchObject([
      { atMs: 1_000, cause: 'speech', clearAfterMs: 0, flushedMs: 800, heardMs: 700, outcome: 'flushed' },
    ]);
  });

  it('lasts five seconds at most', () => {
    const { clock, take } = paused();
    take();
    clock.advance(5_000);
    expect(take()).toEqual(['agent buffer.resume']);
  });

  it('streams on when nothing was left to say', () => {
    const { say, clock, state } = paused();
    clock.advance(5_000);
    say.finished();
    expect(state()).toBe('streaming');
  });
});

describe('our own ear', () => {
  function voiced(play: Play = {}) {
    const on = stage({ bargeIn: 'reversible', ...play });
    on.speak();
    on.clock.advance(1_000);
    const hear = {
      voiced: () => on.tell({ type: 'caller.voiced', at: on.clock.now(), onsetAt: on.clock.now() - 80 }),
      hushed: (voicedMs: number, silentMs = 200) =>
        on.tell({
          type: 'caller.hushed',
          at: on.clock.now(),
          voicedUntil: on.clock.now() - silentMs,
          voicedMs,
        }),
      paused: () => on.tell({ type: 'agent.paused', at: on.clock.now(), keptMs: 500, heardMs: 700 }),
      /** The agent goes on, and speaks for a while. */
      resumed() {
        on.say.began();
        on.clock.advance(1_000);
      },
    };
    hear.voiced();
    hear.paused();
    return { ...on, hear };
  }

  it('pauses the agent, and tells when the voice began [interrupted-at-once]', () => {
    const { state, take, figures } = voiced();
    expect(state()).toBe('bargeIn.paused');
    expect(take()).toEqual(['agent buffer.pause']);
    expect(figures().bargeIns).toMatchObject([{ cause: 'voice', atMs: 2_000, onsetMs: 1_920 }]);
  });

  it.each(['transcript', 'confirmed'] as const)('is not heeded under the policy %s', (bargeIn) => {
    const { state, figures } = voiced({ bargeIn });
    expect(state()).toBe('agentSpeaking');
    expect(figures().bargeIns).toEqual([]);
  });

  it.each([
    ['a cough', 300, 500],
    ['longer sound that nobody understands', 600, 1_200],
  ])('counts the silence after %s from the last voiced frame on [nothing-lost]', (_, voicedMs, silentMs) => {
    const { hear, clock, take, state } = voiced();
    clock.advance(voicedMs);
    hear.hushed(voicedMs, 200);
    take();
    clock.advance(silentMs - 200 - 1);
    expect(take()).toEqual([]);
    clock.advance(1);
    expect(take()).toEqual(['agent buffer.resume']);
    hear.resumed();
    expect(state()).toBe('agentSpeaking');
  });

  it('knows better than the agent’s when the caller has stopped', () => {
    const { hear, say, clock, take } = voiced();
    clock.advance(300);
    hear.hushed(300);
    take();
    clock.advance(20);
    say.callerStarted();
    clock.advance(280);
    expect(take()).toEqual(['agent buffer.resume']);
  });

  it('lets the agent go on as soon as an "mm-hm" is over, and not before [nothing-lost]', () => {
    const { hear, say, clock, take } = voiced();
    take();
    say.words(true, true);
    clock.advance(500);
    expect(take()).toEqual([]);
    hear.hushed(700);
    clock.advance(0);
    expect(take()).toEqual(['agent buffer.resume']);
  });

  it('does not let the agent go on while the caller talks on without a word that anybody understands', () => {
    const { hear, clock, say, take, state } = voiced();
    say.callerStarted();
    take();
    for (let i = 0; i < 4; i += 1) {
      clock.advance(900);
      hear.hushed(700);
      clock.advance(100);
      hear.voiced();
    }
    expect(take()).toEqual([]);
    clock.advance(1_000);
    expect(state()).toBe('bargeIn.flushed');
  });

  it('lets it go on after five seconds of a noise that the agent does not take for speech [bounded-wait]', () => {
    const { clock, take } = voiced();
    take();
    clock.advance(5_000);
    expect(take()).toEqual(['agent buffer.resume']);
  });

  it('is not trusted for thirty seconds after three false pauses within thirty; words still are', () => {
    const { hear, say, clock, take, state, figures } = voiced();
    for (let pauses = 1; pauses <= 3; pauses += 1) {
      if (pauses > 1) {
        hear.voiced();
        hear.paused();
      }
      clock.advance(200);
      hear.hushed(200);
      clock.advance(300);
      hear.resumed();
    }
    expect(figures().falsePauses).toBe(3);
    take();
    hear.voiced();
    say.callerStarted();
    expect(state()).toBe('agentSpeaking');
    say.words();
    expect(take()).toEqual(['agent buffer.pause']);
    say.interrupted();
    say.flushed();
    say.callerStopped();
    clock.advance(30_000);
    say.began();
    hear.voiced();
    expect(state()).toBe('bargeIn.paused');
  });

  it('tells how long the caller heard nothing, and how much was said again', () => {
    const { hear, clock, tell, figures } = voiced();
    clock.advance(200);
    hear.hushed(200);
    clock.advance(300);
    tell({ type: 'agent.resumed', at: clock.now(), repeatedMs: 140, leftMs: 700 });
    hear.resumed();
    expect(figures().bargeIns).toMatchObject([{ outcome: 'resumed', gapMs: 500, repeatedMs: 140 }]);
  });

  it('counts what both said at once from the voice’s onset, and once', () => {
    const { hear, say, clock, figures } = voiced();
    expect(figures().talkOverMs).toBe(80);
    say.callerStarted();
    clock.advance(300);
    hear.hushed(380);
    say.callerStopped();
    expect(figures().talkOverMs).toBe(80);
  });
});

describe('words over a paused agent', () => {
  it('that leave no doubt flush at once, without a verdict', () => {
    const { say, state, take } = paused();
    take();
    say.words(false, false, true);
    expect(state()).toBe('bargeIn.flushed');
    expect(take()).toEqual(['agent buffer.flush refusing']);
  });

  it('that turn out to be an acknowledgement are none that contradict [nothing-lost]', () => {
    const { say, clock, take } = paused();
    say.words();
    clock.advance(400);
    take();
    say.words(true, true);
    expect(take()).toEqual(['agent buffer.resume']);
  });

  it('are not waited on longer because more of them come', () => {
    const { say, clock, state } = paused();
    say.words();
    clock.advance(1_400);
    say.words();
    clock.advance(100);
    expect(state()).toBe('bargeIn.flushed');
  });

  it('are waited on half as long again as the agent’s verdicts took on this call', () => {
    const { say, clock, state, speakAgain } = paused();
    clock.advance(400);
    say.interrupted();
    say.flushed();
    speakAgain();
    say.callerStarted();
    say.words();
    clock.advance(599);
    expect(state()).toBe('bargeIn.paused');
    clock.advance(1);
    expect(state()).toBe('bargeIn.flushed');
  });

  it('may still come when an agent without verdicts has stopped while the caller spoke: then it yields', () => {
    const { tell, clock, state } = paused({ verdicts: false });
    tell({ type: 'vapi.agentStopped', at: clock.now() });
    clock.advance(1_500);
    expect(state()).toBe('bargeIn.flushed');
  });

  it('are not taken for said because an agent that gives verdicts has come to its end [nothing-lost]', () => {
    const { tell, say, clock, take } = paused();
    tell({ type: 'vapi.agentStopped', at: clock.now() });
    clock.advance(200);
    take();
    say.callerStopped();
    clock.advance(500);
    expect(take()).toEqual(['agent buffer.resume']);
  });
});

describe('an agent that gives verdicts and has come to its end', () => {
  it('is not waited for: words decide at once, before its answer is kept and dropped with the rest [nothing-lost]', () => {
    const { tell, say, clock, take, state } = paused();
    tell({ type: 'vapi.agentStopped', at: clock.now() });
    clock.advance(200);
    take();
    say.words();
    expect(state()).toBe('bargeIn.flushed');
    expect(take()).toEqual(['agent buffer.flush refusing']);
    clock.advance(600);
    tell({ type: 'vapi.agentStarted', at: clock.now() });
    expect(take()).toEqual(['agent buffer.accept']);
    clock.advance(5_000);
    expect(take()).toEqual([]);
  });

  it('ends the wait for its verdict by that [nothing-lost]', () => {
    const { tell, say, clock, take, state } = paused();
    say.words();
    take();
    tell({ type: 'vapi.agentStopped', at: clock.now() });
    expect(state()).toBe('bargeIn.flushed');
    expect(take()).toEqual(['agent buffer.flush refusing']);
  });

  it('is waited for again once it has begun anew', () => {
    const { tell, say, clock, state } = paused();
    tell({ type: 'vapi.agentStopped', at: clock.now() }, { type: 'vapi.agentStarted', at: clock.now() });
    say.words();
    expect(state()).toBe('bargeIn.paused');
  });
});

describe('a voice that nobody listens to any more', () => {
  it('is over with what it could have interrupted', () => {
    const { speak, say, tell, clock, figures, take } = stage({
      bargeIn: 'reversible',
      protectsGreeting: true,
    });
    speak();
    tell({ type: 'caller.voiced', at: clock.now(), onsetAt: clock.now() });
    clock.advance(300);
    say.finished();
    const { talkOverMs } = figures();
    clock.advance(1_000);
    say.began();
    clock.advance(1_000);
    say.finished();
    expect(figures().talkOverMs).toBe(talkOverMs);
    say.began();
    say.callerStarted();
    take();
    // A voice that were still heard would keep the agent from going on.
    say.words(true, true);
    expect(take()).toEqual(['agent buffer.resume']);
  });

  it('is talked over no longer where the agent had nothing left to go on with', () => {
    const { say, clock, figures } = paused();
    say.words(true, true);
    say.finished();
    clock.advance(500);
    say.callerStarted();
    clock.advance(1_000);
    say.callerStopped();
    expect(figures().talkOverMs).toBe(0);
  });
});

describe('what must be heard out', () => {
  it.each(['reversible', 'transcript', 'confirmed'] as const)(
    'is heard whole, whoever speaks over the greeting, under %s [heard-out]',
    (bargeIn) => {
      const { speak, say, tell, clock, take, state } = stage({ bargeIn, protectsGreeting: true });
      speak();
      take();
      tell({ type: 'caller.voiced', at: clock.now(), onsetAt: clock.now() });
      say.callerStarted();
      say.words();
      say.words(true);
      say.interrupted();
      tell({ type: 'caller.pressed', at: clock.now() });
      expect(take()).toEqual([]);
      expect(state()).toBe('agentSpeaking');
      say.finished();
      say.began();
      say.interrupted();
      expect(take()).toEqual(['agent buffer.flush']);
    },
  );

  it('is also what the agent insists on, before it says it or while it does, and nothing after that [heard-out]', () => {
    const { stream, say, tell, clock, take } = stage({ bargeIn: 'reversible' });
    stream();
    tell({ type: 'vapi.insisted', at: clock.now() });
    say.began();
    take();
    say.words();
    expect(take()).toEqual([]);
    say.finished();
    say.began();
    tell({ type: 'vapi.insisted', at: clock.now() });
    say.interrupted();
    expect(take()).toEqual([]);
    say.finished();
    say.began();
    say.words();
    expect(take()).toEqual(['agent buffer.pause']);
  });
});

describe('an agent that was interrupted', () => {
  it('is told how much was heard, where that is wanted [heard-told]', () => {
    const { speak, say, take } = stage({ tellsHeard: true });
    speak();
    say.interrupted();
    take();
    say.flushed(840, 300);
    expect(take()).toEqual(['vapi socket.convey']);
  });

  it.each([
    ['nobody wants that', false, 300],
    ['nothing was heard', true, 0],
  ])('is told nothing where %s', (_, tellsHeard, heardMs) => {
    const { speak, say, take } = stage({ tellsHeard });
    speak();
    say.interrupted();
    take();
    say.flushed(840, heardMs);
    expect(take()).toEqual([]);
  });
});

describe('dead air', () => {
  it('is counted in silences of more than two seconds', () => {
    const { stream, say, clock, figures } = stage();
    stream();
    const before = figures().deadAirMs;
    clock.advance(5_000);
    say.callerStarted();
    expect(figures().deadAirMs - before).toBe(5_000);
    clock.advance(1_000);
    say.callerStopped();
    clock.advance(1_900);
    say.began();
    say.finished();
    expect(figures().deadAirMs - before).toBe(5_000);
  });
});
