import type { Call } from '../../src/call/open-call.ts';
import type { ScriptedMind } from '../../src/simulation/scripted-mind.ts';
import type { VapiService } from '../../src/simulation/vapi-service.ts';
import type { Bridge } from './bridge.ts';
import type { Phone } from './phone.ts';
import type { Agent, PlacedCall } from './world.ts';

/** Where a placed call finds its far ends, and how its own world does what every world does its way. */
export interface PlacedCallOptions {
  /** How many calls were placed before. */
  index: number;
  callSid: string;
  streamSid: string;
  bridge: Bridge;
  service: VapiService;
  minds: readonly ScriptedMind[];
  connect(): Promise<Phone>;
  complete(call: Call): Promise<void>;
  deafenCaller(): void;
  deafenAgent(mind: ScriptedMind): void;
}

function there<T>(thing: T | undefined, what: string): T {
  if (thing === undefined) throw new Error(`${what} is not there yet`);
  return thing;
}

/** One call, as stories see it. */
export function createPlacedCall(options: PlacedCallOptions): PlacedCall {
  const { index, callSid, streamSid, bridge, service, minds } = options;
  let phone: Phone | undefined;

  /** The latest mind is found by the metadata that its call was created with; where that names no call, by its place. */
  function mindOf(): ScriptedMind | undefined {
    const requestOf = ({ line }: ScriptedMind) => JSON.stringify(line.request);
    const inPlace = minds[index];
    return (
      minds.findLast((mind) => requestOf(mind).includes(callSid)) ??
      (inPlace && !/CA[0-9a-f]{32}/.test(requestOf(inPlace)) ? inPlace : undefined)
    );
  }

  function agentOf(): Agent | undefined {
    const mind = mindOf();
    const vapi = service.calls.find(({ id }) => id === mind?.line.id);
    if (!mind || !vapi) return undefined;
    return { mind, vapi, heard: () => Buffer.concat(vapi.heard.map(({ bytes }) => bytes)) };
  }

  let call: Call | undefined;
  const found = () => {
    call ??= bridge.calls.find(callSid);
    return there(call, 'the call');
  };

  return {
    callSid,
    streamSid,
    get call() {
      return found();
    },
    get phone() {
      return there(phone, 'the phone');
    },
    get agent() {
      return there(agentOf(), 'the agent');
    },
    get agentIsThere() {
      return agentOf() !== undefined;
    },
    get isConnected() {
      return phone !== undefined;
    },
    timeline: () => bridge.timelineOf(found().callId),
    async connect() {
      phone = await options.connect();
      return phone;
    },
    complete: () => options.complete(found()),
    deafenCaller: options.deafenCaller,
    deafenAgent: () => options.deafenAgent(there(mindOf(), 'the agent')),
  };
}
