import { fromCallback } from 'xstate';
import type { TwilioLinkFact, TwilioLinkOrder } from '../../machines/twilio-socket.ts';
import type { CallerLine } from './caller-line.ts';

/** Joins a call's media socket to its `twilio-socket` machine. Stopping it cuts the line. */
export function createTwilioLink(lineOf: (callId: string) => CallerLine) {
  return fromCallback<TwilioLinkOrder, { callId: string }>(({ input, sendBack, receive }) => {
    const line = lineOf(input.callId);
    const tell: (fact: TwilioLinkFact) => void = sendBack;
    line.connect(tell);
    receive((order) => {
      switch (order.type) {
        case 'link.ping':
          line.ping();
          return;
        case 'link.close':
          line.close(order.code, order.words);
          return;
        case 'link.dismiss':
          line.dismiss(order.words);
          return;
      }
    });
    return () => line.cut();
  });
}
