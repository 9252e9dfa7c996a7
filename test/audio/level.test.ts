import { expect, it } from 'vitest';
import { levelDb, SILENT_DB } from '../../src/audio/level.ts';
import { encodeMulaw, MULAW_SILENCE } from '../../src/audio/mulaw.ts';

function tone(amplitude: number): Uint8Array {
  const samples = Int16Array.from({ length: 160 }, (_, i) =>
    Math.round(amplitude * Math.sin((i * Math.PI) / 4)),
  );
  const mulaw = new Uint8Array(160);
  encodeMulaw(samples, mulaw);
  return mulaw;
}

it('measures a tone as its root of the mean square', () => {
  // A sine has its peak's level less 3 dB.
  expect(levelDb(tone(32_000))).toBeCloseTo(-3.2, 0);
  expect(levelDb(tone(3_200))).toBeCloseTo(-23.2, 0);
});

it('takes silence, and no bytes at all, as silence', () => {
  expect(levelDb(new Uint8Array(160).fill(MULAW_SILENCE))).toBe(SILENT_DB);
  expect(levelDb(new Uint8Array())).toBe(SILENT_DB);
});

it('measures the part that was asked for', () => {
  const half = new Uint8Array(320).fill(MULAW_SILENCE);
  half.set(tone(16_000), 160);
  expect(levelDb(half, 0, 160)).toBe(SILENT_DB);
  expect(levelDb(half, 160)).toBe(levelDb(tone(16_000)));
});
