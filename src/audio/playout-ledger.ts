import type { Clock } from '../ports.ts';
import { createPlayoutLag } from './playout-lag.ts';

const BYTES_PER_MS = 8;
const FRAME_BYTES = 160;
/** Sent audio is kept this long after it must have been heard, in bytes: 2 s, should its marks not come back. */
const SPARE_BYTES = 16_000;
/** Forgotten at once, in bytes, where no mark comes back to forget by: half a second. */
const MANY_BYTES = 4_000;
/** What was heard just before an interruption is given back with it, in bytes: 240 ms, a word's beginning. */
const REWIND_BYTES = 1_920;
/** As far as the place of the caller's ear is uncertain, in bytes: 20 ms, for messages are not equally long under way. */
const UNCERTAIN_BYTES = 160;
/** Marks of so much audio after an empty queue tell the round trip, in bytes: 500 ms. */
const EARLY_BYTES = 4_000;
/**
 * So much audio at most goes without a mark, in bytes: 100 ms while the round trip is being learnt and where the agent has
 * fallen silent, 300 ms else. A mark and its return cost as much as two frames, and between two of them the schedule
 * tells the ear's place as well.
 */
const EARLY_MARK_BYTES = 800;
const MARK_BYTES = 2_400;

/** What is taken back of what was sent, in whole frames, oldest first. */
export interface TakenBack {
  /** The last of what was surely heard of this turn: at most 240 ms before the ear. */
  heard: Buffer[];
  /** What follows it: everything that was not surely heard. */
  unheard: Buffer[];
  /** So many bytes of `unheard` have been heard by the clock all the same. */
  overlap: number;
}

/**
 * What Twilio was given, what of it the caller has heard, and what not.
 *
 * Twilio plays its queue in real time and sends a mark back when everything before it was played. After a `clear` it
 * sends all outstanding marks back too, just as if they had been played; so every mark's name carries the generation,
 * which ends with each `clear`, and marks of an old generation mean nothing.
 *
 * All times are those of a message sent now: what the ear will have played when that message gets to Twilio.
 */
export interface PlayoutLedger {
  /**
   * Audio is given to Twilio; `audibleBytes` of it reach to the last audible sample, and none where it is quiet. Returns
   * the time at which its first sample is played.
   */
  sent(frames: Buffer, audibleBytes: number): number;
  /** The name of the mark to send now: `g<generation>:<bytes sent in this generation>`. */
  mark(): string;
  /** A mark came back. False when it is none of this generation's, or none that was ever sent. */
  marked(name: string): boolean;
  /** A turn of the agent begins with the last `bytes` of what was sent. */
  beginTurn(bytes: number): void;
  /** Everything unheard is taken back: a new generation begins. */
  cut(): TakenBack;
  /** The marks are not coming back: what was audible counts as played. */
  assumePlayed(): void;
  /** At Twilio and not played yet, in ms. */
  unplayedMs(): number;
  /** How long ago everything sent must have been played, in ms; 0 before. */
  dryMs(): number;
  /** How long ago everything audible must have been played, in ms; negative before. */
  overdueMs(): number;
  /** How much of this turn the caller has heard, in whole ms; never more than sent, nor less than marks have proven. */
  heardOfTurnMs(): number;
  /** How much of what was sent the caller has not heard, in whole ms. */
  unheardMs(): number;
  readonly sentBytes: number;
  /** How much may still be sent before the next mark, in bytes, as long as it is audible; none: it is due. */
  readonly unmarkedRoom: number;
  /** Whether audible audio was sent since the last mark. */
  readonly audibleUnmarked: boolean;
  /** Whether the last audible audio is known to be played. */
  readonly audiblePlayed: boolean;
}

