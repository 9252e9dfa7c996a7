/**
 * The agent's end: the call at Vapi and its socket, from the request for it until both are gone.
 *
 *   line   idle ──→ creating { wanted | unwanted } ──→ linked { opening → open { unheard → quiet ⇄ probing } → closing } ──→ closed
 *                   ↑ retrying                          └── lost, or never opened ──→ gone ──→ closed
 *                   └────────────── another agent is wanted ────────────────────────┘
 *   left   nothing ⇄ ending ──→ cleared
 *
 * A request is made again only where it is sure that no call came of it, and once: a second call at Vapi is a second
 * bill. What was created is ended on every path: on its socket (`closing`) or, where there is none, over HTTP
 * (`ending`), beside the line, so that whoever waits for another agent does not wait for the end of the last.
 */
import { assign, fromCallback, fromPromise, sendParent, sendTo, setup, stateIn } from 'xstate';
import type { Meta } from './requirements.ts';

/** Why Vapi has no call for us. Each kind has its own remedy, told in the words that come with it. */
export type AgentRefusal =
  | 'keyRefused'
  | 'unpaid'
  | 'blocked'
  | 'outOfSlots'
  | 'rateLimited'
  | 'rejected'
  | 'broken'
  | 'noSocketUrl'
  | 'unreachable'
  | 'timedOut'
  /** Lately it had none for anybody, so that it was not even asked. */
  | 'notAsked';

/** How the request for a call came out. The address of its socket is a secret and stays with whoever asked. */
export type CreateOutcome =
  | { created: true; vapiCallId: string }
  | {
      created: false;
      refusal: AgentRefusal;
      words: string;
      vapiCallId?: string;
      /** There only where it is sure that no call was made, so that asking again makes no second: not before so long. */
      askAgainAfterMs?: number;
    };

/** What the agent is told beside the caller's audio. */
export type Conveyed =
  /** The caller interrupted, having heard so much of what was being said. */
  | { kind: 'heard'; heardMs: number }
  /** What was said before this agent came, and the words with which it goes on. */
  | { kind: 'history' }
  | { kind: 'reentry' }
  /** The session's time is nearly up. */
  | { kind: 'warning' }
  /** An operator's words, which wait beside under this number. */
  | { kind: 'slip'; slip: number }
  | { kind: 'muted' }
  | { kind: 'unmuted' };

/** What this machine tells the socket. Stopping the link cuts the line. */
export type VapiLinkOrder =
  | { type: 'link.ping' }
  | { type: 'link.convey'; message: Conveyed }
  /** Say that the call is over, then close. */
  | { type: 'link.close' };

/** What the agent's socket tells of the conversation. `at` is in ms since the call's start. */
export type VapiFact =
  | { type: 'vapi.callerStarted'; at: number }
  | { type: 'vapi.callerStopped'; at: number }
  /** The agent's ears wrote down something. The words themselves stay out of here. */
  | { type: 'vapi.transcribed'; at: number; final: boolean; acknowledgement: boolean; interruption: boolean }
  | { type: 'vapi.agentStarted'; at: number }
  | { type: 'vapi.agentStopped'; at: number }
  /** What the agent says now is to be heard out. */
  | { type: 'vapi.insisted'; at: number }
  /** The agent's own verdict: the caller has interrupted it. */
  | { type: 'vapi.interrupted'; at: number }
  /** The agent is late with its answer. Not a hang-up, whatever its name on the wire. */
  | { type: 'vapi.delayed'; at: number };

/** What the socket tells this machine. */
export type VapiLinkFact =
  | { type: 'socket.opened'; at: number }
  /** The first message or audio on an open socket. */
  | { type: 'socket.heard' }
  | { type: 'socket.ponged' }
  | { type: 'socket.closed'; code: number; words: string }
  /** It is open, but no use: too late, or full of what nobody can read. */
  | { type: 'socket.unfit'; words: string }
  /** Vapi says that the call is over. */
  | { type: 'vapi.ended'; reason: string }
  | VapiFact;

/** Why the agent's end is gone. */
export type AgentLoss =
  /** The agent ended the call, or its service did, in an orderly way. */
  | 'ended'
  /** The socket broke while the call was on, or nothing came on it. */
  | 'lost'
  /** The socket was closed on us for a breach of the service's rules (1008): another would be, too. */
  | 'unwelcome'
  /** There is a call at Vapi, but its socket did not open. */
  | 'unreached'
  /** There is no call: `refusal` says why. */
  | 'unavailable';

/** What the call hears of this end, besides the `VapiFact`s and, when nothing is left of it, its end. */
export type VapiNews =
  | { type: 'vapi.opened'; at: number }
  | { type: 'vapi.gone'; cause: AgentLoss; words: string };

