/** The edges of the agent's path that its jitter buffer and the call want to know. */
export type PlayoutEdge =
  | {
      type:
        | 'pipe.started'
        | 'pipe.primed'
        | 'pipe.emptied'
        | 'pipe.stalled'
        | 'pipe.overflowed'
        | 'pipe.relieved'
        | 'pipe.renewed';
    }
  | { type: 'agent.began'; receivedAt: number }
  | { type: 'agent.finished' }
  | { type: 'agent.flushed'; chunks: number; flushedMs: number; heardMs: number }
  | { type: 'agent.paused'; keptMs: number; heardMs: number }
  /** Told before the audio is sent: so much is left to be played, the repeated included. */
  | { type: 'agent.resumed'; repeatedMs: number; leftMs: number }
  | { type: 'agent.finishing'; leftMs: number };

/** The caller's ear, as Twilio lets us reach it. */
export interface CallerEar {
  /** Queues audio: a multiple of 160 bytes of µ-law. */
  media(mulaw: Uint8Array): void;
  /** Asks to be told when everything queued so far was played. */
  mark(name: string): void;
  /** Empties the queue at once. */
  clear(): void;
}

/** Who keeps in mind what the caller's ear is given, so as to know its echo. Times are the clock's. */
export interface PlayedEar {
  /** These frames are played from `fromMs` on. */
  playing(mulaw: Uint8Array, fromMs: number): void;
  /** What was to be played from `atMs` on is not. */
  cut(atMs: number): void;
}
