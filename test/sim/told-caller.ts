import { codedAudio, hushed } from './coded-audio.ts';
import type { CallerOptions, SimCaller } from './sim-caller.ts';
import type { Told } from './told.ts';

const FRAME_MS = 20;

/** A caller who can be heard when that is told, and at no other time. */
export function createToldCaller(
  { clock, call, stream }: CallerOptions,
  { rangAt, spoken }: { rangAt: number; spoken: Told['spoken'] },
): SimCaller {
  let beganAt: number | null = null;
  let mutedUntil = 0;
  let sentFrames = 0;

  return {
    begin() {
      beganAt = clock.now();
    },
    frame() {
      const now = clock.now();
      if (beganAt === null || !stream.streaming || now < mutedUntil) return;
      const told = now - rangAt;
      // A frame that ends within a stretch of sound is part of it.
      const heard = spoken.some(({ at, forMs }) => at < told && told <= at + forMs);
      const frame = codedAudio(call, 0, sentFrames * FRAME_MS, FRAME_MS);
      const atMs = Math.floor((now - beganAt) / FRAME_MS) * FRAME_MS;
      if (stream.sendFrame(heard ? frame : hushed(frame), atMs)) sentFrames += 1;
    },
    mute(ms) {
      mutedUntil = clock.now() + ms;
    },
    end() {},
    get sentFrames() {
      return sentFrames;
    },
  };
}
