/**
 * The caller's end: Twilio's media socket, from the wait for it until it is gone.
 *
 *   awaitingSocket ⇄ awaitingStart ──started──→ open { quiet ⇄ probing, examining } ──→ stopping ──→ closed
 *
 * `stop`, `close`, a dead line and our own order to close all lead through one teardown: `stopping`, then `closed`.
 */
import { assign, fromCallback, sendParent, sendTo, setup } from 'xstate';
import type { Meta } from './requirements.ts';

/** What this machine tells the socket. Stopping the link cuts the line. */
export type TwilioLinkOrder =
  | { type: 'link.ping' }
  | { type: 'link.close'; code: number; words: string }
  /** Turn this socket away and be ready for another. */
  | { type: 'link.dismiss'; words: string };

/** What the socket tells this machine. `at` is in ms since the call's start. */
export type TwilioLinkFact =
  | { type: 'socket.attached' }
  | { type: 'socket.ponged' }
  | { type: 'socket.closed'; code: number }
  /** No frame has come for a while. */
  | { type: 'socket.silent' }
  /** More waits for Twilio to read it than is worth keeping. */
  | { type: 'socket.clogged' }
  | { type: 'twilio.started'; at: number; streamSid: string; callSid: string }
  /** The `start` was not for this call, or lacked its proof; or what came later broke the rules. */
  | { type: 'twilio.refused'; words: string }
  | { type: 'twilio.stopped' }
  /** A key was pressed. The digit goes to the agent and stays out of here. */
  | { type: 'caller.pressed'; at: number };

/** Why the caller's end is gone. */
export type CallerLoss = 'stopped' | 'lost' | 'dead' | 'refused' | 'released';

/**
 * What the call hears of this end, besides `twilio.started`, `caller.pressed` and, when nothing is left of it, its end:
 * the caller can no longer be reached on this socket.
 */
export type TwilioNews = { type: 'twilio.gone'; cause: CallerLoss; words: string };

export interface TwilioSocketInput {
  callId: string;
  /** Whether a socket that fails to prove itself may be followed by the right one: there is a ticket for it. */
  expectsAnother: boolean;
  /** How long a socket may take to say `start`. */
  startTimeoutMs: number;
  heartbeatIntervalMs: number;
  /** For the answer to a ping of the heartbeat. */
  pongTimeoutMs: number;
  /** For the answer to the ping that examines a socket without frames. */
  examineTimeoutMs: number;
  closeTimeoutMs: number;
}

interface TwilioSocketContext extends TwilioSocketInput {
  loss: CallerLoss;
  words: string;
}

/** WebSocket close codes (RFC 6455, 7.4.1). */
const NORMAL = 1000;
const POLICY = 1008;

const NO_START = 'no start message came';

