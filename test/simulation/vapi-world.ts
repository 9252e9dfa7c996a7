import { randomBytes } from 'node:crypto';
import { createScriptedMind, type ScriptedMind } from '../../src/simulation/scripted-mind.ts';
import type { VapiCall, VapiCallLine, VapiMind } from '../../src/simulation/vapi-line.ts';
import { createVapiService, type VapiScript } from '../../src/simulation/vapi-service.ts';
import { createMemoryNetwork, type MemorySocket } from '../support/memory-network.ts';
import { createVirtualClock, type VirtualClock } from '../support/virtual-clock.ts';

export const KEY = 'private-key';

export const MULAW = { format: 'mulaw', container: 'raw', sampleRate: 8_000 };

/** The body of a `POST /call` that Vapi accepts, with `more`. */
export function callBody(more: Record<string, unknown> = {}, audioFormat: unknown = MULAW) {
  return { assistantId: 'a', transport: { provider: 'vapi.websocket', audioFormat }, ...more };
}

export interface Heard {
  at: number;
  text?: string;
  bytes?: Buffer;
}

/** A client's end of a call's socket, with all that it heard. */
export interface Client {
  socket: MemorySocket;
  heard: Heard[];
  /** The messages heard, as objects. */
  messages(): Array<Record<string, unknown>>;
  audio(): Buffer;
  closedWith: number | undefined;
}

export function createClient(socket: MemorySocket, clock: VirtualClock): Client {
  const heard: Heard[] = [];
  const client: Client = {
    socket,
    heard,
    messages: () => heard.flatMap(({ text }) => (text === undefined ? [] : [JSON.parse(text)])),
    audio: () => Buffer.concat(heard.flatMap(({ bytes }) => bytes ?? [])),
    closedWith: undefined,
  };
  socket.listen({
    text: (text) => heard.push({ at: clock.now(), text }),
    binary: (bytes) => heard.push({ at: clock.now(), bytes }),
    ponged() {},
    closed(code) {
      client.closedWith = code;
    },
  });
  return client;
}

/** A simulated Vapi on a virtual clock, whose minds are scripted unless given. */
export function createVapiWorld(script: VapiScript = {}, mind?: (line: VapiCallLine) => VapiMind) {
  const clock = createVirtualClock();
  const network = createMemoryNetwork({ clock });
  const minds: ScriptedMind[] = [];
  const service = createVapiService({
    clock,
    randomBytes,
    apiKey: KEY,
    origin: () => ({ http: 'http://vapi', ws: 'ws://vapi' }),
    mind(line) {
      if (mind) return mind(line);
      const scripted = createScriptedMind(line);
      minds.push(scripted);
      return scripted;
    },
    script,
  });

  async function ask(method: string, path: string, body: unknown = '', key = KEY) {
    const answer = service.request({
      method,
      path,
      headers: { authorization: `Bearer ${key}` },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    return answer.then(({ status, body: text, headers }) => ({ status, text, headers }));
  }

  function join(path: string, headers: Record<string, string> = {}): Client | undefined {
    const [near, far] = network.pair();
    const client = createClient(near, clock);
    return service.accept(path, headers, far) ? client : undefined;
  }

  /** Creates a call and joins it: past its first moment, so that its mind has begun. */
  async function openCall(body: unknown = callBody()): Promise<{ call: VapiCall; client: Client }> {
    const created = JSON.parse((await ask('POST', '/call', body)).text);
    const client = join(new URL(created.transport.websocketCallUrl).pathname);
    const call = service.calls.find(({ id }) => id === created.id);
    if (!client || !call) throw new Error('the call was not let in');
    clock.advance(0);
    return { call, client };
  }

  return { clock, network, service, minds, ask, join, openCall };
}