export interface VapiSocketInput {
  callId: string;
  /** Whether a call must be created before there is a socket to open (`transport`), or not (`direct`). */
  creates: boolean;
  createTimeoutMs: number;
  /** Between a refusal and the second request, at least. */
  retryIntervalMs: number;
  openTimeoutMs: number;
  /** How long an open socket may bring nothing at all, where a call was created for it. */
  muteTimeoutMs: number;
  heartbeatIntervalMs: number;
  pongTimeoutMs: number;
  /** Before another agent of a service that says it is failing. */
  backOffMs: number;
  closeTimeoutMs: number;
  endTimeoutMs: number;
}

interface VapiSocketContext extends VapiSocketInput {
  vapiCallId: string | null;
  /** How often this agent's call was asked for again. */
  retries: number;
  askAgainAfterMs: number;
  loss: AgentLoss;
  words: string;
}

/** A caller does not wait for a third. */
const MOST_RETRIES = 1;

/** The close codes that mean "the far end is done", RFC 6455: normal, and closed without a code. */
const ORDERLY = new Set([1000, 1005]);
/** "You broke a rule of mine." */
const POLICY_VIOLATION = 1008;
/** "I am failing", and "I have too much to do": to be left alone for a moment. */
const FAILING = new Set([1011, 1013]);

