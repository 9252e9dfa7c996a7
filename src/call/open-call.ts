import { createActor, type InspectionEvent } from 'xstate';
import type { CallFigures, Ending } from '../../machines/call-facts.ts';
import { createAgentLine } from '../agent/agent-line.ts';
import { createConversation, type Handover } from '../agent/conversation.ts';
import type { Dialect } from '../agent/dialect.ts';
import { createPhraseBook, ENGLISH } from '../agent/phrases.ts';
import { createAgentDecoder, createCallerEncoder } from '../audio/agent-format.ts';
import { createCallerPath } from '../audio/caller-path.ts';
import { createPlayout } from '../audio/playout.ts';
import type { Clock, Overheard, Socket } from '../ports.ts';
import { createCallerLine } from '../telephony/caller-line.ts';
import type { CallLogic } from './call-logic.ts';
import {
  type CallOptions,
  chartOptions,
  PLAYOUT_FILL_MS,
  PLAYOUT_LEAD_MS,
  PLAYOUT_MOST_FILL_MS,
} from './call-options.ts';
import type { CallParts } from './call-parts.ts';
import { createCallerVoice } from './caller-voice.ts';
import { createClipPlayer } from './clip-player.ts';
import { guardedSocket } from './guard.ts';
import { createMeters, type Meters } from './meters.ts';
import { type ActionAnswer, createOperator, type OperatorAction } from './operator.ts';
import { createOverhearing } from './overhearing.ts';
import { stateName } from './state-name.ts';
import { createTimerScope } from './timer-scope.ts';

const english = createPhraseBook(ENGLISH);

/** Who called whom. The numbers go to the agent and stay out of everything else. */
export interface CallRequest {
  /** Unknown until Twilio's `start` for a socket that came without a ticket. */
  callSid: string | null;
  dialect: Dialect;
  /** In the webhook the agent is asked for at once, while the phone still connects; else once the stream starts. */
  summonsAgentAtOnce: boolean;
  hangUp(): Promise<void>;
  /** What was said before, in a call that this one goes on with. */
  continues?: Handover | undefined;
}

/** What is told to a call by its surroundings. */
export type CallOrder =
  | { type: 'call.hangUp'; reason: 'hungUp' | 'drained'; words: string }
  /** `status` is the word of Twilio's callback; completed unless told. */
  | { type: 'caller.hungUp'; words: string; status?: string }
  | { type: 'stream.failed'; words: string };

/** How a call ended; `internalError` is a mistake of ours, which ends that call and no other. */
export type CallEnding = Ending | { reason: 'internalError'; words: string };

/** What the call was like, times in ms. */
export interface Figures extends CallFigures {
  /** The caller's frames that were dropped for want of room. */
  droppedFrames: number;
  /** Silence that stood in for frames that Twilio did not send. */
  gapFilledMs: number;
  /** Messages of either side that could not be read. */
  unreadableMessages: number;
  /** Keys that came too fast for the agent to be told of them. */
  untoldKeys: number;
}

/** What can be read off a call at any moment. Times in ms. */
export interface Gauges {
  /** Since the call's start. */
  at: number;
  /** In dBFS; -90 is silence. */
  callerDb: number;
  agentDb: number;
  /** The caller's path: frames held, dropped, sent, and silence that stood in for missing ones. */
  heldFrames: number;
  droppedFrames: number;
  sentFrames: number;
  gapFilledMs: number;
  /** Bytes that wait in the agent's socket. */
  agentUnsentBytes: number;
  /** How late each end is at least with what it answers; 0 before its first answer. */
  callerRttMs: number;
  agentRttMs: number;
  /** The agent's path: waiting here, at Twilio and not played yet, dropped unheard, refused. */
  queuedMs: number;
  leadMs: number;
  flushedMs: number;
  refusedMs: number;
  /** Messages of either side that could not be read. */
  unreadableMessages: number;
}

/** A call's two sockets. */
export type Leg = 'caller' | 'agent';

/** One call, alive or ended. */
export interface Call {
  readonly callId: string;
  readonly callSid: string | null;
  readonly streamSid: string | null;
  /** One word, such as `agentSpeaking` or `bargeIn.paused`. */
  readonly state: string;
  /** ISO 8601. */
  readonly startedAt: string;
  /** `null` while the call lives. */
  readonly ending: CallEnding | null;
  /** How it will end, from the moment at which that is decided; the last words may still be being played. */
  readonly outcome: CallEnding | null;
  readonly figures: Figures;
  /** What its paths hold and have let through, now. */
  readonly gauges: Gauges;
  /** How loud caller and agent are now, in dBFS; -90 is silence. */
  readonly levels: Meters['levels'];
  /** Twilio's media socket has come. */
  attach: CallParts['callerLine']['attach'];
  tell(order: CallOrder): void;
  /** An operator acts; the call's chart decides whether it can be done now. */
  act(action: OperatorAction): ActionAnswer;
  /** What whoever goes on with this call is told. Confidential: it holds what was said. */
  handover(): Handover;
}

