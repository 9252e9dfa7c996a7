import type { VapiCallLine, VapiMind } from '../../src/simulation/vapi-line.ts';
import { FRAME_MS } from '../track.ts';

/**
 * How they talk, in ms: an agent speaks and pauses, so that the caller comes to the end of what was late; a caller speaks
 * in the agent's pauses, unless it is measured and speaks on.
 */
const TURN_MS = 3_000;
const PAUSE_MS = 1_500;

const agentSpeaks = (frame: number) => (frame * FRAME_MS) % (TURN_MS + PAUSE_MS) < TURN_MS;

/** Whether a caller speaks in its `frame`-th frame. */
export const callerSpeaks = (frame: number) => !agentSpeaks(frame);

/** An agent that says what it has to say when its time comes, and no sooner than it is asked by `tick`. */
export interface SoakMind extends VapiMind {
  tick(now: number): void;
}

export function createSoakMind(
  line: VapiCallLine,
  nextFrame: (now: number) => Uint8Array,
  heard: (bytes: Buffer) => void,
): SoakMind {
  const openedAt = performance.now();
  let frames = 0;
  let speaking = false;
  return {
    tick(now) {
      for (; openedAt + frames * FRAME_MS <= now; frames += 1) {
        const speaks = agentSpeaks(frames);
        const status = speaks ? 'started' : 'stopped';
        if (speaks !== speaking) line.sendMessage({ type: 'speech-update', role: 'assistant', status });
        speaking = speaks;
        if (speaks) line.sendAudio(nextFrame(now));
      }
    },
    opened() {},
    audio: heard,
    message() {},
    closed() {},
  };
}
