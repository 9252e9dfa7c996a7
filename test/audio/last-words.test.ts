import { describe, expect, it } from 'vitest';
import { lastWords } from '../../src/audio/last-words.ts';
import { encodeMulaw } from '../../src/audio/mulaw.ts';

/** A frame of a tone of this amplitude; 3 is the hiss of a quiet line. */
function frame(amplitude: number): Buffer {
  const mulaw = Buffer.alloc(160);
  encodeMulaw(
    Int16Array.from(mulaw, (_, i) => amplitude * Math.sin(i / 3)),
    mulaw,
  );
  return mulaw;
}
const quiet = (count: number) => Array.from({ length: count }, () => frame(8));
const loud = (count: number) => Array.from({ length: count }, () => frame(4_000));

describe("a caller's last words", () => {
  it('begin a tenth of a second before the first voice', () => {
    const said = [...quiet(20), ...loud(30), ...quiet(10)];
    expect(lastWords(said)).toEqual({ frames: said.slice(15), bytes: 45 * 160 });
  });

  it('hold the pauses between them', () => {
    const said = [...loud(10), ...quiet(50), ...loud(10)];
    expect(lastWords(said).frames).toEqual(said);
  });

  it('are those of three seconds at most', () => {
    const said = loud(400);
    expect(lastWords(said).bytes).toBe(24_000);
  });

  it('are none where nobody spoke', () => {
    expect(lastWords(quiet(100))).toEqual({ frames: [], bytes: 0 });
    expect(lastWords([])).toEqual({ frames: [], bytes: 0 });
  });
});
