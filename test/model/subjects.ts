import type { AnyEventObject, AnyMachineSnapshot, AnyStateMachine } from 'xstate';
import { callMachine } from '../../machines/call.ts';
import { CALL_IS_OVER, type CallContext, type CallInput } from '../../machines/call-facts.ts';
import { jitterBufferMachine } from '../../machines/jitter-buffer.ts';
import { twilioSocketMachine } from '../../machines/twilio-socket.ts';
import { vapiSocketMachine } from '../../machines/vapi-socket.ts';

/** A machine under test: how it can be started, all that it can be told, and what must hold of it. */
export interface Subject {
  machine: AnyStateMachine;
  /** Each way of starting it, by a name. Every delay has a length of its own, by which the test calls it. */
  starts: Record<string, object>;
  /** Everything that others can tell it, in every variety that could matter to a guard. */
  events: AnyEventObject[];
  /** The outputs with which its promise children can end, by the child's id. */
  outputs: Record<string, unknown[]>;
  /** The facts in context that decide what it does next; states that differ in nothing else are one. */
  facts(snapshot: AnyMachineSnapshot): Record<string, boolean>;
  /** What must hold in every state; throws where it does not. */
  holds(snapshot: AnyMachineSnapshot): void;
}

function must(holds: boolean, what: string): void {
  if (!holds) throw new Error(`It does not hold that ${what}.`);
}

const callTimeouts: CallInput['timeouts'] = {
  sessionTtlMs: 1001,
  callerTimeoutMs: 1002,
  agentTimeoutMs: 1003,
  reassureTimeoutMs: 1011,
  warningMs: 1,
  drainTimeoutMs: 1004,
  hangUpTimeoutMs: 1005,
  bargeInTimeoutMs: 1006,
  verdictTimeoutMs: 1007,
  briefSilenceTimeoutMs: 1008,
  silenceTimeoutMs: 1009,
  pauseTimeoutMs: 1010,
};

function callStart(changes: Partial<CallInput>): CallInput {
  return {
    callId: 'c1',
    callSid: 'CA1',
    summonsAgentAtOnce: true,
    bargeIn: 'reversible',
    agentGivesVerdicts: true,
    agentTakesOrders: true,
    tellsHeard: false,
    protectsGreeting: false,
    continues: false,
    replacedBefore: 0,
    timeouts: callTimeouts,
    twilioSocket: {
      expectsAnother: true,
      startTimeoutMs: 1,
      heartbeatIntervalMs: 2,
      pongTimeoutMs: 3,
      examineTimeoutMs: 5,
      closeTimeoutMs: 4,
    },
    vapiSocket: {
      creates: true,
      createTimeoutMs: 1,
      retryIntervalMs: 7,
      openTimeoutMs: 2,
      muteTimeoutMs: 8,
      backOffMs: 9,
      heartbeatIntervalMs: 3,
      pongTimeoutMs: 4,
      closeTimeoutMs: 5,
      endTimeoutMs: 6,
    },
    callerBuffer: { fillTimeoutMs: 1, refuseTimeoutMs: 2 },
    agentBuffer: { fillTimeoutMs: 1, refuseTimeoutMs: 2 },
    ...changes,
  };
}

const judgements = [
  { acknowledgement: true, interruption: false },
  { acknowledgement: false, interruption: false },
  { acknowledgement: false, interruption: true },
];
const transcripts = [true, false].flatMap((final) =>
  judgements.map((judgement) => ({ type: 'vapi.transcribed', at: 7, final, ...judgement })),
);

function isHushed(snapshot: AnyMachineSnapshot): boolean {
  const hushed = ['heard', 'told'].map((by) => ({ live: { bargeIn: { paused: { [by]: 'hushed' } } } }));
  return hushed.some((value) => snapshot.matches(value as never));
}

