import type { ActorName, MachineName } from './messages.ts';

/** The actors that a call's chart is made of, and the machine of each; what they invoke themselves is wiring. */
export const MACHINE_OF: Readonly<Record<ActorName, MachineName>> = {
  call: 'call',
  twilioSocket: 'twilio-socket',
  vapiSocket: 'vapi-socket',
  callerBuffer: 'jitter-buffer',
  agentBuffer: 'jitter-buffer',
};
