import { describe, expect, it } from 'vitest';
import { createActor, fromPromise, setup } from 'xstate';
import { callMachine } from '../../machines/call.ts';
import type { BargeInPolicy, CallEvent, CallInput } from '../../machines/call-facts.ts';
import { stateName } from '../../src/call/state-name.ts';
import { createVirtualClock } from '../support/virtual-clock.ts';

const TIMEOUTS: CallInput['timeouts'] = {
  sessionTtlMs: 1_500_000,
  callerTimeoutMs: 30_000,
  agentTimeoutMs: 13_000,
  drainTimeoutMs: 2_000,
  hangUpTimeoutMs: 3_000,
  bargeInTimeoutMs: 5_000,
  verdictTimeoutMs: 1_500,
  briefSilenceTimeoutMs: 500,
  silenceTimeoutMs: 1_200,
  pauseTimeoutMs: 5_000,
};

/** What a child tells when nothing is left of it. */
const TWILIO_CLOSED = {
  type: 'xstate.done.actor.twilioSocket',
  actorId: 'twilioSocket',
  output: undefined,
} as const;
const VAPI_CLOSED = {
  type: 'xstate.done.actor.vapiSocket',
  actorId: 'vapiSocket',
  output: undefined,
} as const;

interface Play {
  bargeIn?: BargeInPolicy;
  verdicts?: boolean;
  atOnce?: boolean;
}

/** A call whose children are played by the test: what each is ordered is written down by its name. */
function stage({ bargeIn = 'transcript', verdicts = true, atOnce = true }: Play = {}) {
  const clock = createVirtualClock();
  const orders: string[] = [];
  let hungUp: (() => void) | undefined;
  // Children are machines in the chart; a machine without states that writes down its orders stands in for each.
  const child = (name: string) =>
    setup({}).createMachine({
      on: {
        '*': {
          actions: ({ event }) => {
            const { type, refuse } = event as { type: string; refuse?: boolean };
            orders.push(`${name} ${type}${refuse ? ' refusing' : ''}`);
          },
        },
      },
    });
  const jitterBuffer = setup({ types: { input: {} as { direction: string } } }).createMachine({
    context: ({ input }) => ({ direction: input.direction }),
    on: {
      '*': {
        actions: ({ context, event }) => {
          const { type, refuse } = event as { type: string; refuse?: boolean };
          orders.push(`${(context as { direction: string }).direction} ${type}${refuse ? ' refusing' : ''}`);
        },
      },
    },
  });
  const machine = callMachine.provide({
    actors: {
      twilioSocket: child('twilio') as never,
      vapiSocket: child('vapi') as never,
      jitterBuffer: jitterBuffer as never,
      hangUp: fromPromise(
        () =>
          new Promise<void>((resolve) => {
            orders.push('hangUp');
            hungUp = resolve;
          }),
      ),
    },
  });
  const actor = createActor(machine, {
    clock,
    input: {
      callId: 'c1',
      callSid: atOnce ? 'CA1' : null,
      summonsAgentAtOnce: atOnce,
      bargeIn,
      agentGivesVerdicts: verdicts,
      timeouts: TIMEOUTS,
      twilioSocket: {
        expectsAnother: atOnce,
        startTimeoutMs: 1,
        heartbeatIntervalMs: 1,
        pongTimeoutMs: 1,
        examineTimeoutMs: 1,
        closeTimeoutMs: 1,
      },
      vapiSocket: {
        creates: true,
        createTimeoutMs: 1,
        openTimeoutMs: 1,
        heartbeatIntervalMs: 1,
        pongTimeoutMs: 1,
        closeTimeoutMs: 1,
        endTimeoutMs: 1,
      },
      callerBuffer: { fillTimeoutMs: 1, refuseTimeoutMs: 1 },
      agentBuffer: { fillTimeoutMs: 1, refuseTimeoutMs: 1 },
    },
  });
  actor.start();

  const tell = (...events: CallEvent[]) => {
    for (const event of events) actor.send(event);
  };
  const at = () => clock.now();
  const say = {
    started: () => tell({ type: 'twilio.started', at: at(), streamSid: 'MZ1', callSid: 'CA1' }),
    opened: () => tell({ type: 'vapi.opened', at: at() }),
    forwarded: () => tell({ type: 'caller.forwarded', at: at(), frames: 20, ms: 400 }),
    began: () => tell({ type: 'agent.began', at: at(), receivedAt: at(), lastForwardedAt: at() }),
    finished: () => tell({ type: 'agent.finished', at: at() }),
    flushed: (flushedMs = 840, heardMs = 300) =>
      tell({ type: 'agent.flushed', at: at(), chunks: flushedMs / 20, flushedMs, heardMs }),
    words: (final = false, acknowledgement = false) =>
      tell({ type: 'vapi.transcribed', at: at(), final, acknowledgement }),
    interrupted: () => tell({ type: 'vapi.interrupted', at: at() }),
    callerStarted: () => tell({ type: 'vapi.callerStarted', at: at() }),
    callerStopped: () => tell({ type: 'vapi.callerStopped', at: at() }),
  };

  return {
    clock,
    tell,
    say,
    state: () => stateName(actor.getSnapshot().value),
    whole: () => actor.getSnapshot().value,
    figures: () => actor.getSnapshot().context.figures,
    ending: () => actor.getSnapshot().context.ending,
    status: () => actor.getSnapshot().status,
    output: () => actor.getSnapshot().output,
    take: () => orders.splice(0),
    async hangUpDone() {
      hungUp?.();
      await clock.settle();
    },
    stream() {
      say.started();
      say.opened();
      say.forwarded();
    },
    speak() {
      say.started();
      say.opened();
      say.forwarded();
      clock.advance(1_000);
      say.began();
      orders.length = 0;
    },
  };
}

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
        { atMs: 1_000, clearAfterMs: 0, flushedMs: 840, heardMs: 300, outcome: 'flushed' },
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

describe('a reversible interruption', () => {
  function paused(play: Play = {}) {
    const on = stage({ bargeIn: 'reversible', ...play });
    on.speak();
    on.say.callerStarted();
    on.tell({ type: 'agent.paused', at: on.clock.now(), keptMs: 500, heardMs: 700 });
    return on;
  }

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
    expect(figures().bargeIns).toEqual([
      { atMs: 1_000, clearAfterMs: 0, flushedMs: 800, heardMs: 700, outcome: 'flushed' },
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
    expect(take()).toEqual(['caller buffer.finish', 'agent buffer.finish']);
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
    ['lost', 'agentLost'],
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