const call: Subject = {
  machine: callMachine,
  starts: {
    'reversible, with verdicts': callStart({ tellsHeard: true }),
    'reversible, without verdicts': callStart({ agentGivesVerdicts: false, agentTakesOrders: false }),
    transcript: callStart({ bargeIn: 'transcript' }),
    'goes on with another call': callStart({ continues: true, replacedBefore: 1 }),
    'confirmed, agent after start': callStart({
      bargeIn: 'confirmed',
      protectsGreeting: true,
      summonsAgentAtOnce: false,
      callSid: null,
    }),
  },
  events: [
    { type: 'twilio.started', at: 1, streamSid: 'MZ1', callSid: 'CA1' },
    { type: 'caller.pressed', at: 7 },
    { type: 'twilio.gone', cause: 'stopped', words: 'stopped' },
    { type: 'twilio.gone', cause: 'lost', words: 'lost' },
    { type: 'twilio.gone', cause: 'refused', words: 'refused' },
    { type: 'xstate.done.actor.twilioSocket', actorId: 'twilioSocket', output: undefined },
    { type: 'vapi.opened', at: 2 },
    { type: 'vapi.gone', cause: 'ended', words: 'ended' },
    { type: 'vapi.gone', cause: 'lost', words: 'lost' },
    { type: 'vapi.gone', cause: 'unwelcome', words: 'unwelcome' },
    { type: 'vapi.gone', cause: 'unreached', words: 'unreached' },
    { type: 'vapi.gone', cause: 'unavailable', words: 'unavailable' },
    { type: 'xstate.done.actor.vapiSocket', actorId: 'vapiSocket', output: undefined },
    { type: 'vapi.callerStarted', at: 5 },
    { type: 'vapi.callerStopped', at: 6 },
    { type: 'vapi.callerStopped', at: 1_000 },
    ...transcripts,
    { type: 'vapi.agentStarted', at: 8 },
    { type: 'vapi.agentStopped', at: 9 },
    { type: 'vapi.interrupted', at: 7 },
    { type: 'vapi.delayed', at: 9 },
    { type: 'vapi.insisted', at: 3 },
    { type: 'session.expired' },
    { type: 'session.ending' },
    { type: 'caller.waited' },
    { type: 'caller.voiced', at: 5, onsetAt: 4 },
    { type: 'caller.hushed', at: 7, voicedUntil: 6, voicedMs: 100 },
    { type: 'caller.hushed', at: 900, voicedUntil: 700, voicedMs: 600 },
    { type: 'call.say', slip: 1 },
    { type: 'call.add', slip: 2 },
    { type: 'call.mute' },
    { type: 'call.unmute' },
    { type: 'call.flush', at: 8 },
    { type: 'call.extend', at: 5, ms: 900_000 },
    { type: 'call.extend', at: 5, ms: 3_600_000 },
    { type: 'caller.forwarded', at: 3, frames: 20, ms: 400 },
    { type: 'agent.began', at: 4, receivedAt: 4, lastForwardedAt: 3 },
    { type: 'agent.finished', at: 9 },
    { type: 'agent.flushed', at: 8, chunks: 42, flushedMs: 840, heardMs: 300 },
    { type: 'agent.paused', at: 8, keptMs: 840, heardMs: 300 },
    { type: 'agent.resumed', at: 9, repeatedMs: 120, leftMs: 960 },
    { type: 'agent.finishing', at: 9, leftMs: 800 },
    { type: 'call.hangUp', reason: 'hungUp', words: 'by hand' },
    { type: 'call.hangUp', reason: 'drained', words: 'drained' },
    { type: 'caller.hungUp', words: 'completed' },
    { type: 'stream.failed', words: 'failed' },
  ],
  outputs: { hangUp: [undefined] },
  facts(snapshot) {
    const context = snapshot.context as CallContext;
    const { utteranceOpen, spokeBriefly, ending, callerSpokeAt, voicedAt } = context;
    const { agentDone, mustBeHeard, protectsGreeting, extendedMs } = context;
    const { prerollMs, firstResponseMs, agentReadyMs, replacements } = context.figures;
    const live = snapshot.matches('live');
    const bargeIn = snapshot.matches({ live: 'bargeIn' });
    const connecting = snapshot.matches({ live: 'connecting' });
    const counts = connecting || snapshot.matches({ live: 'streaming' });
    const talks = snapshot.matches({ live: 'streaming' }) || snapshot.matches({ live: 'agentSpeaking' });
    return {
      'had an agent': connecting && agentReadyMs !== null,
      'replaced once': counts && replacements === 1,
      'replaced twice': counts && replacements === 2,
      'something is heard': connecting && context.agentSpokeAt !== null,
      'pre-roll gathered': live && !bargeIn && prerollMs !== null,
      'words open': talks && utteranceOpen,
      'caller speaks': (talks || bargeIn) && callerSpokeAt !== null,
      'spoke briefly': isHushed(snapshot) && spokeBriefly,
      'caller voiced': snapshot.matches({ live: { bargeIn: 'paused' } }) && voicedAt !== null,
      'agent done': snapshot.matches({ live: { bargeIn: 'paused' } }) && agentDone,
      'to be heard out': snapshot.matches({ live: 'streaming' }) && mustBeHeard,
      'greeting over':
        snapshot.matches({ live: 'streaming' }) && protectsGreeting && firstResponseMs !== null,
      extended: snapshot.matches({ live: 'streaming' }) && extendedMs > 0,
      'is over': ending !== null && CALL_IS_OVER.has(ending.reason),
    };
  },
  holds(snapshot) {
    const { ending, figures, startedAt, streamSid } = snapshot.context as CallContext;
    const live = snapshot.matches('live');
    must(live === (ending === null), 'a call has an ending exactly when it is no longer live');
    must((startedAt === null) === (streamSid === null), 'a stream is known exactly since its start');
    const heard = snapshot.matches({ live: 'streaming' }) || snapshot.matches({ live: 'agentSpeaking' });
    must(!heard || streamSid !== null, 'nothing streams without a stream');
    must(
      !snapshot.matches({ live: 'streaming' }) || figures.prerollMs !== null,
      'nothing streams before the pre-roll',
    );
    must(
      !snapshot.matches({ live: 'bargeIn' }) || figures.bargeIns.length > 0,
      'an interruption is on record',
    );
    must(figures.talkOverMs >= 0, 'durations are not negative');
    must(
      figures.responsesMs.every((ms) => ms >= 0),
      'responses take time',
    );
  },
};

