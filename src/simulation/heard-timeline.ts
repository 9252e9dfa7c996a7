import { MULAW_SILENCE } from '../audio/mulaw.ts';

/** µ-law sound laid out in time: byte `n` is what is heard `n / 8` ms after the beginning. */
export interface HeardTimeline {
  /** Lays `bytes` down at byte `at`; what lies between is silence. */
  write(at: number, bytes: Uint8Array): void;
  /** Makes silence of everything from byte `at` on. */
  eraseFrom(at: number): void;
  /** A copy of the bytes from `from` up to `to`; silence where nothing was written. */
  read(from: number, to: number): Buffer;
}

const FIRST_CAPACITY = 8_000;

/** A timeline in one buffer that doubles, so that it costs 8 to 16 kB for every second laid down. */
export function createHeardTimeline(): HeardTimeline {
  let bytes = Buffer.alloc(FIRST_CAPACITY, MULAW_SILENCE);
  let end = 0;

  function growTo(size: number): void {
    if (size <= bytes.length) return;
    const larger = Buffer.alloc(Math.max(size, bytes.length * 2), MULAW_SILENCE);
    bytes.copy(larger, 0, 0, end);
    bytes = larger;
  }

  return {
    write(at, chunk) {
      growTo(at + chunk.length);
      bytes.set(chunk, at);
      end = Math.max(end, at + chunk.length);
    },
    eraseFrom(at) {
      if (at >= end) return;
      bytes.fill(MULAW_SILENCE, at, end);
      end = at;
    },
    read(from, to) {
      const copy = Buffer.alloc(Math.max(0, to - from), MULAW_SILENCE);
      if (from < end) bytes.copy(copy, 0, from, Math.min(to, end));
      return copy;
    },
  };
}