/** Makes the ledger of one call. */
export function createPlayoutLedger(clock: Clock): PlayoutLedger {
  const lag = createPlayoutLag();
  let generation = 1;
  let sentBytes = 0;
  /** Offsets within this generation, in bytes. */
  let sentOffset = 0;
  let markOffset = 0;
  /** Played, as a mark has proven. */
  let provenOffset = 0;
  let audibleOffset = 0;
  let turnOffset = 0;
  /** The schedule: what was sent from `startOffset` on is played from `startAt` on, without a break. */
  let startOffset = 0;
  let startAt = Number.NEGATIVE_INFINITY;
  /** When everything audible will have been played. */
  let audibleEndsAt = Number.NEGATIVE_INFINITY;
  /** Sent and perhaps to be given back, oldest first; the first begins at `keptOffset`. */
  let kept: Buffer[] = [];
  let keptOffset = 0;

  const endsAt = () => startAt + (sentOffset - startOffset) / BYTES_PER_MS + lag.behindMs;

  /** Where the schedule has the ear: past what was sent where it waits for more, before the start where it is late. */
  const dueOffset = (now: number) => startOffset + (now - startAt - lag.behindMs) * BYTES_PER_MS;

  /** Where the ear is, by the schedule and by what marks have proven. */
  function heardOffset(now: number): number {
    const offset = Math.max(provenOffset, startOffset, Math.min(sentOffset, dueOffset(now)));
    return offset - (offset % BYTES_PER_MS);
  }

  /** Up to where everything was heard for certain, in whole frames. */
  function certainOffset(now: number): number {
    const offset = Math.max(provenOffset, Math.min(sentOffset, dueOffset(now) - UNCERTAIN_BYTES));
    return offset - (offset % FRAME_BYTES);
  }

  function forgetBefore(offset: number): void {
    let gone = 0;
    for (let next = kept[0]; next && keptOffset + next.length <= offset; next = kept[gone]) {
      keptOffset += next.length;
      gone += 1;
    }
    if (gone > 0) kept.splice(0, gone);
  }

  /** What is kept from byte `from` up to byte `to`. */
  function keptBetween(from: number, to: number): Buffer[] {
    const found: Buffer[] = [];
    let start = keptOffset;
    for (const frames of kept) {
      const part = frames.subarray(Math.max(0, from - start), Math.max(0, to - start));
      if (part.length > 0) found.push(part);
      start += frames.length;
    }
    return found;
  }

  return {
    sent(frames, audibleBytes) {
      const now = clock.now();
      let playsAt = endsAt();
      if (playsAt <= now) {
        startOffset = sentOffset;
        startAt = now;
        playsAt = now;
        lag.restart();
      }
      kept.push(frames);
      sentOffset += frames.length;
      sentBytes += frames.length;
      if (audibleBytes > 0) {
        audibleOffset = sentOffset - frames.length + audibleBytes;
        audibleEndsAt = playsAt + audibleBytes / BYTES_PER_MS;
      }
      if (sentOffset - keptOffset > SPARE_BYTES + MANY_BYTES) forgetBefore(heardOffset(now) - SPARE_BYTES);
      return playsAt;
    },
    mark() {
      markOffset = sentOffset;
      return `g${generation}:${sentOffset}`;
    },
    marked(name) {
      const [, ofGeneration, digits] = /^g(\d+):(\d+)$/.exec(name) ?? [];
      const offset = Number(digits);
      if (Number(ofGeneration) !== generation || offset > markOffset) return false;
      if (offset > provenOffset && offset > startOffset) {
        const sinceStart = offset - startOffset;
        lag.marked(clock.now() - startAt - sinceStart / BYTES_PER_MS, sinceStart <= EARLY_BYTES);
      }
      provenOffset = Math.max(provenOffset, offset);
      forgetBefore(provenOffset - REWIND_BYTES);
      return true;
    },
    beginTurn(bytes) {
      turnOffset = sentOffset - bytes;
    },
    cut() {
      const now = clock.now();
      const ear = heardOffset(now);
      const from = certainOffset(now);
      const rewound = Math.ceil((ear - REWIND_BYTES) / FRAME_BYTES) * FRAME_BYTES;
      const takenBack = {
        heard: keptBetween(Math.max(turnOffset, rewound), from),
        unheard: keptBetween(from, sentOffset),
        overlap: ear - from,
      };
      generation += 1;
      sentOffset = 0;
      markOffset = 0;
      provenOffset = 0;
      audibleOffset = 0;
      turnOffset = 0;
      startOffset = 0;
      startAt = Number.NEGATIVE_INFINITY;
      audibleEndsAt = Number.NEGATIVE_INFINITY;
      lag.restart();
      kept = [];
      keptOffset = 0;
      return takenBack;
    },
    assumePlayed() {
      provenOffset = Math.max(provenOffset, audibleOffset);
      forgetBefore(provenOffset - REWIND_BYTES);
    },
    unplayedMs: () => Math.max(0, endsAt() - clock.now()),
    dryMs: () => Math.max(0, clock.now() - endsAt()),
    overdueMs: () => clock.now() - audibleEndsAt,
    heardOfTurnMs: () => Math.max(0, heardOffset(clock.now()) - turnOffset) / BYTES_PER_MS,
    unheardMs: () => (sentOffset - heardOffset(clock.now())) / BYTES_PER_MS,
    get sentBytes() {
      return sentBytes;
    },
    get unmarkedRoom() {
      const often = markOffset - startOffset < EARLY_BYTES || sentOffset > audibleOffset;
      return Math.max(0, (often ? EARLY_MARK_BYTES : MARK_BYTES) - (sentOffset - markOffset));
    },
    get audibleUnmarked() {
      return audibleOffset > markOffset;
    },
    get audiblePlayed() {
      return provenOffset >= audibleOffset;
    },
  };
}