const twilioSocket: Subject = {
  machine: twilioSocketMachine,
  starts: Object.fromEntries(
    [true, false].map((expectsAnother) => [
      expectsAnother ? 'with a ticket' : 'without a ticket',
      {
        callId: 'c1',
        expectsAnother,
        startTimeoutMs: 1001,
        heartbeatIntervalMs: 1002,
        pongTimeoutMs: 1003,
        examineTimeoutMs: 1005,
        closeTimeoutMs: 1004,
      },
    ]),
  ),
  events: [
    { type: 'socket.attached' },
    { type: 'socket.ponged' },
    { type: 'socket.closed', code: 1006 },
    { type: 'socket.silent' },
    { type: 'socket.clogged' },
    { type: 'socket.close' },
    { type: 'twilio.started', at: 1, streamSid: 'MZ1', callSid: 'CA1' },
    { type: 'twilio.refused', words: 'wrong nonce' },
    { type: 'twilio.stopped' },
    { type: 'caller.pressed', at: 2 },
  ],
  outputs: {},
  facts: () => ({}),
  holds({ context }) {
    must(context.loss === 'released' || context.words !== '', 'a loss is told in words');
  },
};

const vapiSocket: Subject = {
  machine: vapiSocketMachine,
  starts: Object.fromEntries(
    [true, false].map((creates) => [
      creates ? 'transport' : 'direct',
      {
        callId: 'c1',
        creates,
        createTimeoutMs: 1001,
        retryIntervalMs: 1007,
        openTimeoutMs: 1002,
        muteTimeoutMs: 1008,
        backOffMs: 1009,
        heartbeatIntervalMs: 1003,
        pongTimeoutMs: 1004,
        closeTimeoutMs: 1005,
        endTimeoutMs: 1006,
      },
    ]),
  ),
  events: [
    { type: 'socket.open' },
    { type: 'socket.close' },
    { type: 'socket.opened', at: 1 },
    { type: 'socket.heard' },
    { type: 'socket.ponged' },
    { type: 'socket.closed', code: 1000, words: 'done' },
    { type: 'socket.closed', code: 1006, words: 'broken' },
    { type: 'socket.closed', code: 1008, words: 'unwelcome' },
    { type: 'socket.closed', code: 1013, words: 'overloaded' },
    { type: 'socket.unfit', words: 'too late' },
    { type: 'vapi.ended', reason: 'assistant-ended-call' },
    { type: 'vapi.interrupted', at: 2 },
    { type: 'vapi.callerStarted', at: 2 },
    { type: 'vapi.transcribed', at: 2, final: false, acknowledgement: false, interruption: false },
    { type: 'socket.convey', message: { kind: 'heard', heardMs: 300 } },
  ],
  outputs: {
    createCall: [
      { created: true, vapiCallId: 'v1' },
      { created: false, refusal: 'noSocketUrl', words: 'no way in', vapiCallId: 'v1' },
      { created: false, refusal: 'keyRefused', words: 'key refused' },
      { created: false, refusal: 'broken', words: 'not now', askAgainAfterMs: 0 },
    ],
    endCall: [undefined],
  },
  facts: (snapshot) => ({
    'asked again': snapshot.context.retries > 0,
    'to be left alone': snapshot.matches({ line: 'gone' }) && snapshot.context.askAgainAfterMs > 0,
  }),
  holds(snapshot) {
    const { context } = snapshot;
    must(
      !snapshot.matches({ line: 'linked' }) || !context.creates || context.vapiCallId !== null,
      'a link has its call',
    );
    must(context.loss === 'ended' || context.words !== '', 'a loss is told in words');
  },
};

const jitterBuffer: Subject = {
  machine: jitterBufferMachine,
  starts: {
    'each direction': { callId: 'c1', direction: 'agent', fillTimeoutMs: 1001, refuseTimeoutMs: 1002 },
  },
  events: [
    { type: 'buffer.open' },
    { type: 'buffer.hold' },
    { type: 'buffer.play', clip: 'lineLost' },
    { type: 'buffer.pause' },
    { type: 'buffer.resume' },
    { type: 'buffer.flush', refuse: true },
    { type: 'buffer.flush', refuse: false },
    { type: 'buffer.accept' },
    { type: 'buffer.mute' },
    { type: 'buffer.unmute' },
    { type: 'buffer.finish' },
    { type: 'pipe.started' },
    { type: 'pipe.primed' },
    { type: 'pipe.emptied' },
    { type: 'pipe.stalled' },
    { type: 'pipe.relieved' },
    { type: 'pipe.overflowed' },
    { type: 'pipe.renewed' },
    { type: 'caller.forwarded', at: 1, frames: 20, ms: 400 },
    { type: 'agent.began', at: 1, receivedAt: 1, lastForwardedAt: null },
  ],
  outputs: {},
  facts: () => ({}),
  holds: () => {},
};

/** The machines of the bridge, by the names that they have in reports. */
export const subjects: Record<string, Subject> = {
  call,
  'twilio-socket': twilioSocket,
  'vapi-socket': vapiSocket,
  'jitter-buffer': jitterBuffer,
};
