import { type Coded, codedFrame, nearestPlace } from './coded-frames.ts';

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
  /** Cuts that no `clear` answered though something was still to be heard, and those where nothing was. */
  missedClears: number;
  needlessClears: number;
}

/**
 * One direction of one call, seen from both its ends: which frames went in and when, and which came out. Both ends are
 * in this process, so the time on the way is measured by one clock.
 */
export interface Track {
  /** The next frame of µ-law, with its owner and its place in it; it counts as sent now. */
  next(now: number): Buffer;
  /** The next frame as one that says its place by how loud its parts are, which resampling leaves as it is. */
  nextCoded(now: number): Coded;
  /** Takes numbered frames that came out. */
  arrived(mulaw: Buffer, now: number): void;
  /** Takes one whole frame whose place was read off its loudness. */
  arrivedCoded(code: number | 'silence' | 'foreign', now: number): void;
  /** The next frame begins a turn; what is gathered at its start is measured apart. */
  beginTurn(): void;
  /** What is on its way now need not come out. What has come out is to be heard until `heardUntil`. */
  cut(now: number, heardUntil: number): void;
  /**
   * The oldest `cut` that nothing has answered is answered: what was on its way then must not come out from here on. The
   * rest of a turn that has begun may be held back on purpose from here on: it is not timed. Returns when that cut was;
   * `null` where there is none.
   */
  cleared(): number | null;
  readonly sent: number;
  readonly count: TrackCount;
  /** How many of the frames from the place `from` up to `to` have not come out, and were to. */
  missingBetween(from: number, to: number): number;
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
  /** Cuts that are not answered yet, and the place from which on frames are of a turn after each. */
  const cuts: Array<{ at: number; before: number; heardUntil: number }> = [];
  let lastWayMs = 0;
  /** Frames before this one are not timed. */
  let timedFrom = 0;

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
    // The answer to a cut comes before all frames after it, or not at all: a server that is late may have been told of
    // it when all that it had sent was over.
    for (let cut = cuts[0]; cut && frame >= cut.before; cut = cuts[0]) {
      cuts.shift();
      if (cut.heardUntil > cut.at + Math.max(lastWayMs, now - at)) samples.missedClears += 1;
      else samples.needlessClears += 1;
    }
    lastWayMs = now - at;
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
    nextCoded: (now) => codedFrame(note(now)),
    arrived(mulaw, now) {
      for (let at = 0; at + FRAME_BYTES <= mulaw.length; at += FRAME_BYTES) {
        const frame = mulaw.subarray(at, at + FRAME_BYTES);
        if (readBits(frame, MAGIC_AT, 8) === MAGIC && readBits(frame, OWNER_AT, 16) === owner) {
          take(readBits(frame, PLACE_AT, 32), now);
        } else if (!frame.equals(SILENCE)) count.foreign += 1;
      }
    },
    arrivedCoded(code, now) {
      if (code === 'foreign') count.foreign += 1;
      if (typeof code === 'number') take(nearestPlace(code, latest + 1), now);
    },
    beginTurn() {
      turnFrames = 0;
      timedFrom = Math.min(timedFrom, sentAt.length);
    },
    cut(now, heardUntil) {
      for (let frame = sentAt.length - 1; frame >= cutBefore; frame -= 1) {
        if (now - (sentAt[frame] ?? 0) > LONGEST_WAY_MS) break;
        if (seen[frame] === 0) droppable.add(frame);
      }
      cutBefore = sentAt.length;
      cuts.push({ at: now, before: cutBefore, heardUntil });
    },
    cleared() {
      if (turnFrames > 0) timedFrom = Number.POSITIVE_INFINITY;
      const cut = cuts.shift();
      if (!cut) return null;
      clearedBefore = cut.before;
      return cut.at;
    },
    get sent() {
      return sentAt.length;
    },
    get count() {
      const flushed = [...droppable].filter((frame) => seen[frame] === 0).length;
      return { ...count, flushed, lost: sentAt.length - count.received - flushed };
    },
    missingBetween(from, to) {
      let missing = 0;
      for (let frame = from; frame < to; frame += 1)
        if (seen[frame] === 0 && !droppable.has(frame)) missing += 1;
      return missing;
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