export interface CallSurroundings {
  clock: Clock;
  options: CallOptions;
  logic: CallLogic;
  /** Where the statechart's actors find the parts of their call. */
  bench: Map<string, CallParts>;
  /** By the clock: the moment from which everything that is told of the call is counted. */
  openedAt: number;
  inspect: (event: InspectionEvent) => void;
  /** Takes what passes on the call's wires and when sound was on them. */
  overheard?: ((record: Overheard) => void) | undefined;
  /** How long an end took to answer a ping, in ms. */
  timed?: ((leg: Leg, rttMs: number) => void) | undefined;
  /** Whether somebody looks at this call now. */
  isWatched?: (() => boolean) | undefined;
  /** Whether what is said may be overheard, too. */
  overhearsWords?: boolean | undefined;
  /** The call is over and everything of it is released. */
  closed(): void;
  /** A mistake of ours has ended the call. */
  failed(error: unknown): void;
}

/**
 * Assembles one call and sets it going: the caller's line, the agent's line, the two audio paths between them, and
 * the statechart that rules them.
 */
export function openCall(callId: string, request: CallRequest, around: CallSurroundings): Call {
  const { options, bench, openedAt } = around;
  const clock = createTimerScope(around.clock, failed);
  const sinceStart = () => clock.now() - openedAt;
  const tellers: CallParts['tellers'] = { caller() {}, agent() {} };
  const over = new AbortController();

  const overhearing = createOverhearing({
    sinceStart,
    overheard: around.overheard,
    isWatched: around.isWatched ?? (() => false),
  });
  const { overhear } = overhearing;
  const meters = createMeters(clock, () => playout.readings.leadMs);
  if (request.callSid !== null)
    overhear('twilio', 'bridge', `POST /webhook/twilio${request.continues ? '/after' : ''}`);

  const callerLine = createCallerLine({
    clock,
    sinceStart,
    overhear,
    mediaTimeoutMs: options.mediaTimeoutMs,
    heard(mulaw, timestampMs) {
      callerPath.take(mulaw, timestampMs);
      voice.take(mulaw);
      overhearing.callerFrame(mulaw);
      meters.callerFrame(mulaw);
    },
    marked: (name) => playout.marked(name),
    pressed: (digit) => agentLine.press(digit),
    timed: (rttMs) => around.timed?.('caller', rttMs),
  });
  const conversation = createConversation(request.continues?.said);
  const agentLine = createAgentLine({
    clock,
    dialect: {
      ...request.dialect,
      create: (signal, hear, goesOn) =>
        request.dialect.create(
          AbortSignal.any([signal, over.signal]),
          hear,
          goesOn,
          () => actor.getSnapshot().context.ending === null,
        ),
      dial() {
        decoder.renew();
        return guardedSocket(request.dialect.dial(), failed);
      },
    },
    sinceStart,
    timed: (rttMs) => around.timed?.('agent', rttMs),
    late: (isLate) => callerPath.late(isLate),
    overhear,
    overhearsWords: around.overhearsWords ?? false,
    phrases: options.phrases ?? english,
    insistsOn: options.insistsOn,
    conversation,
    continues: request.continues !== undefined,
    wordsBack: options.wordsBack,
    spoke: (bytes) => clips.take(bytes),
  });
  const callerPath = createCallerPath({
    clock,
    encoder: createCallerEncoder(options.format),
    send: agentLine.send,
    unsentBytes: agentLine.unsentBytes,
    tell(edge) {
      tellers.caller(edge.type === 'caller.forwarded' ? { ...edge, at: sinceStart() } : edge);
    },
    prerollFrames: options.prerollFrames,
    connectFrames: options.connectFrames,
    backlogFrames: options.maxFrames,
    framesPerSend: options.framesPerSend,
  });
  const voice = createCallerVoice(clock, options.bargeIn === 'reversible', (edge) => {
    const at = sinceStart();
    if (edge.type === 'caller.voiced') tellers.caller({ ...edge, at, onsetAt: edge.onsetAt - openedAt });
    else tellers.caller({ ...edge, at, voicedUntil: edge.voicedUntil - openedAt });
  });
  const decoder = createAgentDecoder(options.format);
  const playout = createPlayout({
    clock,
    decoder,
    ear: meters.at(overhearing.at(callerLine)),
    far: voice.far,
    attend: voice.attend,
    hold: agentLine.hold,
    leadMs: PLAYOUT_LEAD_MS,
    fillMs: PLAYOUT_FILL_MS,
    mostFillMs: PLAYOUT_MOST_FILL_MS,
    tell(edge) {
      switch (edge.type) {
        case 'agent.began': {
          const { lastSentAt } = callerPath;
          tellers.agent({
            ...edge,
            at: sinceStart(),
            receivedAt: edge.receivedAt - openedAt,
            lastForwardedAt: lastSentAt === null ? null : lastSentAt - openedAt,
          });
          return;
        }
        case 'agent.finished':
          tellers.agent({ ...edge, at: sinceStart() });
          clips.end();
          return;
        case 'agent.flushed':
          conversation.cut(edge.heardMs, edge.flushedMs);
          clips.drop();
          tellers.agent({ ...edge, at: sinceStart() });
          return;
        case 'agent.paused':
        case 'agent.resumed':
        case 'agent.finishing':
          tellers.agent({ ...edge, at: sinceStart() });
          return;
        default:
          tellers.agent(edge);
      }
    },
  });

  const clips = createClipPlayer({
    clips: options.clips ?? {},
    take(mulaw) {
      decoder.renew();
      playout.take(createCallerEncoder(options.format).encode(mulaw));
      // Where the agent is muted, nobody hears this either.
      return playout.readings.queuedMs + playout.readings.leadMs > 0;
    },
    takeAgents: playout.take,
  });

  const unreadableMessages = () => callerLine.readings.unreadable + agentLine.readings.unreadable;
  let released = false;
  let failure: CallEnding | null = null;

  /** Every ending comes through here, also that of a statechart which failed and left its children running. */
  function release(): void {
    if (released) return;
    released = true;
    // A statechart that failed may still be asking for an agent.
    over.abort();
    overhearing.end();
    callerLine.cut();
    agentLine.cut();
    clock.release();
    bench.delete(callId);
    around.closed();
  }

  /** A mistake of ours ends this call and no other. */
  function fail(error: unknown): void {
    if (released) return;
    failure = { reason: 'internalError', words: 'The bridge made a mistake; its log has the error.' };
    void request.dialect.end(new AbortController().signal, overhear);
    around.failed(error);
    release();
  }

  /** The mistake was made beside the statechart, which knows nothing of it. */
  function failed(error: unknown): void {
    fail(error);
    actor.stop();
  }

  bench.set(callId, { callerLine, agentLine, callerPath, playout, clips, tellers, hangUp: request.hangUp });
  const actor = createActor(around.logic, {
    clock,
    inspect: around.inspect,
    input: {
      callId,
      callSid: request.callSid,
      summonsAgentAtOnce: request.summonsAgentAtOnce,
      agentGivesVerdicts: request.dialect.givesVerdicts,
      agentTakesOrders: request.dialect.takesOrders,
      continues: request.continues !== undefined,
      replacedBefore: request.continues?.replacements ?? 0,
      ...chartOptions(options, {
        creates: request.dialect.creates,
        ticketed: request.callSid !== null,
        // The id is random: 0 to 255 ms.
        jitterMs: Number.parseInt(callId.slice(0, 2), 16) || 0,
      }),
    },
  });
  actor.subscribe({ error: fail, complete: release });
  const startedAt = new Date(clock.epochMs()).toISOString();
  actor.start();

  const act = createOperator({
    sinceStart,
    alive: () => actor.getSnapshot().status === 'active',
    heeds: (command) => actor.getSnapshot().can(command),
    tell: actor.send,
    agentLine,
    takesOrders: request.dialect.takesOrders,
  });

  return {
    callId,
    startedAt,
    get callSid() {
      return actor.getSnapshot().context.callSid;
    },
    get streamSid() {
      return actor.getSnapshot().context.streamSid;
    },
    get state() {
      return failure ? 'closed' : stateName(actor.getSnapshot().value);
    },
    get ending() {
      if (failure) return failure;
      const { context, status } = actor.getSnapshot();
      return status === 'active' ? null : context.ending;
    },
    get outcome() {
      return failure ?? actor.getSnapshot().context.ending;
    },
    get figures() {
      const { droppedFrames, gapFilledMs } = callerPath.readings;
      return {
        ...actor.getSnapshot().context.figures,
        droppedFrames,
        gapFilledMs,
        unreadableMessages: unreadableMessages(),
        untoldKeys: callerLine.readings.untoldKeys,
      };
    },
    get gauges() {
      const { queuedMs, leadMs, flushedMs, refusedMs } = playout.readings;
      const [callerDb, agentDb] = meters.levels;
      return {
        at: sinceStart(),
        callerDb,
        agentDb,
        ...callerPath.readings,
        agentUnsentBytes: agentLine.unsentBytes(),
        callerRttMs: callerLine.rttMs ?? 0,
        agentRttMs: agentLine.rttMs ?? 0,
        queuedMs,
        leadMs,
        flushedMs,
        refusedMs,
        unreadableMessages: unreadableMessages(),
      };
    },
    get levels() {
      return meters.levels;
    },
    act,
    handover: () => ({
      said: conversation.said(),
      replacements: actor.getSnapshot().context.figures.replacements,
    }),
    attach: (socket: Socket, admit) => callerLine.attach(guardedSocket(socket, failed), admit),
    tell(order) {
      if (order.type === 'caller.hungUp') overhear('twilio', 'bridge', order.status ?? 'completed');
      if (order.type === 'stream.failed') overhear('twilio', 'bridge', 'stream-error');
      // Twilio's callbacks come late, and more than once.
      if (actor.getSnapshot().status === 'active') actor.send(order);
    },
  };
}
