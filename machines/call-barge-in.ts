import { callWords } from './call-words.ts';

/**
 * The agent is heard, and the caller may speak over it.
 *
 * Under `reversible` the first sign of the caller's voice pauses the agent at once: Twilio's queue is cleared and what
 * was not heard is kept. What follows decides: an interruption drops it, anything else brings the agent back from where
 * the caller heard it last.
 */
export const agentSpeaking = callWords.createStateConfig({
  initial: 'interruptible',
  states: {
    interruptible: {
      always: { guard: 'mustBeHeard', target: 'uninterruptible' },
      on: {
        'caller.voiced': {
          guard: { type: 'heedsVoice', params: ({ event }) => event },
          target: '#call.live.bargeIn.paused.heard',
          meta: { serves: 'interrupted-at-once' },
          actions: [
            { type: 'noteBargeIn', params: ({ event }) => ({ ...event, cause: 'voice' }) },
            { type: 'noteVoiced', params: ({ event }) => event },
          ],
        },
        'vapi.callerStarted': {
          guard: { type: 'heedsVoice', params: ({ event }) => event },
          target: '#call.live.bargeIn.paused.told',
          meta: { serves: 'interrupted-at-once' },
          actions: [
            { type: 'noteBargeIn', params: ({ event }) => ({ at: event.at, cause: 'speech' }) },
            { type: 'noteCallerStarted', params: ({ event }) => event },
          ],
        },
        // The agent has stopped by its own verdict: whatever it says from here on is new.
        'vapi.interrupted': {
          target: '#call.live.bargeIn.flushed',
          meta: { serves: 'interrupted-at-once' },
          actions: [
            { type: 'noteBargeIn', params: ({ event }) => ({ at: event.at, cause: 'verdict' }) },
            { type: 'orderAgentBuffer', params: { type: 'buffer.flush', refuse: false } },
          ],
        },
        // The agent does not know yet that it was cut: what still comes of its turn is refused.
        'vapi.transcribed': [
          {
            guard: { type: 'wordsDrop', params: ({ event }) => event },
            target: '#call.live.bargeIn.flushed',
            meta: { serves: 'interrupted-at-once' },
            actions: [
              { type: 'noteBargeIn', params: ({ event }) => ({ at: event.at, cause: 'words' }) },
              { type: 'noteSaid', params: ({ event }) => event },
              { type: 'orderAgentBuffer', params: { type: 'buffer.flush', refuse: true } },
            ],
          },
          {
            guard: { type: 'lastWordsContradict', params: ({ event }) => event },
            target: '#call.live.bargeIn.paused.contradicted',
            actions: [
              { type: 'noteBargeIn', params: ({ event }) => ({ at: event.at, cause: 'words' }) },
              { type: 'noteSaid', params: ({ event }) => event },
            ],
          },
          {
            guard: { type: 'wordsPause', params: ({ event }) => event },
            target: '#call.live.bargeIn.paused.told',
            meta: { serves: 'interrupted-at-once' },
            actions: [
              { type: 'noteBargeIn', params: ({ event }) => ({ at: event.at, cause: 'words' }) },
              { type: 'noteSaid', params: ({ event }) => event },
            ],
          },
          { actions: { type: 'noteWords', params: ({ event }) => event } },
        ],
        'caller.pressed': {
          guard: 'heedsKeys',
          target: '#call.live.bargeIn.flushed',
          meta: { serves: 'interrupted-at-once' },
          actions: [
            { type: 'noteBargeIn', params: ({ event }) => ({ at: event.at, cause: 'key' }) },
            { type: 'orderAgentBuffer', params: { type: 'buffer.flush', refuse: true } },
          ],
        },
      },
    },
    /** A legal notice, say: it is heard out, and so is what the agent adds to it by its own verdict. */
    uninterruptible: {
      on: {
        'vapi.interrupted': { meta: { serves: 'heard-out' } },
        'vapi.transcribed': {
          meta: { serves: 'heard-out' },
          actions: { type: 'noteWords', params: ({ event }) => event },
        },
      },
    },
  },
  on: {
    'caller.forwarded': { actions: { type: 'notePreroll', params: ({ event }) => event } },
    'agent.finished': {
      target: 'streaming',
      meta: { serves: 'heard-not-sent' },
      actions: { type: 'noteAgentSilent', params: ({ event }) => event },
    },
    // Muted while it spoke.
    'agent.flushed': {
      target: 'streaming',
      meta: { serves: 'operated' },
      actions: { type: 'noteAgentSilent', params: ({ event }) => event },
    },
    'call.flush': {
      target: 'bargeIn.flushed',
      meta: { serves: 'operated' },
      actions: [
        { type: 'noteBargeIn', params: ({ event }) => ({ at: event.at, cause: 'operator' }) },
        { type: 'orderAgentBuffer', params: { type: 'buffer.flush', refuse: true } },
      ],
    },
  },
});