export const vapiSocketMachine = setup({
  types: {
    context: {} as VapiSocketContext,
    input: {} as VapiSocketInput,
    events: {} as
      | VapiLinkFact
      | { type: 'socket.open' }
      | { type: 'socket.convey'; message: Conveyed }
      | { type: 'socket.close' },
    meta: {} as Meta,
  },
  actors: {
    vapiLink: fromCallback<VapiLinkOrder, { callId: string }>(() => {}),
    createCall: fromPromise<CreateOutcome, { callId: string }>(() =>
      Promise.reject(new Error('not provided')),
    ),
    endCall: fromPromise<void, { callId: string }>(() => Promise.resolve()),
  },
  actions: {
    order: sendTo('vapiLink', (_, order: VapiLinkOrder) => order),
    note: assign((_, loss: { loss: AgentLoss; words: string }) => ({ ...loss, askAgainAfterMs: 0 })),
    noteBreak: assign(({ context }, { code }: { code: number }) => ({
      loss: code === POLICY_VIOLATION ? ('unwelcome' as const) : ('lost' as const),
      words: `The agent's socket broke with code ${code}.`,
      askAgainAfterMs: FAILING.has(code) ? context.backOffMs : 0,
    })),
    beginAnew: assign({ vapiCallId: null, retries: 0 }),
    noteCall: assign((_, outcome: CreateOutcome) => ({ vapiCallId: outcome.vapiCallId ?? null })),
    noteRefusal: assign((_, outcome: CreateOutcome) => ({
      loss: 'unavailable' as const,
      words: outcome.created ? '' : outcome.words,
    })),
    noteRetry: assign(({ context }, outcome: CreateOutcome) => ({
      retries: context.retries + 1,
      askAgainAfterMs: outcome.created ? 0 : (outcome.askAgainAfterMs ?? 0),
    })),
    tellCall: sendParent(({ event }) => event),
    tellOpened: sendParent((_, { at }: { at: number }): VapiNews => ({ type: 'vapi.opened', at })),
    tellGone: sendParent(
      ({ context }): VapiNews => ({ type: 'vapi.gone', cause: context.loss, words: context.words }),
    ),
  },
  guards: {
    createsFirst: ({ context }) => context.creates,
    mustWait: ({ context }) => context.askAgainAfterMs > 0,
    wasCreated: (_, outcome: CreateOutcome) => outcome.created,
    mayAskAgain: ({ context }, outcome: CreateOutcome) =>
      !outcome.created && outcome.askAgainAfterMs !== undefined && context.retries < MOST_RETRIES,
    leftACall: (_, outcome: CreateOutcome) => outcome.vapiCallId !== undefined,
    closedOrderly: (_, { code }: { code: number }) => ORDERLY.has(code),
  },
  delays: {
    createTimeout: ({ context }) => context.createTimeoutMs,
    retryInterval: ({ context }) => Math.max(context.retryIntervalMs, context.askAgainAfterMs),
    openTimeout: ({ context }) => context.openTimeoutMs,
    muteTimeout: ({ context }) => context.muteTimeoutMs,
    heartbeatInterval: ({ context }) => context.heartbeatIntervalMs,
    pongTimeout: ({ context }) => context.pongTimeoutMs,
    closeTimeout: ({ context }) => context.closeTimeoutMs,
    endTimeout: ({ context }) => context.endTimeoutMs,
  },
}).createMachine({
  id: 'vapi-socket',
  options: { maxIterations: 50 },
  context: ({ input }) => ({
    ...input,
    vapiCallId: null,
    retries: 0,
    askAgainAfterMs: 0,
    loss: 'ended',
    words: '',
  }),
  type: 'parallel',
  states: {
    line: {
      initial: 'idle',
      states: {
        idle: {
          on: {
            'socket.open': [{ guard: 'createsFirst', target: 'creating' }, { target: 'linked' }],
            'socket.close': 'closed',
          },
        },
        creating: {
          invoke: {
            src: 'createCall',
            id: 'createCall',
            input: ({ context }) => ({ callId: context.callId }),
            onDone: [
              {
                guard: stateIn({ line: { creating: 'unwanted' } }),
                target: ['closed', '#vapi-socket.left.ending'],
                meta: { serves: 'one-call' },
              },
              {
                guard: { type: 'wasCreated', params: ({ event }) => event.output },
                target: 'linked',
                actions: { type: 'noteCall', params: ({ event }) => event.output },
              },
              {
                guard: { type: 'leftACall', params: ({ event }) => event.output },
                target: ['gone', '#vapi-socket.left.ending'],
                meta: { serves: 'one-call' },
                actions: [{ type: 'noteRefusal', params: ({ event }) => event.output }, 'tellGone'],
              },
              {
                guard: { type: 'mayAskAgain', params: ({ event }) => event.output },
                target: 'retrying',
                meta: { serves: 'one-call' },
                actions: { type: 'noteRetry', params: ({ event }) => event.output },
              },
              {
                target: 'gone',
                actions: [{ type: 'noteRefusal', params: ({ event }) => event.output }, 'tellGone'],
              },
            ],
            onError: [
              { guard: stateIn({ line: { creating: 'unwanted' } }), target: 'closed' },
              {
                target: 'gone',
                actions: [
                  {
                    type: 'note',
                    params: {
                      loss: 'unavailable',
                      words: 'Asking Vapi for a call failed inside the bridge.',
                    },
                  },
                  'tellGone',
                ],
              },
            ],
          },
          initial: 'wanted',
          states: {
            wanted: {
              after: {
                // A call may be created all the same: the answer is waited for, to end it.
                createTimeout: {
                  target: 'unwanted',
                  meta: { serves: 'one-call' },
                  actions: [
                    {
                      type: 'note',
                      params: ({ context }) => ({
                        loss: 'unavailable',
                        words: `Vapi did not answer the request for a call within ${context.createTimeoutMs} ms.`,
                      }),
                    },
                    'tellGone',
                  ],
                },
              },
              on: { 'socket.close': { target: 'unwanted', meta: { serves: 'one-call' } } },
            },
            unwanted: {
              after: {
                createTimeout: { target: '#vapi-socket.line.closed', meta: { serves: 'bounded-wait' } },
              },
            },
          },
        },
        retrying: {
          after: { retryInterval: [{ guard: 'createsFirst', target: 'creating' }, { target: 'linked' }] },
          on: { 'socket.close': 'closed' },
        },
        linked: {
          invoke: { src: 'vapiLink', id: 'vapiLink', input: ({ context }) => ({ callId: context.callId }) },
          initial: 'opening',
          states: {
            opening: {
              after: {
                openTimeout: {
                  target: ['#vapi-socket.line.gone', '#vapi-socket.left.ending'],
                  meta: { serves: 'bounded-wait' },
                  actions: [
                    {
                      type: 'note',
                      params: ({ context }) => ({
                        loss: 'unreached',
                        words: `The agent's socket did not open within ${context.openTimeoutMs} ms.`,
                      }),
                    },
                    'tellGone',
                  ],
                },
              },
              on: {
                // Vapi tells at once how its call stands; of a fixed socket nobody has promised a word.
                'socket.opened': [
                  {
                    guard: 'createsFirst',
                    target: 'open.unheard',
                    actions: { type: 'tellOpened', params: ({ event }) => ({ at: event.at }) },
                  },
                  {
                    target: 'open.quiet',
                    actions: { type: 'tellOpened', params: ({ event }) => ({ at: event.at }) },
                  },
                ],
                'socket.closed': {
                  target: ['#vapi-socket.line.gone', '#vapi-socket.left.ending'],
                  meta: { serves: 'one-call' },
                  actions: [
                    {
                      type: 'note',
                      params: ({ event }) => ({
                        loss: 'unreached',
                        words: `The agent's socket did not open: ${event.words}.`,
                      }),
                    },
                    'tellGone',
                  ],
                },
                'socket.close': {
                  target: ['#vapi-socket.line.closed', '#vapi-socket.left.ending'],
                  meta: { serves: 'one-call' },
                },
              },
            },
            open: {
              initial: 'quiet',
              states: {
                unheard: {
                  after: {
                    muteTimeout: {
                      target: ['#vapi-socket.line.gone', '#vapi-socket.left.ending'],
                      meta: { serves: 'half-open' },
                      actions: [
                        {
                          type: 'note',
                          params: ({ context }) => ({
                            loss: 'lost',
                            words: `Nothing came from the agent within ${context.muteTimeoutMs} ms of its opening.`,
                          }),
                        },
                        'tellGone',
                      ],
                    },
                  },
                  on: { 'socket.heard': 'quiet' },
                },
                quiet: { after: { heartbeatInterval: 'probing' } },
                probing: {
                  entry: { type: 'order', params: { type: 'link.ping' } },
                  after: {
                    pongTimeout: {
                      target: ['#vapi-socket.line.gone', '#vapi-socket.left.ending'],
                      meta: { serves: 'half-open' },
                      actions: [
                        {
                          type: 'note',
                          params: { loss: 'lost', words: "The agent's socket stopped answering pings." },
                        },
                        'tellGone',
                      ],
                    },
                  },
                  on: { 'socket.ponged': 'quiet' },
                },
              },
              on: {
                'vapi.*': { actions: 'tellCall' },
                'socket.convey': {
                  actions: {
                    type: 'order',
                    params: ({ event }) => ({ type: 'link.convey' as const, message: event.message }),
                  },
                },
                'vapi.ended': {
                  target: 'closing',
                  actions: [
                    {
                      type: 'note',
                      params: ({ event }) => ({
                        loss: 'ended',
                        words: `Vapi ended the call: ${event.reason}.`,
                      }),
                    },
                    'tellGone',
                  ],
                },
                'socket.closed': [
                  {
                    guard: { type: 'closedOrderly', params: ({ event }) => event },
                    target: '#vapi-socket.line.gone',
                    actions: [
                      { type: 'note', params: { loss: 'ended', words: 'The agent closed its socket.' } },
                      'tellGone',
                    ],
                  },
                  {
                    target: ['#vapi-socket.line.gone', '#vapi-socket.left.ending'],
                    meta: { serves: 'one-call' },
                    actions: [{ type: 'noteBreak', params: ({ event }) => event }, 'tellGone'],
                  },
                ],
                'socket.unfit': {
                  target: ['#vapi-socket.line.gone', '#vapi-socket.left.ending'],
                  meta: { serves: 'half-open' },
                  actions: [
                    { type: 'note', params: ({ event }) => ({ loss: 'lost', words: event.words }) },
                    'tellGone',
                  ],
                },
                'socket.close': 'closing',
              },
            },
            closing: {
              entry: { type: 'order', params: { type: 'link.close' } },
              after: {
                closeTimeout: {
                  target: ['#vapi-socket.line.closed', '#vapi-socket.left.ending'],
                  meta: { serves: 'one-call' },
                },
              },
              on: {
                'socket.closed': [
                  {
                    guard: { type: 'closedOrderly', params: ({ event }) => event },
                    target: '#vapi-socket.line.closed',
                  },
                  // Cut off, or given up on: nobody knows whether the goodbye arrived.
                  {
                    target: ['#vapi-socket.line.closed', '#vapi-socket.left.ending'],
                    meta: { serves: 'one-call' },
                  },
                ],
              },
            },
          },
        },
        /** The call was told; it wants another agent, or none. */
        gone: {
          on: {
            'socket.open': [
              {
                guard: 'mustWait',
                target: 'retrying',
                meta: { serves: 'replaced' },
                actions: 'beginAnew',
              },
              {
                guard: 'createsFirst',
                target: 'creating',
                meta: { serves: 'replaced' },
                actions: 'beginAnew',
              },
              { target: 'linked', meta: { serves: 'replaced' } },
            ],
            'socket.close': 'closed',
          },
        },
        closed: { type: 'final' },
      },
    },
    /** What the line has left at Vapi: all of it is ended, one way or the other. */
    left: {
      initial: 'nothing',
      states: {
        nothing: { always: { guard: stateIn({ line: 'closed' }), target: 'cleared' } },
        ending: {
          invoke: {
            src: 'endCall',
            id: 'endCall',
            input: ({ context }) => ({ callId: context.callId }),
            onDone: 'nothing',
            onError: 'nothing',
          },
          after: { endTimeout: { target: 'nothing', meta: { serves: 'bounded-wait' } } },
        },
        cleared: { type: 'final' },
      },
    },
  },
});
