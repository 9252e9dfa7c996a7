import type { Corpus } from '../../test/corpus/corpus.ts';
import { createCallerMix, FRAME } from '../../test/corpus/mix.ts';

/** What the agent says, so that every piece of it can be told from every other wherever it is heard again. */
export interface Monologue {
  /** µ-law at 8 kHz. */
  readonly track: Buffer;
  /** Where its next beginning is, at or after byte `from`: a turn starts there. */
  beginningFrom(from: number): number;
  /**
   * The byte of the track with which `frame`, 160 bytes that were heard, begins; `null` where it is none of it. A frame
   * that was faded in at its head, or filled up at its tail, is still known. `expected` is where to look first.
   */
  whereIs(frame: Uint8Array, expected: number): number | null;
}

/** A hiss under the speech, and no two frames of it alike: a frame of digital silence could not be told from another. */
const HISS_DBFS = -62;
const HALF = FRAME / 2;
/** A frame that is not where it is expected is looked for from this long before, in bytes: 5 s. */
const LOOK_BACK_BYTES = 40_000;

/** Says the corpus's monologue over and over for `ms`, each time with a hiss of its own. */
export function createMonologue(corpus: Corpus, ms: number): Monologue {
  const { samples } = corpus.item('agent', 'a1');
  const loopFrames = Math.floor(samples.length / FRAME);
  const hiss = createCallerMix(corpus, { comfortDbfs: HISS_DBFS, seed: 7 });
  const track = Buffer.alloc(Math.ceil(ms / 20) * FRAME);
  for (let at = 0; at < track.length; at += FRAME) {
    const start = ((at / FRAME) % loopFrames) * FRAME;
    track.set(hiss.mulaw(samples.subarray(start, start + FRAME)), at);
  }
  const loopBytes = loopFrames * FRAME;

  function find(piece: Uint8Array, offset: number, expected: number): number | null {
    const near = track.indexOf(piece, Math.max(0, expected - LOOK_BACK_BYTES));
    const found = near === -1 ? track.indexOf(piece) : near;
    return found === -1 ? null : found - offset;
  }

  return {
    track,
    beginningFrom: (from) => Math.ceil(from / loopBytes) * loopBytes,
    whereIs(frame, expected) {
      if (
        expected + FRAME <= track.length &&
        track.compare(frame, 0, FRAME, expected, expected + FRAME) === 0
      ) {
        return expected;
      }
      return find(frame.subarray(HALF), HALF, expected) ?? find(frame.subarray(0, HALF), 0, expected);
    },
  };
}
