import type { AudioFormat } from '../../src/audio/agent-format.ts';
import type { Figures } from '../../src/call/open-call.ts';
import { codedAudio, placeOf, raised } from './coded-audio.ts';
import type { Report } from './invariants.ts';

const FRAME_MS = 20;
const FRAME_BYTES = 160;
const SILENT_FRAME = Buffer.alloc(FRAME_BYTES, 0xff);

export interface CallerJudgeOptions {
  call: number;
  format: AudioFormat;
  connectFrames: number;
  report: Report;
}

/** Holds the caller's audio, as it comes out at the agent, against what the phone put in. */
export interface CallerJudge {
  /** A frame of the caller reached the bridge. */
  frameArrived(): void;
  /** The bridge says that the pre-roll went out. */
  forwarded(prerollMs: number): void;
  /** The agent's socket is about to be left by the bridge: what came later need not arrive. */
  left(): void;
  /** An agent is lost: what was under way to it is heard by nobody, and not said again. */
  lost(): void;
  /** Bytes reached the agent. */
  agentGot(bytes: Buffer): void;
  /**
   * The call is over. `undisturbed`: nothing befell either line, nor the flow of frames. `heardOut`: the agent listened
   * until the bridge said goodbye.
   */
  ended(figures: Figures, undisturbed: boolean, heardOut: boolean): void;
}

export function createCallerJudge({ call, format, connectFrames, report }: CallerJudgeOptions): CallerJudge {
  const ratio = format === 'mulaw' ? 1 : 4;
  let arrived = 0;
  let arrivedBeforeLeaving: number | null = null;
  let prerollMs: number | null = null;
  let arrivedAtRelease = 0;
  let next = 0;
  let skipped = 0;
  let losing = false;
  let silent = 0;
  let got = 0;

  function take(heard: Buffer): void {
    got += 1;
    if (format !== 'mulaw') return;
    if (heard.equals(SILENT_FRAME)) {
      silent += 1;
      return;
    }
    const frame = raised(heard);
    const place = placeOf(frame);
    const index = place && place.turn === 0 && place.call === call ? place.offset / FRAME_BYTES : -1;
    if (index < next || !frame.equals(codedAudio(call, 0, index * FRAME_MS, FRAME_MS))) {
      report('caller', `the agent heard frame ${index} where frame ${next} was due`);
      return;
    }
    if (!losing) skipped += index - next;
    losing = false;
    next = index + 1;
  }

  return {
    frameArrived() {
      arrived += 1;
    },
    forwarded(ms) {
      prerollMs ??= ms;
      arrivedAtRelease = arrived;
    },
    left() {
      arrivedBeforeLeaving ??= arrived;
    },
    lost() {
      losing = true;
    },
    agentGot(bytes) {
      const size = FRAME_BYTES * ratio;
      if (bytes.length === 0 || bytes.length % size !== 0) {
        report('caller', `the agent was sent ${bytes.length} bytes, which are no whole frames`);
        return;
      }
      for (let at = 0; at < bytes.length; at += size) take(bytes.subarray(at, at + size));
    },
    ended({ droppedFrames, gapFilledMs, prerollMs: told }, undisturbed, heardOut) {
      if (told !== prerollMs) report('figures', `prerollMs is ${told}, but ${prerollMs} was forwarded`);
      if (skipped > droppedFrames)
        report(
          'caller',
          `${skipped} frames never reached the agent, and only ${droppedFrames} count as dropped`,
        );
      if (silent * FRAME_MS > gapFilledMs)
        report(
          'caller',
          `${silent * FRAME_MS} ms of silence were heard, and only ${gapFilledMs} count as filled`,
        );
      if (!undisturbed) return;
      if (gapFilledMs > 0) report('figures', `${gapFilledMs} ms count as filled on a line without a gap`);
      if (prerollMs === null) return;
      const overflow = Math.max(0, arrivedAtRelease - connectFrames);
      if (droppedFrames !== overflow)
        report('figures', `droppedFrames is ${droppedFrames}, but there was no room for ${overflow}`);
      const held = Math.min(arrivedAtRelease, connectFrames) * FRAME_MS;
      if (told !== held) report('figures', `prerollMs is ${told}, but ${held} ms were there`);
      const due = (arrivedBeforeLeaving ?? arrived) - overflow;
      if (heardOut && arrivedBeforeLeaving !== null && got !== due)
        report('caller', `the agent got ${got} of ${due} frames that came before the end`);
    },
  };
}
