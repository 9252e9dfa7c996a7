/**
 * Holds one direction's audio until it is wanted and enough of it is there, then lets it flow.
 * Each call has two: the caller's audio on its way to the agent, and the agent's on its way to the caller.
 *
 *   holding ──open──→ filling ──primed, or fillTimeout──→ flowing ⇄ backlogged
 *                        ↑ ran dry ──────────────────────────┘
 *   filling, flowing, backlogged ──pause──→ paused ──resume──→ flowing
 *   any of them ──flush──→ filling, or refusing ──accept, renewed──→ filling
 *   any of them ──mute──→ muted ──unmute──→ filling
 *   any of them ──hold──→ holding
 *   any of them ──finish──→ finishing
 *
 * The audio itself never comes here: it passes through the pipe, which this machine opens, pauses and flushes, and
 * which tells it the edges (primed, stalled, overflowed, …), a few a second at most.
 */
import { fromCallback, sendParent, sendTo, setup } from 'xstate';
import type { Meta } from './requirements.ts';

export type Direction = 'caller' | 'agent';

/** Words of our own: that the line lives, and that an agent was lost and is being replaced. */
export type Clip = 'oneMoment' | 'lineLost';

/** What this machine tells the pipe to do. */
export type PipeOrder =
  /** The far end is there: gather what must be gathered before audio flows. */
  | { type: 'pipe.open' }
  /** The far end is lost: keep what comes until there is another. */
  | { type: 'pipe.hold' }
  /** Let everything that is held go, oldest first, and let the rest through as it comes. */
  | { type: 'pipe.release' }
  /** Stop at once what is being played, and keep what was not heard. */
  | { type: 'pipe.pause' }
  /** Go on from where it was heard last. */
  | { type: 'pipe.resume' }
  /** Drop everything that was not heard. With `refuse`, also what still comes of the same turn. */
  | { type: 'pipe.flush'; refuse: boolean }
  /** Take what comes again. */
  | { type: 'pipe.accept' }
  /** Words of our own follow what waits. */
  | { type: 'pipe.play'; clip: Clip }
  /** Let everything out; nothing more will come. */
  | { type: 'pipe.finish' };

/** What the pipe tells this machine. */
export type PipeEdge =
  /** First audio in an empty pipe. */
  | { type: 'pipe.started' }
  /** As much is held as is wanted before audio flows. */
  | { type: 'pipe.primed' }
  /** Everything was played out; what comes next is gathered anew. */
  | { type: 'pipe.emptied' }
  /** More comes than the far end takes. */
  | { type: 'pipe.stalled' }
  /** The far end takes audio again. */
  | { type: 'pipe.relieved' }
  /** No more room: the oldest audio is being dropped, and counted. */
  | { type: 'pipe.overflowed' }
  /** What comes after a hole in the audio is a new turn. */
  | { type: 'pipe.renewed' };

/** What the pipe has to say to the call, by way of this machine. `at` is in ms since the call's start. */
export type PipeNews =
  /** The caller's pre-roll went to the agent: its length. From here on the caller's audio is live. */
  | { type: 'caller.forwarded'; at: number; frames: number; ms: number }
  /** Our own ear hears the caller's voice over the agent; it began at `onsetAt`. */
  | { type: 'caller.voiced'; at: number; onsetAt: number }
  /** The voice has ceased, at `voicedUntil`, after `voicedMs` of it. */
  | { type: 'caller.hushed'; at: number; voicedUntil: number; voicedMs: number }
  /** The caller hears the agent from now on. `receivedAt`: when that audio came from the agent. */
  | { type: 'agent.began'; at: number; receivedAt: number; lastForwardedAt: number | null }
  /** Twilio has played the agent's last audible frame. */
  | { type: 'agent.finished'; at: number }
  /** The agent was stopped and everything that was not heard was dropped. */
  | { type: 'agent.flushed'; at: number; chunks: number; flushedMs: number; heardMs: number }
  /** The agent was stopped; what was not heard is kept. */
  | { type: 'agent.paused'; at: number; keptMs: number; heardMs: number }
  /** The agent goes on: so much is heard again, and so much, that included, is left to be played. */
  | { type: 'agent.resumed'; at: number; repeatedMs: number; leftMs: number }
  /** How much of the agent's last words is still to be played. */
  | { type: 'agent.finishing'; at: number; leftMs: number };

