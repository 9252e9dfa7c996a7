import { isQuiet } from './mulaw.ts';

const FRAME_BYTES = 160;

/** The agent's audio that waits to be sent, in whole frames. */
export interface PlayoutQueue {
  push(frames: Buffer): void;
  /** Takes the next audio out: at most `bytes` of it, without copying where one buffer has it. */
  take(bytes: number): Buffer;
  /** Puts audio before everything that waits. */
  putBack(frames: Buffer[]): void;
  /** Drops the quiet frames at the head, all but `keep` bytes of them. Returns how many bytes it dropped. */
  skipQuiet(keep: number): number;
  clear(): void;
  readonly bytes: number;
  /** Whether any of it is audible. */
  readonly audible: boolean;
}

/** Makes the queue of one call. */
export function createPlayoutQueue(): PlayoutQueue {
  let queue: Buffer[] = [];
  let bytes = 0;

  function take(most: number): Buffer {
    const first = queue[0];
    if (first && first.length > most) {
      queue[0] = first.subarray(most);
      bytes -= most;
      return first.subarray(0, most);
    }
    const parts: Buffer[] = [];
    let gathered = 0;
    for (let next = queue[0]; next && gathered + next.length <= most; next = queue[0]) {
      parts.push(next);
      gathered += next.length;
      queue.shift();
    }
    bytes -= gathered;
    return parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts, gathered);
  }

  function quietBytes(): number {
    let quiet = 0;
    for (const frames of queue) {
      for (let at = 0; at < frames.length; at += FRAME_BYTES, quiet += FRAME_BYTES) {
        if (!isQuiet(frames, at, at + FRAME_BYTES)) return quiet;
      }
    }
    return quiet;
  }

  return {
    push(frames) {
      queue.push(frames);
      bytes += frames.length;
    },
    take,
    putBack(frames) {
      queue = [...frames.filter(({ length }) => length > 0), ...queue];
      for (const { length } of frames) bytes += length;
    },
    skipQuiet(keep) {
      const surplus = Math.max(0, quietBytes() - keep);
      for (let left = surplus; left > 0; ) left -= take(left).length;
      return surplus;
    },
    clear() {
      queue = [];
      bytes = 0;
    },
    get bytes() {
      return bytes;
    },
    get audible() {
      return queue.some((frames) => !isQuiet(frames));
    },
  };
}
