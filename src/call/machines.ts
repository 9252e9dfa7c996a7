import { callMachine } from '../../machines/call.ts';
import { jitterBufferMachine } from '../../machines/jitter-buffer.ts';
import { twilioSocketMachine } from '../../machines/twilio-socket.ts';
import { vapiSocketMachine } from '../../machines/vapi-socket.ts';

/** The statecharts that a call is made of, its own first. */
export const machines = [callMachine, twilioSocketMachine, vapiSocketMachine, jitterBufferMachine] as const;
