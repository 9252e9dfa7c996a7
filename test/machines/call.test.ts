import { describe, expect, it } from 'vitest';
import { stage, TWILIO_CLOSED, VAPI_CLOSED } from './call-stage.ts';

describe('a call that connects', () => {
  it('asks for its agent at once, while the phone still connects', () => {
    const { state, take } = stage();
    expect(state()).toBe('connecting');
    expect(take()).toEqual(['vapi socket.open']);
  });

  it('asks for its agent only after the start, when nobody announced it', () => {
    const { say, take } = stage({ atOnce: false });
    expect(take()).toEqual([]);
    say.started();
    expect(take()).toEqual(['vapi socket.open']);
  });

  it.each([
    ['caller', 'agent'],
    ['agent', 'caller'],
  ])('holds while one end is missing: first the %s [first-words]', (first) => {
    const { say, state, take } = stage();
    take();
    const [early, late] = first === 'caller' ? [say.started, say.opened] : [say.opened, say.started];
    early();
    expect(state()).toBe('connecting');
    late();
    expect(state()).toBe('buffering');
    expect(take()).toEqual(['caller buffer.open', 'agent buffer.open']);
  });

  it('streams once the pre-roll has gone to the agent [first-words]', () => {
    const { stream, state, figures } = stage();
    stream();
    expect(state()).toBe('streaming');
    expect(figures().prerollMs).toBe(400);
  });

  it('lets a waiting greeting be heard before the pre-roll is complete, and then gathers on', () => {
    const { say, state } = stage();
    say.started();
    say.opened();
    say.began();
    expect(state()).toBe('agentSpeaking');
    say.finished();
    expect(state()).toBe('buffering');
    say.forwarded();
    expect(state()).toBe('streaming');
  });

  it('notices that the pre-roll went while the agent spoke', () => {
    const { say, state } = stage();
    say.started();
    say.opened();
    say.began();
    say.forwarded();
    say.finished();
    expect(state()).toBe('streaming');
  });

  it('gives up on a caller whose stream never starts, and releases the agent [bounded-wait]', () => {
    const { clock, say, ending, take } = stage();
    say.opened();
    take();
    clock.advance(30_000);
    expect(ending()?.reason).toBe('callerNeverCame');
    expect(take()).toEqual(['caller buffer.finish', 'twilio socket.close', 'vapi socket.close']);
  });

  it('gives up on an agent that is not ready in time [bounded-wait]', () => {
    const { clock, say, ending } = stage();
    say.started();
    clock.advance(13_000);
    expect(ending()?.reason).toBe('agentUnavailable');
  });
});

describe('an agent that speaks', () => {
  it('does so until its last audible frame was played [heard-not-sent]', () => {
    const { speak, say, state, clock } = stage();
    speak();
    clock.advance(60_000);
    expect(state()).toBe('agentSpeaking');
    say.finished();
    expect(state()).toBe('streaming');
  });
});

describe('answers', () => {
  it("are measured from the caller's last speech", () => {
    const { stream, say, clock, figures } = stage();
    stream();
    say.began();
    say.finished();
    say.callerStarted();
    clock.advance(900);
    say.callerStopped();
    clock.advance(287);
    say.began();
    expect(figures().responsesMs).toEqual([0, 287]);
  });

  it('are measured from the final transcript where nothing else tells when the caller stopped', () => {
    const { stream, say, clock, figures } = stage();
    stream();
    say.began();
    say.finished();
    say.words(true);
    clock.advance(400);
    say.began();
    expect(figures().responsesMs).toEqual([0, 400]);
  });

  it('are counted once, though the agent pauses in the middle and the caller is said to have stopped late', () => {
    const { stream, say, clock, figures } = stage();
    stream();
    say.began();
    say.finished();
    say.callerStarted();
    say.words(true);
    clock.advance(150);
    say.began();
    say.callerStopped();
    say.finished();
    clock.advance(300);
    say.began();
    expect(figures().responsesMs).toEqual([0, 150]);
  });
});

