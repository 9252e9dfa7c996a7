/** Bytes and length of one frame of the caller's line: µ-law at 8 kHz. */
export const FRAME_BYTES = 160;
export const FRAME_MS = 20;

/**
 * A frame says whose it is and which it is in the lowest bits of its samples, which no ear notices, and in its second
 * half, since the bridge may fade in the first.
 */
const MAGIC = 0x5a;
const MAGIC_AT = FRAME_BYTES / 2;
const OWNER_AT = MAGIC_AT + 8;
const PLACE_AT = OWNER_AT + 16;

const SILENCE = Buffer.alloc(FRAME_BYTES, 0xff);
/** A square wave at 1 kHz: loud all through. */
const TONE = Buffer.from(Array.from({ length: FRAME_BYTES }, (_, i) => (i % 8 < 4 ? 0x90 : 0x10)));
/** The same in 16-bit samples at 16 kHz. */
const WIDE_TONE = Buffer.from(
  Int16Array.from({ length: 2 * FRAME_BYTES }, (_, i) => (i % 16 < 8 ? 8000 : -8000)).buffer,
);

/** The sound of a frame of µ-law by its place. It is copied before anything is written into it. */
export type Sound = (place: number) => Uint8Array;

/** What became of the frames of one direction of one call. All but `received` and `flushed` are 0 where nothing is wrong. */
export interface TrackCount {
  received: number;
  /** Dropped by right: the agent was interrupted before they came out. */
  flushed: number;
  lost: number;
  duplicated: number;
  outOfOrder: number;
  /** Came out after the `clear` that should have been their end. */
  stale: number;
  /** Frames of another call, or changed on the way. */
  foreign: number;
}

/** Where the times on the way go, in ms. */
export interface Samples {
  /** Whether times are being taken. */
  open: boolean;
  steady: number[];
  /** Of the first frame of each turn. */
  turnStarts: number[];
}

/**
 * One direction of one call, seen from both its ends: which frames went in and when, and which came out. Both ends are
 * in this process, so the time on the way is measured by one clock.
 */
export interface Track {
  /** The next frame of µ-law, with its owner and its place in it; it counts as sent now. */
  next(now: number): Buffer;
  /** The next frame in 16-bit samples at 16 kHz. A number would not survive their resampling. */
  nextWide(now: number): Buffer;
  /** Takes numbered frames that came out. */
  arrived(mulaw: Buffer, now: number): void;
  /** Takes what came out where frames have no number: the order tells which is which. */
  arrivedInOrder(bytes: Buffer, frameBytes: number, now: number): void;
  /** The next frame begins a turn; what is gathered at its start is measured apart. */
  beginTurn(): void;
  /** What is on its way now need not come out. */
  cut(now: number): void;
  /**
   * What was on its way at the last `cut` must not come out from here on. The rest of a turn that has begun may be held
   * back on purpose from here on: it is not timed.
   */
  cleared(): void;
  readonly sent: number;
  readonly count: TrackCount;
}

/** The frames at a turn's start whose times say how much was gathered, not how long the way is. */
const OPENING_FRAMES = 10;
/** Nothing is on its way longer than this, in ms: what was sent before and did not come out is lost. */
const LONGEST_WAY_MS = 1_000;

/** Makes the track of the call `owner`. Its sound, a tone unless told, is never to be quiet. */
export function createTrack(owner: number, samples: Samples, sound: Sound = () => TONE): Track {
  const sentAt: number[] = [];
  /** How often each frame came out. */
  const seen: number[] = [];
  /** 1 for the first frame of a turn, 2 for the second, and so on; 0 beyond its opening. */
  const opening: number[] = [];
  const droppable = new Set<number>();
  const count = { received: 0, duplicated: 0, outOfOrder: 0, stale: 0, foreign: 0 };
  let latest = -1;
  let turnFrames = OPENING_FRAMES;
  let cutBefore = 0;
  let clearedBefore = 0;
  /** Frames before this one are not timed. */
  let timedFrom = 0;
  let place = 0;
  let bytesInOrder = 0;

  function note(now: number): number {
    turnFrames += 1;
    opening.push(turnFrames <= OPENING_FRAMES ? turnFrames : 0);
    seen.push(0);
    return sentAt.push(now) - 1;
  }

  function take(frame: number, now: number): void {
    const at = sentAt[frame];
    if (at === undefined) {
      count.foreign += 1;
      return;
    }
    const times = (seen[frame] ?? 0) + 1;
    seen[frame] = times;
    if (times === 1) count.received += 1;
    else count.duplicated += 1;
    if (frame < latest) count.outOfOrder += 1;
    if (frame < clearedBefore) count.stale += 1;
    latest = Math.max(latest, frame);
    if (!samples.open || frame < timedFrom) return;
    if (opening[frame] === 0) samples.steady.push(now - at);
    else if (opening[frame] === 1) samples.turnStarts.push(now - at);
  }

  return {
    next(now) {
      const frame = Buffer.from(sound(sentAt.length));
      writeBits(frame, MAGIC_AT, 8, MAGIC);
      writeBits(frame, OWNER_AT, 16, owner);
      writeBits(frame, PLACE_AT, 32, note(now));
      return frame;
    },
    nextWide(now) {
      note(now);
      return WIDE_TONE;
    },
    arrived(mulaw, now) {
      for (let at = 0; at + FRAME_BYTES <= mulaw.length; at += FRAME_BYTES) {
        const frame = mulaw.subarray(at, at + FRAME_BYTES);
        if (readBits(frame, MAGIC_AT, 8) === MAGIC && readBits(frame, OWNER_AT, 16) === owner) {
          take(readBits(frame, PLACE_AT, 32), now);
        } else if (!frame.equals(SILENCE)) count.foreign += 1;
      }
    },
    arrivedInOrder(bytes, frameBytes, now) {
      bytesInOrder += bytes.length;
      for (; bytesInOrder >= frameBytes; bytesInOrder -= frameBytes) {
        // After the last frame there may be the silence that stands in for a caller who sends nothing.
        if (place < sentAt.length) take(place, now);
        place += 1;
      }
    },
    beginTurn() {
      turnFrames = 0;
      timedFrom = Math.min(timedFrom, sentAt.length);
    },
    cut(now) {
      for (let frame = sentAt.length - 1; frame >= cutBefore; frame -= 1) {
        if (now - (sentAt[frame] ?? 0) > LONGEST_WAY_MS) break;
        if (seen[frame] === 0) droppable.add(frame);
      }
      cutBefore = sentAt.length;
    },
    cleared() {
      clearedBefore = cutBefore;
      if (turnFrames > 0) timedFrom = Number.POSITIVE_INFINITY;
    },
    get sent() {
      return sentAt.length;
    },
    get count() {
      const flushed = [...droppable].filter((frame) => seen[frame] === 0).length;
      return { ...count, flushed, lost: sentAt.length - count.received - flushed };
    },
  };
}

function writeBits(frame: Buffer, at: number, bits: number, value: number): void {
  for (let i = 0; i < bits; i += 1) frame[at + i] = ((frame[at + i] ?? 0) & 0xfe) | ((value >>> i) & 1);
}

function readBits(frame: Buffer, at: number, bits: number): number {
  let value = 0;
  for (let i = 0; i < bits; i += 1) value |= ((frame[at + i] ?? 0) & 1) << i;
  return value >>> 0;
}
