import { isQuiet } from './mulaw.ts';
import type { PlayoutEdge } from './playout-edges.ts';
import type { PlayoutLedger } from './playout-ledger.ts';

const FRAME_BYTES = 160;

export interface PlayoutTurnOptions {
  ledger: PlayoutLedger;
  tell(edge: PlayoutEdge): void;
  attend(outstanding: boolean): void;
}

/** A turn of the agent at the caller's ear: from its first audible frame until its last is played, through all pauses. */
export interface PlayoutTurn {
  /** Audible audio came from the agent. */
  arrived(now: number): void;
  /** Audible audio was sent just now. */
  sent(frames: Buffer, now: number): void;
  /** The ear is silenced: what is not heard by now comes later, or never. */
  silenced(): void;
  /** It goes on so many ms before where it was silenced; after that where negative. */
  rewound(ms: number): void;
  /** What was not heard is dropped. */
  dropped(): void;
  /** Everything audible was played. */
  ended(): void;
  /** Whether audible audio is to come for the ear, at Twilio or kept. */
  attend(outstanding: boolean): void;
  /** How far the caller has heard it, in ms. */
  heardMs(): number;
  /** How much of that is still to be heard, or might be, once more. */
  repeatsMs(): number;
  /** Whether the caller hears it: audible audio is at Twilio and not known to be played. */
  readonly heard: boolean;
}

/** Makes the turns of one call, one after the other. */
export function createPlayoutTurn({ ledger, tell, attend: tellAttention }: PlayoutTurnOptions): PlayoutTurn {
  let heard = false;
  /** Whether some of it was sent; it may have been paused since. */
  let begun = false;
  /** When the first audible audio of it came from the agent. */
  let arrivedAt: number | null = null;
  /** Where in it what was sent since the last pause begins, and how far it was heard before that. */
  let fromMs = 0;
  let furthestMs = 0;
  let attending = false;

  function attend(outstanding: boolean): void {
    if (attending === outstanding) return;
    attending = outstanding;
    tellAttention(outstanding);
  }

  function reset(): void {
    heard = false;
    begun = false;
    arrivedAt = null;
    fromMs = 0;
    furthestMs = 0;
    attend(false);
  }

  const placeMs = () => fromMs + (heard ? ledger.heardOfTurnMs() : 0);
  const heardMs = () => Math.max(furthestMs, placeMs());

  return {
    arrived(now) {
      arrivedAt ??= now;
    },
    sent(frames, now) {
      if (heard) return;
      if (!begun) {
        let quietBytes = 0;
        while (isQuiet(frames, quietBytes, quietBytes + FRAME_BYTES)) quietBytes += FRAME_BYTES;
        ledger.beginTurn(frames.length - quietBytes);
      }
      heard = true;
      begun = true;
      attend(true);
      tell({ type: 'agent.began', receivedAt: arrivedAt ?? now });
    },
    silenced() {
      furthestMs = heardMs();
      fromMs = placeMs();
      heard = false;
    },
    rewound(ms) {
      if (begun) fromMs -= ms;
    },
    dropped: reset,
    ended() {
      reset();
      tell({ type: 'agent.finished' });
    },
    attend,
    heardMs,
    repeatsMs: () => heardMs() - placeMs(),
    get heard() {
      return heard;
    },
  };
}