export const twilioSocketMachine = setup({
  types: {
    context: {} as TwilioSocketContext,
    input: {} as TwilioSocketInput,
    events: {} as TwilioLinkFact | { type: 'socket.close' },
    meta: {} as Meta,
  },
  actors: {
    twilioLink: fromCallback<TwilioLinkOrder, { callId: string }>(() => {}),
  },
  actions: {
    order: sendTo('twilioLink', (_, order: TwilioLinkOrder) => order),
    noteDead: assign({ loss: 'dead', words: 'The socket stopped answering pings.' }),
    note: assign((_, loss: { loss: CallerLoss; words: string }) => loss),
    tellCall: sendParent(({ event }) => event),
    tellGone: sendParent(
      ({ context }): TwilioNews => ({ type: 'twilio.gone', cause: context.loss, words: context.words }),
    ),
  },
  guards: {
    anotherMayCome: ({ context }) => context.expectsAnother,
  },
  delays: {
    startTimeout: ({ context }) => context.startTimeoutMs,
    heartbeatInterval: ({ context }) => context.heartbeatIntervalMs,
    pongTimeout: ({ context }) => context.pongTimeoutMs,
    examineTimeout: ({ context }) => context.examineTimeoutMs,
    closeTimeout: ({ context }) => context.closeTimeoutMs,
  },
}).createMachine({
  id: 'twilio-socket',
  options: { maxIterations: 50 },
  context: ({ input }) => ({ ...input, loss: 'released', words: '' }),
  invoke: { src: 'twilioLink', id: 'twilioLink', input: ({ context }) => ({ callId: context.callId }) },
  initial: 'awaitingSocket',
  states: {
    awaitingSocket: {
      on: {
        'socket.attached': 'awaitingStart',
        'socket.close': 'closed',
      },
    },
    awaitingStart: {
      after: {
        startTimeout: [
          {
            guard: 'anotherMayCome',
            target: 'awaitingSocket',
            meta: { serves: 'nobody-in' },
            actions: { type: 'order', params: { type: 'link.dismiss', words: NO_START } },
          },
          {
            target: 'stopping.refused',
            meta: { serves: 'bounded-wait' },
            actions: { type: 'note', params: { loss: 'refused', words: NO_START } },
          },
        ],
      },
      on: {
        'socket.attached': { target: 'awaitingStart', reenter: true },
        'twilio.started': { target: 'open', actions: 'tellCall' },
        'twilio.refused': [
          {
            guard: 'anotherMayCome',
            target: 'awaitingSocket',
            meta: { serves: 'nobody-in' },
            actions: { type: 'order', params: ({ event }) => ({ type: 'link.dismiss', words: event.words }) },
          },
          {
            target: 'stopping.refused',
            actions: { type: 'note', params: ({ event }) => ({ loss: 'refused', words: event.words }) },
          },
        ],
        'socket.closed': [
          { guard: 'anotherMayCome', target: 'awaitingSocket' },
          {
            target: 'closed',
            actions: [
              { type: 'note', params: { loss: 'lost', words: 'The socket closed before it said start.' } },
              'tellGone',
            ],
          },
        ],
        'socket.close': 'stopping',
      },
    },
    open: {
      initial: 'quiet',
      states: {
        quiet: {
          after: { heartbeatInterval: 'probing' },
          on: { 'socket.silent': { target: 'examining', meta: { serves: 'half-open' } } },
        },
        probing: {
          entry: { type: 'order', params: { type: 'link.ping' } },
          after: {
            pongTimeout: {
              target: '#twilio-socket.closed',
              meta: { serves: 'half-open' },
              actions: ['noteDead', 'tellGone'],
            },
          },
          on: {
            'socket.ponged': 'quiet',
            'socket.silent': { target: 'examining', meta: { serves: 'half-open' } },
          },
        },
        /** Neither frames nor, yet, an answer: less patience than with a socket that is merely slow to answer. */
        examining: {
          entry: { type: 'order', params: { type: 'link.ping' } },
          after: {
            examineTimeout: {
              target: '#twilio-socket.closed',
              meta: { serves: 'half-open' },
              actions: ['noteDead', 'tellGone'],
            },
          },
          on: { 'socket.ponged': 'quiet' },
        },
      },
      on: {
        'caller.pressed': { actions: 'tellCall' },
        'twilio.refused': {
          target: 'stopping.refused',
          meta: { serves: 'bounded-flood' },
          actions: { type: 'note', params: ({ event }) => ({ loss: 'refused', words: event.words }) },
        },
        'socket.clogged': {
          target: 'closed',
          meta: { serves: 'half-open' },
          actions: [
            { type: 'note', params: { loss: 'dead', words: 'Twilio stopped reading its socket.' } },
            'tellGone',
          ],
        },
        'twilio.stopped': {
          target: 'stopping',
          meta: { serves: 'one-teardown' },
          actions: [{ type: 'note', params: { loss: 'stopped', words: 'The caller hung up.' } }, 'tellGone'],
        },
        'socket.closed': {
          target: 'closed',
          meta: { serves: 'one-teardown' },
          actions: [
            {
              type: 'note',
              params: ({ event }) => ({
                loss: 'lost',
                words: `The socket closed with code ${event.code} before Twilio said stop.`,
              }),
            },
            'tellGone',
          ],
        },
        'socket.close': 'stopping',
      },
    },
    stopping: {
      initial: 'released',
      states: {
        released: {
          entry: { type: 'order', params: { type: 'link.close', code: NORMAL, words: 'call ended' } },
        },
        refused: {
          entry: [
            {
              type: 'order',
              params: ({ context }) => ({ type: 'link.close', code: POLICY, words: context.words }),
            },
            'tellGone',
          ],
        },
      },
      after: { closeTimeout: { target: 'closed', meta: { serves: 'bounded-wait' } } },
      on: { 'socket.closed': 'closed' },
    },
    closed: { type: 'final' },
  },
});
