import type { CreateOutcome } from '../../machines/vapi-socket.ts';
import type { Overhear, Socket } from '../ports.ts';
import type { DirectMessage } from '../wire/direct.ts';

/** How one call speaks with an agent's service: how it gets there, and how it reads what is said. */
export interface Dialect {
  /** Whether a call must be created before its socket can be opened. */
  readonly creates: boolean;
  /** Whether this agent tells when it takes itself to be interrupted. */
  readonly givesVerdicts: boolean;
  /** Whether it can be told something beside the caller's audio. */
  readonly takesOrders: boolean;
  /**
   * Asks for a call: once. Never rejects; `signal` gives up on the answer. Each time it makes another, and `dial` means
   * the last. An agent that `goesOn` with a conversation does not greet. One that waits for its turn is asked for only if
   * it `isWanted` then.
   */
  create(
    signal: AbortSignal,
    overhear?: Overhear,
    goesOn?: boolean,
    isWanted?: () => boolean,
  ): Promise<CreateOutcome>;
  /** Opens the call's socket. */
  dial(): Socket;
  read(text: string): DirectMessage;
  /** What is said on the socket before it is closed, to end the call. */
  readonly farewell: string | null;
  /** Ends, without a socket, every call that was made and is not known to be over. Never rejects. */
  end(signal: AbortSignal, overhear?: Overhear): Promise<void>;
}
