import type { Overhear, Ports, Socket } from '../ports.ts';
import { type CreateCallSpec, readVapiMessage, writeEndCall } from '../wire/vapi.ts';
import type { Dialect } from './dialect.ts';
import type { MadeCall, VapiDesk } from './vapi-desk.ts';

export interface TransportOptions {
  ports: Pick<Ports, 'openSocket'>;
  /** Where calls are asked for. */
  desk: VapiDesk;
  /** Of a call's first agent; the name of each further one has its number added. */
  spec: CreateCallSpec;
  handshakeTimeoutMs: number;
}

const SILENT: Overhear = () => {};

/** The close codes that mean "the far end is done", RFC 6455: normal, and closed without a code. */
const ORDERLY = new Set([1000, 1005]);

/**
 * Vapi's documented way: `POST /call`, then the socket whose address comes back (docs/wire.md). That address is as
 * good as a key, so it stays in here. An agent that is asked for again takes the place of the one before it.
 */
export function createTransport({ ports, desk, spec, handshakeTimeoutMs }: TransportOptions): Dialect {
  let attempts = 0;
  let call: MadeCall | undefined;
  /** Calls at Vapi whose end is not known. */
  const left = new Set<MadeCall>();

  function dial(): Socket {
    const dialled = call;
    const socket = ports.openSocket(dialled?.socketUrl ?? '', { handshakeTimeoutMs });
    const listen: Socket['listen'] = (ear) =>
      socket.listen({
        ...ear,
        closed(code, words) {
          // Whether Vapi ends a call whose socket broke is not known.
          if (dialled && ORDERLY.has(code)) {
            left.delete(dialled);
            dialled.left();
          }
          ear.closed(code, words);
        },
      });
    return Object.assign(Object.create(socket) as Socket, { listen });
  }

  return {
    creates: true,
    givesVerdicts: true,
    takesOrders: true,
    async create(signal, overhear = SILENT, goesOn = false, isWanted = () => true) {
      attempts += 1;
      const name = attempts === 1 ? spec.name : `${spec.name} #${attempts}`;
      call = undefined;
      const firstMessageMode = goesOn ? 'assistant-waits-for-user' : spec.firstMessageMode;
      const asked = await desk.ask({ ...spec, name, firstMessageMode }, signal, overhear, isWanted);
      call = asked.call;
      if (call) left.add(call);
      // The answer was too late for whoever asked.
      if (call && signal.aborted) await desk.end(call, new AbortController().signal, overhear);
      return asked.outcome;
    },
    dial,
    read: readVapiMessage,
    farewell: writeEndCall(),
    async end(signal, overhear = SILENT) {
      await Promise.all(
        [...left].map(async (made) => {
          if (await desk.end(made, signal, overhear)) left.delete(made);
        }),
      );
    },
  };
}