describe('an interruption', () => {
  it.each(['transcript', 'confirmed', 'reversible'] as const)(
    'by the verdict of the agent flushes it, whatever the policy: %s [interrupted-at-once]',
    (bargeIn) => {
      const { speak, say, state, take, figures } = stage({ bargeIn });
      speak();
      say.interrupted();
      expect(state()).toBe('bargeIn.flushed');
      expect(take()).toEqual(['agent buffer.flush']);
      say.flushed();
      expect(figures().bargeIns).toEqual([
        {
          atMs: 1_000,
          cause: 'verdict',
          onsetMs: null,
          clearAfterMs: 0,
          flushedMs: 840,
          heardMs: 300,
          outcome: 'flushed',
          gapMs: null,
          repeatedMs: null,
        },
      ]);
    },
  );

  it('by the first partial transcript flushes it once, and the rest of the old turn is refused', () => {
    const { speak, say, take } = stage({ bargeIn: 'transcript' });
    speak();
    say.words();
    say.words();
    say.words();
    expect(take()).toEqual(['agent buffer.flush refusing']);
  });

  it('is over when the caller stops, and what comes then is the new answer', () => {
    const { speak, say, state } = stage({ bargeIn: 'transcript' });
    speak();
    say.words();
    say.words(true);
    expect(state()).toBe('streaming');
    say.began();
    expect(state()).toBe('agentSpeaking');
  });

  it('that nothing follows is over after a while', () => {
    const { speak, say, state, clock } = stage({ bargeIn: 'transcript' });
    speak();
    say.words();
    clock.advance(5_000);
    expect(state()).toBe('streaming');
  });

  it('is not what the final transcript of older words is', () => {
    const { stream, say, state } = stage({ bargeIn: 'transcript' });
    stream();
    say.words();
    say.began();
    say.words(true);
    expect(state()).toBe('agentSpeaking');
  });

  it('waits for the verdict of the agent where only that counts', () => {
    const { speak, say, tell, state, take, clock } = stage({ bargeIn: 'confirmed' });
    speak();
    say.callerStarted();
    say.words();
    say.words(true);
    tell({ type: 'caller.pressed', at: clock.now() });
    expect(state()).toBe('agentSpeaking');
    expect(take()).toEqual([]);
  });

  it('by a key drops what the agent says', () => {
    const { speak, tell, state, clock } = stage({ bargeIn: 'transcript' });
    speak();
    tell({ type: 'caller.pressed', at: clock.now() });
    expect(state()).toBe('bargeIn.flushed');
  });

  it('takes the new turn as soon as the agent agrees that it was interrupted [nothing-stale]', () => {
    const { speak, say, take } = stage({ bargeIn: 'transcript' });
    speak();
    say.words();
    take();
    say.interrupted();
    expect(take()).toEqual(['agent buffer.accept']);
  });

  it('where nothing is heard empties what waits, and is no interruption', () => {
    const { stream, say, take, figures, state } = stage();
    stream();
    take();
    say.interrupted();
    expect(take()).toEqual(['agent buffer.flush']);
    expect(state()).toBe('streaming');
    expect(figures().bargeIns).toEqual([]);
  });

  it('counts the time in which both were heard', () => {
    const { speak, say, clock, figures } = stage({ bargeIn: 'confirmed' });
    speak();
    clock.advance(500);
    say.callerStarted();
    clock.advance(350);
    say.interrupted();
    say.flushed();
    clock.advance(1_000);
    say.callerStopped();
    expect(figures().talkOverMs).toBe(350);
  });
});

