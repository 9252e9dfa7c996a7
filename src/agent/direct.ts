import type { Ports } from '../ports.ts';
import { readDirectMessage } from '../wire/direct.ts';
import type { Dialect } from './dialect.ts';

export interface DirectOptions {
  ports: Pick<Ports, 'openSocket'>;
  /** Secret. */
  apiKey: string;
  endpoint: string;
  handshakeTimeoutMs: number;
}

/** The tutorial's way: one socket at a fixed address, with the key in its header. Closing it ends the call. */
export function createDirect({ ports, apiKey, endpoint, handshakeTimeoutMs }: DirectOptions): Dialect {
  return {
    creates: false,
    givesVerdicts: false,
    takesOrders: false,
    create: () =>
      Promise.resolve({ created: false, refusal: 'rejected', words: 'This dialect creates no calls.' }),
    dial: () =>
      ports.openSocket(endpoint, { headers: { Authorization: `Bearer ${apiKey}` }, handshakeTimeoutMs }),
    read: readDirectMessage,
    farewell: null,
    end: () => Promise.resolve(),
  };
}