/** What the call tells this machine to do. */
export type BufferOrder =
  | { type: 'buffer.open' }
  /** The far end is lost. */
  | { type: 'buffer.hold' }
  /** Let our own words be heard after what waits. */
  | { type: 'buffer.play'; clip: Clip }
  | { type: 'buffer.pause' }
  | { type: 'buffer.resume' }
  | { type: 'buffer.flush'; refuse: boolean }
  | { type: 'buffer.accept' }
  /** Let nothing be heard until `buffer.unmute`. */
  | { type: 'buffer.mute' }
  | { type: 'buffer.unmute' }
  | { type: 'buffer.finish' };

export interface JitterBufferInput {
  callId: string;
  direction: Direction;
  /** How long gathered audio waits for more before it flows all the same. */
  fillTimeoutMs: number;
  /** How long a turn that was cut here is refused when nothing tells that a new one has begun. */
  refuseTimeoutMs: number;
}

export const jitterBufferMachine = setup({
  types: {
    context: {} as JitterBufferInput,
    input: {} as JitterBufferInput,
    events: {} as BufferOrder | PipeEdge | PipeNews,
    meta: {} as Meta,
  },
  actors: {
    pipe: fromCallback<PipeOrder, { callId: string; direction: Direction }>(() => {}),
  },
  actions: {
    order: sendTo('pipe', (_, order: PipeOrder) => order),
    tellCall: sendParent(({ event }) => event),
  },
  guards: {
    refuses: (_, { refuse }: { refuse: boolean }) => refuse,
  },
  delays: {
    fillTimeout: ({ context }) => context.fillTimeoutMs,
    refuseTimeout: ({ context }) => context.refuseTimeoutMs,
  },
}).createMachine({
  id: 'jitter-buffer',
  // An eventless loop would hang the process; no step of this chart takes more than a few.
  options: { maxIterations: 50 },
  context: ({ input }) => input,
  invoke: {
    src: 'pipe',
    id: 'pipe',
    input: ({ context }) => ({ callId: context.callId, direction: context.direction }),
  },
  on: {
    'caller.*': { actions: 'tellCall' },
    'agent.*': { actions: 'tellCall' },
    'buffer.flush': [
      {
        guard: { type: 'refuses', params: ({ event }) => ({ refuse: event.refuse }) },
        target: '.refusing',
        meta: { serves: 'nothing-stale' },
        actions: { type: 'order', params: { type: 'pipe.flush', refuse: true } },
      },
      { target: '.filling', actions: { type: 'order', params: { type: 'pipe.flush', refuse: false } } },
    ],
    'buffer.hold': {
      target: '.holding',
      meta: { serves: 'replaced' },
      actions: { type: 'order', params: { type: 'pipe.hold' } },
    },
    'buffer.play': {
      meta: { serves: 'reassured' },
      actions: { type: 'order', params: ({ event }) => ({ type: 'pipe.play', clip: event.clip }) },
    },
    'buffer.mute': { target: '.muted', meta: { serves: 'operated' } },
    'buffer.finish': { target: '.finishing', meta: { serves: 'last-words' } },
  },
  initial: 'holding',
  states: {
    holding: {
      initial: 'empty',
      states: {
        empty: { on: { 'pipe.started': 'gathering', 'buffer.open': '#jitter-buffer.filling' } },
        gathering: { on: { 'pipe.primed': 'primed', 'buffer.open': '#jitter-buffer.filling.gathering' } },
        primed: { on: { 'pipe.overflowed': { target: 'overflowing', meta: { serves: 'overflow-shown' } } } },
        overflowing: {},
      },
      on: {
        'buffer.open': { target: 'flowing', meta: { serves: 'greeting-kept' } },
        'buffer.hold': {},
        'buffer.play': {
          target: 'flowing',
          meta: { serves: 'reassured' },
          actions: { type: 'order', params: ({ event }) => ({ type: 'pipe.play', clip: event.clip }) },
        },
        // Nothing of it was heard yet, so there is no old turn to refuse.
        'buffer.flush': {
          target: '.empty',
          actions: { type: 'order', params: { type: 'pipe.flush', refuse: false } },
        },
      },
      exit: { type: 'order', params: { type: 'pipe.open' } },
    },
    filling: {
      initial: 'empty',
      states: {
        empty: { on: { 'pipe.started': 'gathering' } },
        gathering: {
          after: { fillTimeout: { target: '#jitter-buffer.flowing', meta: { serves: 'bounded-wait' } } },
        },
      },
      on: {
        'pipe.primed': { target: 'flowing', meta: { serves: 'first-words' } },
        'buffer.pause': { target: 'paused', meta: { serves: 'nothing-lost' } },
      },
    },
    flowing: {
      entry: { type: 'order', params: { type: 'pipe.release' } },
      on: {
        'pipe.emptied': { target: 'filling', meta: { serves: 'overflow-shown' } },
        'pipe.stalled': { target: 'backlogged', meta: { serves: 'overflow-shown' } },
        'buffer.pause': { target: 'paused', meta: { serves: 'nothing-lost' } },
      },
    },
    backlogged: {
      initial: 'keeping',
      states: {
        keeping: { on: { 'pipe.overflowed': { target: 'overflowing', meta: { serves: 'overflow-shown' } } } },
        overflowing: {},
      },
      on: {
        'pipe.relieved': 'flowing',
        'pipe.emptied': 'filling',
        'buffer.pause': { target: 'paused', meta: { serves: 'nothing-lost' } },
      },
    },
    paused: {
      entry: { type: 'order', params: { type: 'pipe.pause' } },
      on: {
        'buffer.resume': {
          target: 'flowing',
          meta: { serves: 'nothing-lost' },
          actions: { type: 'order', params: { type: 'pipe.resume' } },
        },
        'buffer.play': {
          target: 'flowing',
          meta: { serves: 'reassured' },
          actions: [
            { type: 'order', params: { type: 'pipe.resume' } },
            { type: 'order', params: ({ event }) => ({ type: 'pipe.play', clip: event.clip }) },
          ],
        },
      },
    },
    refusing: {
      after: { refuseTimeout: { target: 'filling', meta: { serves: 'bounded-wait' } } },
      on: {
        'pipe.renewed': { target: 'filling', meta: { serves: 'nothing-stale' } },
        'buffer.accept': { target: 'filling', meta: { serves: 'nothing-stale' } },
        'buffer.play': {
          target: 'filling',
          meta: { serves: 'reassured' },
          actions: { type: 'order', params: ({ event }) => ({ type: 'pipe.play', clip: event.clip }) },
        },
        'buffer.flush': [
          { guard: { type: 'refuses', params: ({ event }) => ({ refuse: event.refuse }) } },
          { target: 'filling' },
        ],
      },
      exit: { type: 'order', params: { type: 'pipe.accept' } },
    },
    muted: {
      entry: { type: 'order', params: { type: 'pipe.flush', refuse: true } },
      on: {
        'buffer.unmute': { target: 'filling', meta: { serves: 'operated' } },
        'buffer.mute': {},
        'buffer.play': {},
        'buffer.flush': {},
      },
      exit: { type: 'order', params: { type: 'pipe.accept' } },
    },
    finishing: {
      entry: { type: 'order', params: { type: 'pipe.finish' } },
      on: {
        'buffer.finish': {},
        'buffer.play': {},
        'buffer.mute': {},
        'buffer.flush': { actions: { type: 'order', params: { type: 'pipe.flush', refuse: false } } },
      },
    },
  },
});
