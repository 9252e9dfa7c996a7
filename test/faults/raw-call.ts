import { randomBytes } from 'node:crypto';
import type { Call } from '../../src/call/open-call.ts';
import type { VapiCall } from '../../src/simulation/vapi-line.ts';
import { createPhone, type Phone } from '../bridge/phone.ts';
import type { BridgeWorld } from '../bridge/world.ts';
import { createMemoryNetwork, type MemorySocket } from '../support/memory-network.ts';

/** A call whose caller's end is held by the test: anything can be said on it. */
export interface RawCall {
  call: Call;
  phone: Phone;
  /** Twilio's end of the media socket. */
  socket: MemorySocket;
  /** Once the agent is there. */
  agent(): VapiCall;
  /** All that the agent heard of the caller. */
  heard(): Buffer;
}

/** Opens a call in `world`, whose time is told; its stream begins once `phone.stream.begin` is called. */
export function openRawCall(world: BridgeWorld, seed: number): RawCall {
  const callSid = `CA${randomBytes(16).toString('hex')}`;
  const streamSid = `MZ${randomBytes(16).toString('hex')}`;
  const { clock, calls } = world;
  const call = calls.open({ callSid });
  if (!call) throw new Error('There is no room for another call.');
  const [socket, far] = createMemoryNetwork({ clock }).pair();
  const ids = { streamSid, callSid, accountSid: 'AC1' };
  const { phone } = createPhone({
    ...ids,
    clock,
    socket,
    seed,
    parameters: {},
    bare: false,
    markEchoDelayMs: 0,
  });
  call.attach(far, () => ({ ok: true }));

  function agent(): VapiCall {
    const found = world.service.calls.find(({ request }) => JSON.stringify(request).includes(callSid));
    if (!found) throw new Error('The agent is not there yet.');
    return found;
  }

  return {
    call,
    phone,
    socket,
    agent,
    heard: () => Buffer.concat(agent().heard.map(({ bytes }) => bytes)),
  };
}

/** As `openRawCall`, until caller and agent hear each other. */
export async function liveRawCall(world: BridgeWorld, seed: number): Promise<RawCall> {
  const raw = openRawCall(world, seed);
  raw.phone.stream.begin();
  raw.phone.talk();
  await world.until('the call is live', () => raw.call.state === 'streaming');
  return raw;
}