describe('the end of a call', () => {
  it('by the caller releases the agent and waits for both ends [one-teardown]', () => {
    const { stream, tell, take, state, output, status } = stage();
    stream();
    take();
    tell({ type: 'twilio.gone', cause: 'stopped', words: 'The caller hung up.' });
    expect(state()).toBe('closing');
    expect(take()).toEqual(['caller buffer.finish', 'vapi socket.close']);
    tell(TWILIO_CLOSED);
    expect(status()).toBe('active');
    tell(VAPI_CLOSED);
    expect(status()).toBe('done');
    expect(output()).toMatchObject({
      ending: { reason: 'callerHungUp', words: 'The caller hung up.' },
      figures: { prerollMs: 400 },
    });
  });

  it('by the agent lets its last words be heard, then hangs up, then closes the socket [last-words]', async () => {
    const { speak, tell, say, take, hangUpDone, status } = stage();
    speak();
    tell({ type: 'vapi.gone', cause: 'ended', words: 'Vapi ended the call.' }, VAPI_CLOSED);
    expect(take()).toEqual(['caller buffer.finish', 'agent buffer.finish', 'vapi socket.close']);
    tell({ type: 'agent.finishing', at: 1_000, leftMs: 800 });
    say.finished();
    expect(take()).toEqual(['hangUp']);
    await hangUpDone();
    expect(take()).toEqual(['twilio socket.close']);
    tell(TWILIO_CLOSED);
    expect(status()).toBe('done');
  });

  it('hangs up first, and closes the socket once that is done [hung-up-first]', async () => {
    const { stream, tell, take, hangUpDone } = stage();
    stream();
    take();
    tell({ type: 'call.hangUp', reason: 'hungUp', words: 'By hand.' });
    expect(take()).toEqual(['caller buffer.finish', 'hangUp', 'vapi socket.close']);
    await hangUpDone();
    expect(take()).toEqual(['twilio socket.close']);
  });

  it('does not wait for last words that are never reported as heard', () => {
    const { speak, tell, take, clock } = stage();
    speak();
    tell(
      { type: 'vapi.gone', cause: 'ended', words: '' },
      { type: 'agent.finishing', at: 1_000, leftMs: 800 },
    );
    take();
    clock.advance(2_799);
    expect(take()).toEqual([]);
    clock.advance(1);
    expect(take()).toEqual(['hangUp']);
  });

  it('does not wait for ever for Twilio to hang up [bounded-wait]', () => {
    const { stream, clock, take, tell } = stage();
    stream();
    tell({ type: 'call.hangUp', reason: 'hungUp', words: 'By hand.' });
    take();
    clock.advance(3_000);
    expect(take()).toEqual(['twilio socket.close']);
  });

  it.each([
    ['unwelcome', 'agentLost'],
    ['unavailable', 'agentUnavailable'],
  ] as const)('by an agent that is %s leaves the phone call to what follows it', (cause, reason) => {
    const { speak, tell, say, take, ending } = stage();
    speak();
    tell({ type: 'vapi.gone', cause, words: 'It broke.' }, { type: 'agent.finishing', at: 1_000, leftMs: 0 });
    take();
    say.finished();
    expect(ending()).toEqual({ reason, words: 'It broke.' });
    expect(take()).toEqual(['twilio socket.close']);
  });

  it('comes to the millisecond when its time is over [ttl]', () => {
    const { stream, clock, ending, take } = stage();
    stream();
    take();
    clock.advance(1_499_999);
    expect(ending()).toBeNull();
    clock.advance(1);
    expect(ending()?.reason).toBe('timeToLive');
    expect(take()).toContain('hangUp');
  });

  it('is taken from a status callback too, and once only [one-teardown]', () => {
    const { stream, tell, take, ending } = stage();
    stream();
    take();
    tell({ type: 'caller.hungUp', words: 'Twilio reports the call completed.' });
    tell(
      { type: 'caller.hungUp', words: 'again' },
      { type: 'twilio.gone', cause: 'stopped', words: 'later' },
    );
    expect(ending()).toEqual({ reason: 'callerHungUp', words: 'Twilio reports the call completed.' });
    expect(take()).toEqual(['caller buffer.finish', 'twilio socket.close', 'vapi socket.close']);
  });

  it('comes at once in the middle of last words when the caller hangs up', () => {
    const { speak, tell, status } = stage();
    speak();
    tell({ type: 'vapi.gone', cause: 'ended', words: '' }, VAPI_CLOSED);
    tell({ type: 'agent.finishing', at: 1_000, leftMs: 9_000 });
    tell({ type: 'twilio.gone', cause: 'stopped', words: '' }, TWILIO_CLOSED);
    expect(status()).toBe('done');
  });

  it('leaves no timer behind', () => {
    const { speak, tell, clock } = stage();
    speak();
    tell({ type: 'twilio.gone', cause: 'lost', words: '' }, TWILIO_CLOSED, VAPI_CLOSED);
    expect(clock.armed).toBe(0);
  });
});
