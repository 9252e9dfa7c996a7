/**
 * One phone call, from the first ring to the last figure.
 *
 *   live                                                                                   closing         closed
 *   ┌ connecting → buffering → streaming ⇄ agentSpeaking → bargeIn { paused | flushed } → … ┐
 *   └──────────── a hang-up, the loss of an end, or the end of the session's time ──────────┘ → both ends → figures
 *
 * Its children live as long as it does: the caller's end, the agent's end, and a jitter buffer for each direction.
 * They tell it facts and it tells them what to do; the audio passes beside it.
 */
import { REASON_OF_AGENT_LOSS, REASON_OF_CALLER_LOSS } from './call-facts.ts';
import { callWords } from './call-words.ts';

export const callMachine = callWords.createMachine({
  id: 'call',
  // An eventless loop would hang the process; no step of this chart takes more than a few.
  options: { maxIterations: 50 },
  context: ({ input }) => ({
    ...input,
    streamSid: null,
    startedAt: null,
    callerSpokeAt: null,
    agentSpokeAt: null,
    callerStoppedAt: null,
    utteranceOpen: false,
    responseMs: null,
    spokeBriefly: false,
    lastWordsMs: 0,
    ending: null,
    figures: {
      agentReadyMs: null,
      firstResponseMs: null,
      responsesMs: [],
      bargeIns: [],
      prerollMs: null,
      talkOverMs: 0,
    },
  }),
  invoke: [
    {
      src: 'twilioSocket',
      id: 'twilioSocket',
      input: ({ context }) => ({ callId: context.callId, ...context.twilioSocket }),
    },
    {
      src: 'vapiSocket',
      id: 'vapiSocket',
      input: ({ context }) => ({ callId: context.callId, ...context.vapiSocket }),
    },
    {
      src: 'jitterBuffer',
      id: 'callerBuffer',
      input: ({ context }) => ({ callId: context.callId, direction: 'caller', ...context.callerBuffer }),
    },
    {
      src: 'jitterBuffer',
      id: 'agentBuffer',
      input: ({ context }) => ({ callId: context.callId, direction: 'agent', ...context.agentBuffer }),
    },
  ],
  initial: 'live',
  states: {
    live: {
      after: {
        sessionTtl: {
          target: '#call.closing.caller.hangingUp',
          meta: { serves: 'ttl' },
          actions: {
            type: 'noteEnding',
            params: { reason: 'timeToLive', words: 'The call reached its longest time.' },
          },
        },
      },
      on: {
        'vapi.callerStarted': { actions: { type: 'noteCallerStarted', params: ({ event }) => event } },
        'vapi.callerStopped': { actions: { type: 'noteCallerStopped', params: ({ event }) => event } },
        'vapi.transcribed': [
          {
            guard: { type: 'isDone', params: ({ event }) => event },
            actions: [
              { type: 'noteCallerStarted', params: ({ event }) => event },
              { type: 'noteCallerStopped', params: ({ event }) => event },
              { type: 'noteWords', params: ({ event }) => event },
            ],
          },
          {
            actions: [
              { type: 'noteCallerStarted', params: ({ event }) => event },
              { type: 'noteWords', params: ({ event }) => event },
            ],
          },
        ],
        // Where nothing is being heard, some of the old turn may still wait to be.
        'vapi.interrupted': {
          actions: { type: 'orderAgentBuffer', params: { type: 'buffer.flush', refuse: false } },
        },
        'vapi.agentStarted': {
          meta: { serves: 'nothing-stale' },
          actions: { type: 'orderAgentBuffer', params: { type: 'buffer.accept' } },
        },
        'vapi.gone': {
          target: ['#call.closing.caller.finishing', '#call.closing.agent.departed'],
          meta: { serves: 'last-words' },
          actions: {
            type: 'noteEnding',
            params: ({ event }) => ({ reason: REASON_OF_AGENT_LOSS[event.cause], words: event.words }),
          },
        },
        'twilio.gone': {
          target: '#call.closing.caller.departed',
          meta: { serves: 'one-teardown' },
          actions: {
            type: 'noteEnding',
            params: ({ event }) => ({ reason: REASON_OF_CALLER_LOSS[event.cause], words: event.words }),
          },
        },
        'caller.hungUp': {
          target: 'closing',
          meta: { serves: 'one-teardown' },
          actions: {
            type: 'noteEnding',
            params: ({ event }) => ({ reason: 'callerHungUp', words: event.words }),
          },
        },
        'stream.failed': {
          target: 'closing',
          meta: { serves: 'one-teardown' },
          actions: {
            type: 'noteEnding',
            params: ({ event }) => ({ reason: 'callerLost', words: event.words }),
          },
        },
        'call.hangUp': {
          target: '#call.closing.caller.hangingUp',
          meta: { serves: 'hung-up-first' },
          actions: {
            type: 'noteEnding',
            params: ({ event }) => ({ reason: event.reason, words: event.words }),
          },
        },
      },
      initial: 'connecting',
      states: {
        connecting: {
          type: 'parallel',
          states: {
            caller: {
              initial: 'awaited',
              states: {
                awaited: {
                  after: {
                    callerTimeout: {
                      target: '#call.closing',
                      meta: { serves: 'bounded-wait' },
                      actions: {
                        type: 'noteEnding',
                        params: {
                          reason: 'callerNeverCame',
                          words: "Twilio's stream did not start in time.",
                        },
                      },
                    },
                  },
                  on: {
                    'twilio.started': {
                      target: 'here',
                      actions: { type: 'noteStart', params: ({ event }) => event },
                    },
                  },
                },
                here: { type: 'final' },
              },
            },
            agent: {
              initial: 'uncalled',
              states: {
                uncalled: {
                  always: { guard: 'summonsAtOnce', target: 'called' },
                  on: { 'twilio.started': 'called' },
                },
                called: {
                  entry: 'summonAgent',
                  after: {
                    agentTimeout: {
                      target: '#call.closing',
                      meta: { serves: 'bounded-wait' },
                      actions: {
                        type: 'noteEnding',
                        params: { reason: 'agentUnavailable', words: 'The agent was not ready in time.' },
                      },
                    },
                  },
                  on: {
                    'vapi.opened': {
                      target: 'here',
                      actions: { type: 'noteAgentReady', params: ({ event }) => event },
                    },
                  },
                },
                here: { type: 'final' },
              },
            },
          },
          onDone: {
            target: 'buffering',
            meta: { serves: 'first-words' },
            actions: ['openCallerBuffer', 'openAgentBuffer'],
          },
        },
        buffering: {
          on: {
            'caller.forwarded': {
              target: 'streaming',
              meta: { serves: 'first-words' },
              actions: { type: 'notePreroll', params: ({ event }) => event },
            },
            'agent.began': {
              target: 'agentSpeaking',
              actions: { type: 'noteAgentBegan', params: ({ event }) => event },
            },
          },
        },
        streaming: {
          // A greeting can be over, or be interrupted, while the pre-roll is still being gathered.
          always: { guard: 'prerollPending', target: 'buffering' },
          on: {
            'agent.began': {
              target: 'agentSpeaking',
              actions: { type: 'noteAgentBegan', params: ({ event }) => event },
            },
          },
        },
        agentSpeaking: {
          on: {
            'caller.forwarded': { actions: { type: 'notePreroll', params: ({ event }) => event } },
            'agent.finished': {
              target: 'streaming',
              meta: { serves: 'heard-not-sent' },
              actions: { type: 'noteAgentSilent', params: ({ event }) => event },
            },
            // The agent has stopped by its own verdict: whatever it says from here on is new.
            'vapi.interrupted': {
              target: 'bargeIn.flushed',
              meta: { serves: 'interrupted-at-once' },
              actions: [
                { type: 'noteBargeIn', params: ({ event }) => event },
                { type: 'orderAgentBuffer', params: { type: 'buffer.flush', refuse: false } },
              ],
            },
            'vapi.callerStarted': {
              guard: 'pausesFirst',
              target: 'bargeIn.paused',
              meta: { serves: 'interrupted-at-once' },
              actions: [
                { type: 'noteBargeIn', params: ({ event }) => event },
                { type: 'noteCallerStarted', params: ({ event }) => event },
              ],
            },
            // The agent does not know yet that it was cut: what still comes of its turn is refused.
            'vapi.transcribed': [
              {
                guard: { type: 'lastWordsDrop', params: ({ event }) => event },
                target: 'bargeIn.flushed',
                meta: { serves: 'interrupted-at-once' },
                actions: [
                  { type: 'noteBargeIn', params: ({ event }) => event },
                  { type: 'noteCallerStarted', params: ({ event }) => event },
                  { type: 'noteCallerStopped', params: ({ event }) => event },
                  { type: 'noteWords', params: ({ event }) => event },
                  { type: 'orderAgentBuffer', params: { type: 'buffer.flush', refuse: true } },
                ],
              },
              {
                guard: { type: 'wordsDrop', params: ({ event }) => event },
                target: 'bargeIn.flushed',
                actions: [
                  { type: 'noteBargeIn', params: ({ event }) => event },
                  { type: 'noteCallerStarted', params: ({ event }) => event },
                  { type: 'noteWords', params: ({ event }) => event },
                  { type: 'orderAgentBuffer', params: { type: 'buffer.flush', refuse: true } },
                ],
              },
              // Nothing follows a final transcript that could still decide.
              {
                guard: { type: 'lastWordsContradict', params: ({ event }) => event },
                target: 'bargeIn.paused.contradicted',
                actions: [
                  { type: 'noteBargeIn', params: ({ event }) => event },
                  { type: 'noteCallerStarted', params: ({ event }) => event },
                  { type: 'noteCallerStopped', params: ({ event }) => event },
                  { type: 'noteWords', params: ({ event }) => event },
                ],
              },
              {
                guard: { type: 'wordsPause', params: ({ event }) => event },
                target: 'bargeIn.paused',
                meta: { serves: 'interrupted-at-once' },
                actions: [
                  { type: 'noteBargeIn', params: ({ event }) => event },
                  { type: 'noteCallerStarted', params: ({ event }) => event },
                  { type: 'noteWords', params: ({ event }) => event },
                ],
              },
              { actions: { type: 'noteWords', params: ({ event }) => event } },
            ],
            'caller.pressed': {
              guard: 'heedsKeys',
              target: 'bargeIn.flushed',
              meta: { serves: 'interrupted-at-once' },
              actions: [
                { type: 'noteBargeIn', params: ({ event }) => event },
                { type: 'orderAgentBuffer', params: { type: 'buffer.flush', refuse: true } },
              ],
            },
          },
        },
        bargeIn: {
          initial: 'flushed',
          states: {
            paused: {
              entry: { type: 'orderAgentBuffer', params: { type: 'buffer.pause' } },
              initial: 'voiced',
              states: {
                voiced: {
                  on: {
                    'vapi.callerStopped': {
                      target: 'hushed',
                      actions: { type: 'noteCallerStopped', params: ({ event }) => event },
                    },
                  },
                },
                hushed: {
                  after: { silenceTimeout: { target: 'resuming', meta: { serves: 'nothing-lost' } } },
                  on: {
                    'vapi.callerStarted': {
                      target: 'voiced',
                      actions: { type: 'noteCallerStarted', params: ({ event }) => event },
                    },
                  },
                },
                /** The caller said words that contradict the agent; its own verdict is awaited a while. */
                contradicted: {
                  after: {
                    verdictTimeout: {
                      target: '#call.live.bargeIn.flushed',
                      actions: { type: 'orderAgentBuffer', params: { type: 'buffer.flush', refuse: true } },
                    },
                  },
                  on: {
                    'vapi.transcribed': { actions: { type: 'noteWords', params: ({ event }) => event } },
                  },
                },
                resuming: {
                  entry: { type: 'orderAgentBuffer', params: { type: 'buffer.resume' } },
                  on: {
                    'agent.began': {
                      target: '#call.live.agentSpeaking',
                      actions: { type: 'noteResumed', params: ({ event }) => event },
                    },
                    'agent.finished': {
                      target: '#call.live.streaming',
                      actions: { type: 'noteResumed', params: ({ event }) => event },
                    },
                  },
                },
              },
              after: { pauseTimeout: { target: '.resuming', meta: { serves: 'bounded-wait' } } },
              on: {
                'agent.paused': {
                  actions: [
                    { type: 'noteAgentSilent', params: ({ event }) => event },
                    { type: 'notePaused', params: ({ event }) => event },
                  ],
                },
                'vapi.interrupted': {
                  target: 'flushed',
                  actions: { type: 'orderAgentBuffer', params: { type: 'buffer.flush', refuse: false } },
                },
                'caller.pressed': {
                  target: 'flushed',
                  actions: { type: 'orderAgentBuffer', params: { type: 'buffer.flush', refuse: true } },
                },
                'vapi.transcribed': [
                  {
                    guard: { type: 'isDecisive', params: ({ event }) => event },
                    target: 'flushed',
                    actions: [
                      { type: 'noteWords', params: ({ event }) => event },
                      { type: 'orderAgentBuffer', params: { type: 'buffer.flush', refuse: true } },
                    ],
                  },
                  {
                    guard: { type: 'contradicts', params: ({ event }) => event },
                    target: '.contradicted',
                    actions: { type: 'noteWords', params: ({ event }) => event },
                  },
                  {
                    guard: { type: 'isDone', params: ({ event }) => event },
                    target: '.resuming',
                    meta: { serves: 'nothing-lost' },
                    actions: { type: 'noteWords', params: ({ event }) => event },
                  },
                  { actions: { type: 'noteWords', params: ({ event }) => event } },
                ],
              },
            },
            flushed: {
              after: { bargeInTimeout: { target: '#call.live.streaming', meta: { serves: 'bounded-wait' } } },
              on: {
                'agent.flushed': {
                  actions: [
                    { type: 'noteAgentSilent', params: ({ event }) => event },
                    { type: 'noteFlushed', params: ({ event }) => event },
                  ],
                },
                'agent.began': {
                  target: '#call.live.agentSpeaking',
                  actions: { type: 'noteAgentBegan', params: ({ event }) => event },
                },
                'vapi.interrupted': {
                  actions: { type: 'orderAgentBuffer', params: { type: 'buffer.accept' } },
                },
                'vapi.callerStopped': {
                  target: '#call.live.streaming',
                  actions: { type: 'noteCallerStopped', params: ({ event }) => event },
                },
                'vapi.transcribed': [
                  {
                    guard: { type: 'isDone', params: ({ event }) => event },
                    target: '#call.live.streaming',
                    actions: [
                      { type: 'noteCallerStopped', params: ({ event }) => event },
                      { type: 'noteWords', params: ({ event }) => event },
                    ],
                  },
                  { actions: { type: 'noteWords', params: ({ event }) => event } },
                ],
              },
            },
          },
          on: {
            'caller.forwarded': { actions: { type: 'notePreroll', params: ({ event }) => event } },
          },
        },
      },
    },
    closing: {
      type: 'parallel',
      entry: 'finishCallerBuffer',
      states: {
        caller: {
          initial: 'leaving',
          states: {
            /** The agent has said its last; how much of that is still to be heard? */
            finishing: {
              entry: { type: 'orderAgentBuffer', params: { type: 'buffer.finish' } },
              on: {
                'agent.finishing': {
                  target: 'lastWords',
                  actions: { type: 'noteLastWords', params: ({ event }) => event },
                },
              },
            },
            lastWords: {
              after: {
                drainTimeout: [
                  { guard: 'isOver', target: 'hangingUp', meta: { serves: 'bounded-wait' } },
                  { target: 'leaving', meta: { serves: 'bounded-wait' } },
                ],
              },
              on: {
                'agent.finished': [
                  { guard: 'isOver', target: 'hangingUp', meta: { serves: 'last-words' } },
                  { target: 'leaving', meta: { serves: 'last-words' } },
                ],
              },
            },
            hangingUp: {
              invoke: {
                src: 'hangUp',
                id: 'hangUp',
                input: ({ context }) => ({ callId: context.callId }),
                onDone: { target: 'leaving', meta: { serves: 'hung-up-first' } },
                onError: 'leaving',
              },
              after: { hangUpTimeout: { target: 'leaving', meta: { serves: 'bounded-wait' } } },
            },
            leaving: {
              entry: 'releaseCaller',
              on: { 'twilio.gone': {}, 'caller.hungUp': {}, 'stream.failed': {} },
            },
            /** The socket went by itself; its own teardown is all that is left. */
            departed: { on: { 'caller.hungUp': {}, 'stream.failed': {} } },
            /** Twilio's status callbacks may come after its socket has closed, while the agent's end is still leaving. */
            gone: { type: 'final', on: { 'caller.hungUp': {}, 'stream.failed': {} } },
          },
          on: {
            'twilio.gone': '.departed',
            'xstate.done.actor.twilioSocket': '.gone',
            'caller.hungUp': '.leaving',
            'stream.failed': '.leaving',
          },
        },
        agent: {
          initial: 'leaving',
          states: {
            leaving: { entry: 'releaseAgent' },
            departed: {},
            gone: { type: 'final' },
          },
          on: { 'xstate.done.actor.vapiSocket': '.gone' },
        },
      },
      onDone: { target: 'closed', meta: { serves: 'one-teardown' } },
    },
    closed: { type: 'final' },
  },
  output: ({ context }) => ({
    ending: context.ending ?? { reason: 'hungUp', words: 'The call ended.' },
    figures: context.figures,
  }),
});
