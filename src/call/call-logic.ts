import { fromPromise } from 'xstate';
import { callMachine } from '../../machines/call.ts';
import { jitterBufferMachine } from '../../machines/jitter-buffer.ts';
import { twilioSocketMachine } from '../../machines/twilio-socket.ts';
import { vapiSocketMachine } from '../../machines/vapi-socket.ts';
import { createVapiActors } from '../agent/vapi-link.ts';
import { createTwilioLink } from '../telephony/twilio-link.ts';
import type { CallParts } from './call-parts.ts';
import { createPipe } from './pipes.ts';

/**
 * The call's statechart with its actors in place. Made once for all calls, because `provide` costs a millisecond and
 * 60 kB: the actors find the parts of their own call by its id.
 */
export function createCallLogic(partsOf: (callId: string) => CallParts) {
  return callMachine.provide({
    actors: {
      twilioSocket: twilioSocketMachine.provide({
        actors: { twilioLink: createTwilioLink((callId) => partsOf(callId).callerLine) },
      }),
      vapiSocket: vapiSocketMachine.provide({
        actors: createVapiActors((callId) => partsOf(callId).agentLine),
      }),
      jitterBuffer: jitterBufferMachine.provide({ actors: { pipe: createPipe(partsOf) } }),
      hangUp: fromPromise<void, { callId: string }>(({ input }) => partsOf(input.callId).hangUp()),
    },
  });
}

export type CallLogic = ReturnType<typeof createCallLogic>;
