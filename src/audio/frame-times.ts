const FRAME_MS = 20;
/** A hole this long is a pause of the line, not a delay of the network. */
const PAUSE_MS = 1_000;
/** A lasting delay is believed at this share of it a frame: two thirds of it in a second. */
const BELIEF = 0.02;

/** Tells when a frame that arrives at `nowMs` ended, by the clock, but for the delay that all frames have. */
export type FrameTimes = (nowMs: number) => number;

/**
 * Frames are spoken one every 20 ms and arrive as the network pleases, some in clumps after a stall. So a frame ends
 * 20 ms after the one before it, though never after it arrived; and where frames keep arriving later than that, as
 * they do when the line sent none for a while, the times follow.
 */
export function createFrameTimes(): FrameTimes {
  let endAt = Number.NEGATIVE_INFINITY;
  return (nowMs) => {
    const late = nowMs - endAt - FRAME_MS;
    endAt = late > PAUSE_MS ? nowMs : Math.min(nowMs, endAt + FRAME_MS + Math.max(0, late) * BELIEF);
    return endAt;
  };
}
