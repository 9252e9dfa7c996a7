import type { Clock } from '../ports.ts';

const BYTES_PER_MS = 8;
const FRAME_BYTES = 160;
/** Sent audio is kept this long after it must have been heard, in bytes: 2 s, should its marks not come back. */
const SPARE_BYTES = 16_000;

/**
 * What Twilio was given, what of it the caller has heard, and what not.
 *
 * Twilio plays its queue in real time and sends a mark back when everything before it was played. After a `clear` it
 * sends all outstanding marks back too, just as if they had been played; so every mark's name carries the generation,
 * which ends with each `clear`, and marks of an old generation mean nothing.
 */
export interface PlayoutLedger {
  /** Audio was given to Twilio. */
  sent(frames: Buffer, audible: boolean): void;
  /** The name of the mark to send now: `g<generation>:<bytes sent in this generation>`. */
  mark(): string;
  /** A mark came back. False when it is none of this generation's, or none that was ever sent. */
  marked(name: string): boolean;
  /** A turn of the agent begins with the last `bytes` of what was sent. */
  beginTurn(bytes: number): void;
  /** Everything unheard is taken back: a new generation begins. Returns the unheard audio, oldest first. */
  cut(): Buffer[];
  /** The marks are not coming back: what was audible counts as played. */
  assumePlayed(): void;
  /** At Twilio and not played yet, by the clock, in ms. */
  unplayedMs(): number;
  /** How long ago everything sent must have been played, in ms; 0 before. */
  dryMs(): number;
  /** How long ago everything audible must have been played, in ms; negative before. */
  overdueMs(): number;
  /** How much of this turn the caller has heard, in ms: by the last mark and the time since, never more than sent. */
  heardOfTurnMs(): number;
  readonly sentBytes: number;
  readonly unmarkedBytes: number;
  /** Whether audible audio was sent since the last mark. */
  readonly audibleUnmarked: boolean;
  /** Whether the last audible audio is known to be played. */
  readonly audiblePlayed: boolean;
}

/** Makes the ledger of one call. */
export function createPlayoutLedger(clock: Clock): PlayoutLedger {
  let generation = 1;
  let sentBytes = 0;
  /** Offsets within this generation, in bytes. */
  let sentOffset = 0;
  let markOffset = 0;
  /** Played, as a mark has proven. */
  let provenOffset = 0;
  let audibleOffset = 0;
  let turnOffset = 0;
  /** When the clock says that everything sent, and everything audible, will have been played. */
  let endsAt = Number.NEGATIVE_INFINITY;
  let audibleEndsAt = Number.NEGATIVE_INFINITY;
  /** A moment at which the caller's ear was at a known place: the last mark, or the start after silence. */
  let anchorOffset = 0;
  let anchorAt = 0;
  /** Sent and not known to be played, oldest first; the first begins at `keptOffset`. */
  let kept: Buffer[] = [];
  let keptOffset = 0;

  /** Where the caller's ear is: what marks have proven, and since the last of them real time, never past what was sent. */
  function heardOffset(): number {
    const elapsed = (clock.now() - anchorAt) * BYTES_PER_MS;
    const offset = Math.min(sentOffset, anchorOffset + elapsed);
    return offset - (offset % FRAME_BYTES);
  }

  function forgetBefore(offset: number): void {
    for (let first = kept[0]; first && keptOffset + first.length <= offset; first = kept[0]) {
      keptOffset += first.length;
      kept.shift();
    }
  }

  return {
    sent(frames, audible) {
      const now = clock.now();
      // After silence the ear starts anew with this audio; time that passed in silence is nothing heard.
      if (endsAt <= now) {
        anchorOffset = sentOffset;
        anchorAt = now;
      }
      endsAt = Math.max(endsAt, now) + frames.length / BYTES_PER_MS;
      kept.push(frames);
      sentOffset += frames.length;
      sentBytes += frames.length;
      if (audible) {
        audibleOffset = sentOffset;
        audibleEndsAt = endsAt;
      }
      forgetBefore(heardOffset() - SPARE_BYTES);
    },
    mark() {
      markOffset = sentOffset;
      return `g${generation}:${sentOffset}`;
    },
    marked(name) {
      const [, ofGeneration, offset] = /^g(\d+):(\d+)$/.exec(name) ?? [];
      if (Number(ofGeneration) !== generation || Number(offset) > markOffset) return false;
      provenOffset = Math.max(provenOffset, Number(offset));
      forgetBefore(provenOffset);
      if (provenOffset > anchorOffset) {
        anchorOffset = provenOffset;
        anchorAt = clock.now();
      }
      return true;
    },
    beginTurn(bytes) {
      turnOffset = sentOffset - bytes;
    },
    cut() {
      const from = heardOffset();
      forgetBefore(from);
      const [first, ...rest] = kept;
      const unheard = first ? [first.subarray(Math.max(0, from - keptOffset)), ...rest] : [];
      generation += 1;
      sentOffset = 0;
      markOffset = 0;
      provenOffset = 0;
      audibleOffset = 0;
      turnOffset = 0;
      anchorOffset = 0;
      keptOffset = 0;
      kept = [];
      endsAt = Number.NEGATIVE_INFINITY;
      audibleEndsAt = Number.NEGATIVE_INFINITY;
      return unheard.filter((frames) => frames.length > 0);
    },
    assumePlayed() {
      provenOffset = Math.max(provenOffset, audibleOffset);
      forgetBefore(provenOffset);
    },
    unplayedMs: () => Math.max(0, endsAt - clock.now()),
    dryMs: () => Math.max(0, clock.now() - endsAt),
    overdueMs: () => clock.now() - audibleEndsAt,
    heardOfTurnMs: () => Math.max(0, heardOffset() - turnOffset) / BYTES_PER_MS,
    get sentBytes() {
      return sentBytes;
    },
    get unmarkedBytes() {
      return sentOffset - markOffset;
    },
    get audibleUnmarked() {
      return audibleOffset > markOffset;
    },
    get audiblePlayed() {
      return provenOffset >= audibleOffset;
    },
  };
}
