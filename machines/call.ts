/**
 * One phone call, from the first ring to the last figure.
 *
 *   live                                                                                   closing         closed
 *   ┌ connecting → buffering → streaming ⇄ agentSpeaking → bargeIn { paused | flushed } → … ┐
 *   └──────────── a hang-up, the loss of an end, or the end of the session's time ──────────┘ → both ends → figures
 *
 * An agent that is lost while attempts remain is replaced: the call goes back to `connecting`, with the caller there.
 *
 * Its children live as long as it does: the caller's end, the agent's end, and a jitter buffer for each direction.
 * They tell it facts and it tells them what to do; the audio passes beside it.
 */

import { agentSpeaking, bargeIn } from './call-barge-in.ts';
import { closing } from './call-closing.ts';
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
    agentIsHere: false,
    callerSpokeAt: null,
    agentSpokeAt: null,
    voicedAt: null,
    silentMs: 0,
    bothSince: null,
    quietSince: null,
    callerStoppedAt: null,
    utteranceOpen: false,
    responseMs: null,
    spokeBriefly: false,
    acknowledged: false,
    resumedAt: [],
    heedsVoiceFrom: 0,
    verdictsMs: [],
    agentDone: false,
    mustBeHeard: false,
    countedAt: 0,
    extendedMs: 0,
    lastWordsMs: 0,
    ending: null,
    figures: {
      agentReadyMs: null,
      firstResponseMs: null,
      responsesMs: [],
      bargeIns: [],
      prerollMs: null,
      talkOverMs: 0,
      deadAirMs: 0,
      falsePauses: 0,
      replacements: input.replacedBefore,
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
      entry: ['countSession', 'countWarning'],
      exit: ['stopSession', 'stopWarning'],
      on: {
        'session.expired': {
          target: '#call.closing.caller.hangingUp',
          meta: { serves: 'ttl' },
          actions: {
            type: 'noteEnding',
            params: { reason: 'timeToLive', words: 'The call reached its longest time.' },
          },
        },
        'vapi.callerStarted': { actions: { type: 'noteCallerStarted', params: ({ event }) => event } },
        'vapi.callerStopped': { actions: { type: 'noteCallerStopped', params: ({ event }) => event } },
        'vapi.transcribed': { actions: { type: 'noteSaid', params: ({ event }) => event } },
        'session.ending': {
          guard: 'agentTakesOrders',
          meta: { serves: 'warned' },
          actions: { type: 'convey', params: { kind: 'warning' } },
        },
        'vapi.insisted': { actions: 'noteInsistence' },
        'caller.voiced': { actions: { type: 'noteVoiced', params: ({ event }) => event } },
        'caller.hushed': { actions: { type: 'noteHushed', params: ({ event }) => event } },
        // Where nothing is being heard, some of the old turn may still wait to be.
        'vapi.interrupted': {
          actions: { type: 'orderAgentBuffer', params: { type: 'buffer.flush', refuse: false } },
        },
        'vapi.agentStarted': {
          meta: { serves: 'nothing-stale' },
          actions: ['noteAgentBusy', { type: 'orderAgentBuffer', params: { type: 'buffer.accept' } }],
        },
        'vapi.agentStopped': { actions: 'noteAgentDone' },
        'call.say': {
          guard: 'agentTakesOrders',
          meta: { serves: 'operated' },
          actions: { type: 'convey', params: ({ event }) => ({ kind: 'slip', slip: event.slip }) },
        },
        'call.add': {
          guard: 'agentTakesOrders',
          meta: { serves: 'operated' },
          actions: { type: 'convey', params: ({ event }) => ({ kind: 'slip', slip: event.slip }) },
        },
        'call.mute': {
          guard: 'bothAreHere',
          meta: { serves: 'operated' },
          actions: [
            { type: 'orderAgentBuffer', params: { type: 'buffer.mute' } },
            { type: 'convey', params: { kind: 'muted' } },
          ],
        },
        'call.unmute': {
          guard: 'bothAreHere',
          meta: { serves: 'operated' },
          actions: [
            { type: 'orderAgentBuffer', params: { type: 'buffer.unmute' } },
            { type: 'convey', params: { kind: 'unmuted' } },
          ],
        },
        // Also while an interrupted turn is refused: what still comes of it goes on being so.
        'call.flush': {
          meta: { serves: 'operated' },
          actions: { type: 'orderAgentBuffer', params: { type: 'buffer.flush', refuse: true } },
        },
        'call.extend': {
          guard: { type: 'mayBeExtended', params: ({ event }) => event },
          meta: { serves: 'operated' },
          actions: [
            { type: 'noteExtension', params: ({ event }) => event },
            'stopSession',
            'stopWarning',
            'countSession',
            'countWarning',
          ],
        },
        'vapi.gone': [
          // What the lost agent had said already is still heard, and then a word of ours.
          {
            guard: { type: 'attemptsRemain', params: ({ event }) => event },
            target: ['#call.live.connecting.caller.here', '#call.live.connecting.agent.called'],
            meta: { serves: 'replaced' },
            actions: [
              'noteReplacement',
              'holdCallerBuffer',
              { type: 'orderAgentBuffer', params: { type: 'buffer.play', clip: 'lineLost' } },
            ],
          },
          {
            target: ['#call.closing.caller.finishing', '#call.closing.agent.leaving'],
            meta: { serves: 'last-words' },
            actions: {
              type: 'noteEnding',
              params: ({ event }) => ({ reason: REASON_OF_AGENT_LOSS[event.cause], words: event.words }),
            },
          },
        ],
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
                      actions: [{ type: 'noteStart', params: ({ event }) => event }, 'countWaiting'],
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
                    'vapi.opened': [
                      {
                        guard: 'goesOn',
                        target: 'here',
                        meta: { serves: 'replaced' },
                        actions: [
                          { type: 'noteAgentReady', params: ({ event }) => event },
                          { type: 'convey', params: { kind: 'history' } },
                          { type: 'convey', params: { kind: 'reentry' } },
                        ],
                      },
                      { target: 'here', actions: { type: 'noteAgentReady', params: ({ event }) => event } },
                    ],
                  },
                },
                here: { type: 'final' },
              },
              on: {
                'vapi.gone': {
                  guard: { type: 'attemptsRemain', params: ({ event }) => event },
                  target: '.called',
                  meta: { serves: 'replaced' },
                  actions: 'noteReplacement',
                },
              },
            },
          },
          on: {
            'caller.waited': {
              guard: 'nothingHeard',
              meta: { serves: 'reassured' },
              actions: { type: 'orderAgentBuffer', params: { type: 'buffer.play', clip: 'oneMoment' } },
            },
            'agent.began': { actions: { type: 'noteBridged', params: ({ event }) => event } },
            'agent.finished': { actions: { type: 'noteAgentSilent', params: ({ event }) => event } },
            'agent.flushed': { actions: { type: 'noteAgentSilent', params: ({ event }) => event } },
          },
          onDone: [
            // Our own words, or the last of a lost agent's.
            {
              guard: 'agentIsHeard',
              target: 'agentSpeaking',
              meta: { serves: 'replaced' },
              actions: ['openCallerBuffer', 'openAgentBuffer'],
            },
            {
              target: 'buffering',
              meta: { serves: 'first-words' },
              actions: ['openCallerBuffer', 'openAgentBuffer'],
            },
          ],
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
        agentSpeaking,
        bargeIn,
      },
    },
    closing,
    closed: { type: 'final' },
  },
  output: ({ context }) => ({
    ending: context.ending ?? { reason: 'hungUp', words: 'The call ended.' },
    figures: context.figures,
  }),
});
