import { createTwilioMessages } from '../../src/simulation/twilio-messages.ts';
import type { VapiEnding } from '../../src/simulation/vapi-line.ts';
import { NONCE_PARAMETER } from '../../src/telephony/twiml.ts';
import type { Fault } from './plan.ts';
import type { SimBridge } from './sim-bridge.ts';
import type { SimCall } from './sim-call.ts';
import { ACCOUNT_SID } from './sim-call-options.ts';
import type { SimClock } from './sim-clock.ts';

/** Lets a fault befall a call now. False where there was nothing that it could befall. */
export function befall({ kind, args }: Fault, call: SimCall, bridge: SimBridge, clock: SimClock): boolean {
  const { handles, callSid } = call;
  const { ms = 0, as = '' } = args;

  switch (kind) {
    case 'twilio.stalled':
    case 'vapi.stalled': {
      const line = kind === 'vapi.stalled' ? handles.vapiLine() : handles.twilioLine();
      if (!line) return false;
      line.stall();
      handles.stalled(ms);
      clock.setTimeout(() => line.flow(), ms);
      return true;
    }
    case 'twilio.deaf':
    case 'twilio.cut': {
      const line = handles.twilioLine();
      handles.lost();
      if (kind === 'twilio.cut') line?.cut();
      else line?.deafen();
      return line !== undefined;
    }
    case 'vapi.deaf':
      handles.vapiLine()?.deafen();
      return handles.vapiLine() !== undefined;
    case 'vapi.cut':
      handles.vapiLine()?.cut();
      return handles.vapiLine() !== undefined;
    case 'vapi.pushesBack': {
      const end = handles.bridgesAgentEnd();
      end?.setUnsentBytes(70_000);
      clock.setTimeout(() => end?.setUnsentBytes(undefined), ms);
      return end !== undefined;
    }
    case 'caller.hangsUp':
      handles.hangUpPhone('hangs up');
      return true;
    case 'caller.mutes':
      handles.caller()?.mute(ms);
      return handles.caller() !== undefined;
    case 'caller.presses':
      handles.stream()?.press(as);
      return handles.stream() !== undefined;
    case 'agent.ends':
      handles.agent()?.finish(as as VapiEnding);
      return handles.agent() !== undefined;
    case 'agent.interrupts':
      handles.agent()?.interrupt();
      return handles.agent() !== undefined;
    case 'agent.transcribesLate':
      handles.agent()?.transcribe('what I said before', as === 'final' ? 'final' : 'partial');
      return handles.agent() !== undefined;
    case 'agent.babbles':
      handles.agent()?.babble();
      return handles.agent() !== undefined;
    case 'operator.hangsUp':
      handles.tellBridge('operator hangs up', (told) =>
        told.tell({ type: 'call.hangUp', reason: 'hungUp', words: 'By hand.' }),
      );
      return true;
    case 'status.completed':
      handles.tellBridge('Twilio reports the call completed', () => bridge.callStatus(callSid, 'completed'));
      if (as === 'twice') bridge.callStatus(callSid, 'completed');
      return true;
    case 'status.streamError':
      handles.tellBridge('Twilio reports a stream error', () => bridge.streamError(callSid));
      return true;
    case 'webhook.again':
      bridge.webhook(callSid);
      return true;
    case 'stranger.knocks':
      return knock(as, call, bridge);
    default:
      return false;
  }
}

/** Somebody else comes to the door with more or less of what it takes. */
function knock(as: string, { handles, callSid, random }: SimCall, bridge: SimBridge): boolean {
  const proof = handles.proof();
  if (!proof) return false;
  const [near, far] = handles.pair();
  near.listen({ text() {}, binary() {}, ponged() {}, closed() {} });
  const ticket = as === 'forged' ? `${proof.ticket.slice(0, -2)}xx` : proof.ticket;
  if (!bridge.media(ticket, far)) {
    near.terminate();
    far.terminate();
    return true;
  }
  if (as === 'silent') return true;
  const messages = createTwilioMessages({
    streamSid: `MZ${random.bytes(16).toString('hex')}`,
    callSid: as === 'otherCall' ? `CA${'f'.repeat(32)}` : callSid,
    accountSid: ACCOUNT_SID,
  });
  // Who has the nonce as well is no stranger, until the call has its stream.
  const knows = as === 'sameTicket' && handles.stream() !== undefined;
  near.sendText(messages.connected());
  near.sendText(messages.start({ [NONCE_PARAMETER]: knows ? proof.nonce : 'guessed' }));
  near.sendText(messages.media(Buffer.alloc(160, 0x7e), 0));
  return true;
}
