/**
 * Everything a call may ask of the world. Types only: `main.ts` hands in the real clock and network, the tests hand
 * in a virtual clock and sockets held in memory.
 */

/** Time. Also the clock of every statechart, so that one advance moves all timers of a call. */
export interface Clock {
  /**
   * Monotonic milliseconds, which nobody can set; may have a fraction. Their origin is arbitrary, and the same for all
   * processes of one machine.
   */
  now(): number;
  /** Milliseconds since 1970, to show to people. Never used to measure. */
  epochMs(): number;
  setTimeout(fn: () => void, ms: number): unknown;
  clearTimeout(id: unknown): void;
}

/** What one end of a WebSocket hears. */
export interface SocketEar {
  /** The handshake is done. Heard once, only on a socket that we opened; one that we accepted is open already. */
  opened?(): void;
  text(text: string): void;
  binary(bytes: Buffer): void;
  /** A pong has come that answers the ping which carried `number`; NaN where it carries no number of ours. */
  ponged(number: number): void;
  /**
   * The socket is gone. Heard exactly once, whatever the way: a close handshake, a broken line (1006), a refused
   * connection (1006). `words` says what is known, without the address.
   */
  closed(code: number, words: string): void;
}

/** One end of a WebSocket. Sending on a socket that is not open does nothing. */
export interface Socket {
  /** Hear what arrives. Called once, in the turn of the event loop in which the socket was handed over. */
  listen(ear: SocketEar): void;
  sendText(text: string): void;
  sendBinary(bytes: Uint8Array): void;
  /** Asks for a pong, which brings `number` back: up to 2^32 - 1, and 0 unless told. */
  ping(number?: number): void;
  /** Begin the close handshake. */
  close(code: number, words: string): void;
  /** Cut the line at once. */
  terminate(): void;
  /** Stop reading, so that the far end is held back; `resume` reads on. */
  pause(): void;
  resume(): void;
  /** Bytes taken by `send…` that have not left the process yet. */
  readonly unsentBytes: number;
}

export interface OpenSocketOptions {
  headers?: Record<string, string>;
  handshakeTimeoutMs: number;
}

/** Opens a WebSocket to `url`. Never throws: an impossible address is heard as `closed`. */
export type OpenSocket = (url: string, options: OpenSocketOptions) => Socket;

/** The part of `fetch` that is used. */
export type Fetch = (
  url: string,
  init: { method: string; headers: Record<string, string>; body?: string; signal: AbortSignal },
) => Promise<{ status: number; headers: { get(name: string): string | null }; text(): Promise<string> }>;

/** Remembers beyond this process's own end which calls are open at the agent's service. */
export interface OpenCalls {
  opened(vapiCallId: string): void;
  ended(vapiCallId: string): void;
  /** It was to be ended, and that failed: it is tried again. `settled` once it was ended, or given up. */
  notEnded(vapiCallId: string, settled: () => void): void;
}

/** `count` unpredictable bytes. */
export type RandomBytes = (count: number) => Buffer;

export interface Ports {
  clock: Clock;
  openSocket: OpenSocket;
  fetch: Fetch;
  randomBytes: RandomBytes;
}

/** Who can be at an end of a wire. */
export type Party = 'twilio' | 'bridge' | 'vapi';

/** Numbers, yes or no, and words of a protocol. Never an address, a key, a number that was dialled, or a digit pressed. */
export type WireFacts = Readonly<Record<string, string | number | boolean>>;

/**
 * Is told of every message on a call's wires, audio aside, and of every request: by the message's own name. What is said
 * is in it (`text` of a transcript) only where the operator asked for that.
 */
export type Overhear = (from: Party, to: Party, message: string, facts?: WireFacts) => void;

/** What was overheard of a call; times in ms since its start. */
export type Overheard =
  | { type: 'wire'; at: number; from: Party; to: Party; message: string; facts: WireFacts }
  /** A stretch of audible audio on one side, told when it is over. `at` is its end, `from` its beginning. */
  | { type: 'sound'; at: number; side: 'caller' | 'agent'; from: number };
