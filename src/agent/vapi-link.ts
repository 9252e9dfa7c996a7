import { fromCallback, fromPromise } from 'xstate';
import type { CreateOutcome, VapiLinkFact, VapiLinkOrder } from '../../machines/vapi-socket.ts';
import type { AgentLine } from './agent-line.ts';

/** Joins a call's agent to its `vapi-socket` machine. Stopping the link cuts the line. */
export function createVapiActors(lineOf: (callId: string) => AgentLine) {
  return {
    createCall: fromPromise<CreateOutcome, { callId: string }>(({ input, signal }) =>
      lineOf(input.callId).create(signal),
    ),
    endCall: fromPromise<void, { callId: string }>(({ input, signal }) => lineOf(input.callId).end(signal)),
    vapiLink: fromCallback<VapiLinkOrder, { callId: string }>(({ input, sendBack, receive }) => {
      const line = lineOf(input.callId);
      const tell: (fact: VapiLinkFact) => void = sendBack;
      line.connect(tell);
      receive((order) => {
        switch (order.type) {
          case 'link.ping':
            line.ping();
            return;
          case 'link.convey':
            line.convey(order.message);
            return;
          case 'link.close':
            line.close();
            return;
        }
      });
      line.open();
      return () => line.cut();
    }),
  };
}
