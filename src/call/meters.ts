import { levelDb, SILENT_DB } from '../audio/level.ts';
import type { PlayoutOptions } from '../audio/playout.ts';
import type { Clock } from '../ports.ts';

type CallerEar = PlayoutOptions['ear'];

const FRAME_BYTES = 160;
const BYTES_PER_MS = 8;
/** Frames come every 20 ms, with a jitter of a few; a caller that brings none for so long, in ms, is silent. */
const STALE_MS = 120;

/** How loud the two sides of a call are. Only the newest audio is kept; what it comes to is told when asked. */
export interface Meters {
  /** A frame of the caller has come. */
  callerFrame(mulaw: Uint8Array): void;
  /** The same ear, listened at. */
  at(ear: CallerEar): CallerEar;
  /** `[caller, agent]` in dBFS: of the caller's last frame, and of the frame of the agent that is being played. */
  readonly levels: readonly [callerDb: number, agentDb: number];
}

/** Makes the meters of one call. `leadMs` is how much of the agent's audio is at Twilio and not played yet. */
export function createMeters({ now }: Pick<Clock, 'now'>, leadMs: () => number): Meters {
  let heard: Uint8Array | null = null;
  let heardAt = 0;
  let said: Uint8Array | null = null;

  function agentDb(): number {
    const left = Math.round(leadMs() * BYTES_PER_MS);
    if (!said || left <= 0) return SILENT_DB;
    const start = Math.min(Math.max(0, said.length - left), Math.max(0, said.length - FRAME_BYTES));
    return levelDb(said, start, Math.min(said.length, start + FRAME_BYTES));
  }

  return {
    callerFrame(mulaw) {
      heard = mulaw;
      heardAt = now();
    },
    at: (ear) => ({
      media(mulaw) {
        said = mulaw;
        ear.media(mulaw);
      },
      mark: ear.mark,
      clear() {
        said = null;
        ear.clear();
      },
    }),
    get levels() {
      const callerDb = heard && now() - heardAt < STALE_MS ? levelDb(heard) : SILENT_DB;
      return [callerDb, agentDb()] as const;
    },
  };
}