export const bargeIn = callWords.createStateConfig({
  initial: 'flushed',
  states: {
    paused: {
      entry: { type: 'orderAgentBuffer', params: { type: 'buffer.pause' } },
      initial: 'told',
      states: {
        /** Our own ear hears the caller; it knows sooner than the agent's when they cease. */
        heard: {
          initial: 'voiced',
          states: {
            voiced: {
              on: {
                'caller.hushed': {
                  target: 'hushed',
                  actions: { type: 'noteHushed', params: ({ event }) => event },
                },
              },
            },
            hushed: {
              after: {
                silenceTimeout: {
                  target: '#call.live.bargeIn.paused.resuming',
                  meta: { serves: 'nothing-lost' },
                },
              },
              on: {
                'caller.voiced': {
                  target: 'voiced',
                  actions: { type: 'noteVoiced', params: ({ event }) => event },
                },
              },
            },
          },
        },
        /** Only the agent's ears hear the caller: a whisper, say. */
        told: {
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
              after: {
                silenceTimeout: {
                  target: '#call.live.bargeIn.paused.resuming',
                  meta: { serves: 'nothing-lost' },
                },
              },
              on: {
                'vapi.callerStarted': {
                  target: 'voiced',
                  actions: { type: 'noteCallerStarted', params: ({ event }) => event },
                },
              },
            },
          },
          on: {
            'caller.voiced': {
              target: 'heard',
              actions: { type: 'noteVoiced', params: ({ event }) => event },
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
            // More words of the same kind: the wait goes on.
            'vapi.transcribed': {
              guard: { type: 'contradicts', params: ({ event }) => event },
              actions: { type: 'noteSaid', params: ({ event }) => event },
            },
            // It has come to its end without a verdict, or has yielded: what it says next is its answer.
            'vapi.agentStopped': {
              target: '#call.live.bargeIn.flushed',
              meta: { serves: 'nothing-lost' },
              actions: [
                'noteAgentDone',
                { type: 'orderAgentBuffer', params: { type: 'buffer.flush', refuse: true } },
              ],
            },
          },
        },
        resuming: {
          entry: { type: 'orderAgentBuffer', params: { type: 'buffer.resume' } },
          on: {
            'vapi.transcribed': { actions: { type: 'noteSaid', params: ({ event }) => event } },
            'vapi.agentStopped': { actions: 'noteAgentDone' },
            'agent.resumed': { actions: { type: 'noteRepeated', params: ({ event }) => event } },
            'agent.began': {
              target: '#call.live.agentSpeaking',
              actions: { type: 'noteResumed', params: ({ event }) => event },
            },
            'agent.finished': {
              target: '#call.live.streaming',
              actions: { type: 'noteNothingLeft', params: ({ event }) => event },
            },
          },
        },
      },
      after: {
        pauseTimeout: [
          {
            guard: 'callerKeepsTalking',
            target: 'flushed',
            meta: { serves: 'bounded-wait' },
            actions: { type: 'orderAgentBuffer', params: { type: 'buffer.flush', refuse: true } },
          },
          { target: '.resuming', meta: { serves: 'bounded-wait' } },
        ],
      },
      on: {
        'agent.paused': { actions: { type: 'notePaused', params: ({ event }) => event } },
        'vapi.interrupted': {
          target: 'flushed',
          actions: [
            { type: 'noteVerdict', params: ({ event }) => event },
            { type: 'orderAgentBuffer', params: { type: 'buffer.flush', refuse: false } },
          ],
        },
        'caller.pressed': {
          target: 'flushed',
          actions: { type: 'orderAgentBuffer', params: { type: 'buffer.flush', refuse: true } },
        },
        'call.flush': {
          target: 'flushed',
          meta: { serves: 'operated' },
          actions: { type: 'orderAgentBuffer', params: { type: 'buffer.flush', refuse: true } },
        },
        // Muted while it was paused.
        'agent.flushed': {
          target: '#call.live.streaming',
          meta: { serves: 'operated' },
          actions: { type: 'noteFlushed', params: ({ event }) => event },
        },
        // It may have come to its end just now: words can still tell.
        'vapi.agentStopped': { guard: 'agentYields', target: '.contradicted' },
        'vapi.transcribed': [
          {
            guard: { type: 'isDecisive', params: ({ event }) => event },
            target: 'flushed',
            actions: [
              { type: 'noteSaid', params: ({ event }) => event },
              { type: 'orderAgentBuffer', params: { type: 'buffer.flush', refuse: true } },
            ],
          },
          {
            guard: { type: 'contradicts', params: ({ event }) => event },
            target: '.contradicted',
            actions: { type: 'noteSaid', params: ({ event }) => event },
          },
          // The agent does not go on while the caller can be heard.
          {
            guard: 'callerIsVoiced',
            target: '.heard',
            actions: { type: 'noteSaid', params: ({ event }) => event },
          },
          {
            guard: { type: 'isDone', params: ({ event }) => event },
            target: '.resuming',
            meta: { serves: 'nothing-lost' },
            actions: { type: 'noteSaid', params: ({ event }) => event },
          },
        ],
      },
    },
    flushed: {
      after: { bargeInTimeout: { target: '#call.live.streaming', meta: { serves: 'bounded-wait' } } },
      on: {
        'agent.flushed': {
          meta: { serves: 'heard-told' },
          actions: [
            { type: 'tellHeard', params: ({ event }) => event },
            { type: 'noteFlushed', params: ({ event }) => event },
          ],
        },
        'agent.began': {
          target: '#call.live.agentSpeaking',
          actions: { type: 'noteAgentBegan', params: ({ event }) => event },
        },
        'vapi.interrupted': {
          actions: [
            { type: 'noteVerdict', params: ({ event }) => event },
            { type: 'orderAgentBuffer', params: { type: 'buffer.accept' } },
          ],
        },
        'vapi.callerStopped': {
          target: '#call.live.streaming',
          actions: { type: 'noteCallerStopped', params: ({ event }) => event },
        },
        'vapi.transcribed': [
          {
            guard: { type: 'isDone', params: ({ event }) => event },
            target: '#call.live.streaming',
            actions: { type: 'noteSaid', params: ({ event }) => event },
          },
        ],
      },
    },
  },
  on: {
    'caller.forwarded': { actions: { type: 'notePreroll', params: ({ event }) => event } },
  },
});
