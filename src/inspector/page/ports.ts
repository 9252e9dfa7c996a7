/** What the page may ask of the world. Types only; `browser.ts` has the world itself. */

/** One end of a WebSocket, as the page uses it. */
export interface FeedSocket {
  send(text: string): void;
  close(): void;
}

/** What a socket is heard to say. `closed` is heard once, however it ended. */
export interface FeedEar {
  opened(): void;
  text(text: string): void;
  closed(): void;
}

export interface Time {
  /** Milliseconds since 1970. */
  now(): number;
  /** Returns what takes it back. */
  after(ms: number, fn: () => void): () => void;
}

/** An answer of the server: its status (0: none came), and its body. */
export interface Answer {
  status: number;
  text: string;
}
