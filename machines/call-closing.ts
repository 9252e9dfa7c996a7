import { callWords } from './call-words.ts';

/**
 * The end of a call: last words, the hang-up, and both ends closing side by side, each with its time limit. Nothing is
 * left when both are gone.
 */
export const closing = callWords.createStateConfig({
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
        gone: { type: 'final' },
      },
      on: { 'xstate.done.actor.vapiSocket': '.gone' },
    },
  },
  onDone: { target: 'closed', meta: { serves: 'one-teardown' } },
});
