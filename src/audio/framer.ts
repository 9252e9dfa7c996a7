import { MULAW_SILENCE } from './mulaw.ts';

const NOTHING = Buffer.alloc(0);

/** Cuts a stream of bytes that arrives in chunks of any length into whole frames. */
export interface Framer {
  /**
   * Takes the next chunk and returns as many whole frames as there now are, end to end; maybe none. What is left over
   * waits for the next chunk. The result may share memory with `chunk`.
   */
  push(chunk: Uint8Array): Buffer;
  /** Bytes that wait for the rest of their frame. */
  readonly remainder: number;
  /** The last frame, filled up with µ-law silence, or nothing if no bytes wait. */
  finish(): Buffer | undefined;
  /** Forgets the bytes that wait. */
  reset(): void;
}

/** Makes a framer; a frame of Twilio's is 160 bytes, 20 ms of µ-law at 8 kHz. */
export function createFramer(frameBytes = 160): Framer {
  const waiting = Buffer.alloc(frameBytes);
  let remainder = 0;

  return {
    push(chunk) {
      const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
      const wholeBytes = remainder + bytes.length - ((remainder + bytes.length) % frameBytes);
      if (wholeBytes === 0) {
        remainder += bytes.copy(waiting, remainder);
        return NOTHING;
      }
      const taken = wholeBytes - remainder;
      const head = bytes.subarray(0, taken);
      const frames =
        remainder === 0 ? head : Buffer.concat([waiting.subarray(0, remainder), head], wholeBytes);
      remainder = bytes.copy(waiting, 0, taken);
      return frames;
    },
    get remainder() {
      return remainder;
    },
    finish() {
      if (remainder === 0) return undefined;
      const frame = Buffer.alloc(frameBytes, MULAW_SILENCE);
      waiting.copy(frame, 0, 0, remainder);
      remainder = 0;
      return frame;
    },
    reset() {
      remainder = 0;
    },
  };
}
