import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type AudioFormat, createCallerEncoder } from '../../src/audio/agent-format.ts';
import { MULAW_TO_PCM, PCM_TO_MULAW } from '../../src/audio/mulaw.ts';
import { createLineNoise } from '../../src/simulation/line-noise.ts';
import { createTurnListener } from '../../src/simulation/turn-listener.ts';

const utterance = (id: string) => readFileSync(new URL(`../corpus/utt/${id}.ulaw`, import.meta.url));

/** What is heard of `mulaw`, with the milliseconds of audio that had been taken by then. */
function hear(mulaw: Buffer, format: AudioFormat = 'mulaw', chunkBytes = 160) {
  const heard: { at: number; what: string; voicedMs?: number }[] = [];
  const audio = createCallerEncoder(format).encode(mulaw);
  let taken = 0;
  const at = () => taken / (format === 'mulaw' ? 8 : 32);
  const listener = createTurnListener(format, {
    onset: () => heard.push({ at: at(), what: 'onset' }),
    went() {},
    ended: (voicedMs) => heard.push({ at: at(), what: 'ended', voicedMs }),
  });
  while (taken < audio.length) {
    const chunk = audio.subarray(taken, taken + chunkBytes);
    taken += chunk.length;
    listener.hear(chunk);
  }
  return heard;
}

const quiet = (ms: number) => createLineNoise(ms)(8 * ms);
const spoken = Buffer.concat([quiet(1_000), utterance('u01'), quiet(1_500)]);

test.each(['mulaw', 'pcm_s16le'] as const)('hears where a turn begins and ends, in %s', (format) => {
  const heard = hear(spoken, format, format === 'mulaw' ? 160 : 640);
  expect(heard.map(({ what }) => what)).toEqual(['onset', 'ended']);
  // The sound is from 1040 to 2384 ms: an onset takes 60 ms, an end 700.
  expect(heard[0]?.at).toBeGreaterThanOrEqual(1_080);
  expect(heard[0]?.at).toBeLessThanOrEqual(1_140);
  expect(heard[1]?.at).toBeGreaterThan(2_384 + 600);
  expect(heard[1]?.at).toBeLessThan(2_384 + 760);
});

test('hears the same however the audio is cut', () => {
  const voiced = (chunkBytes: number) =>
    hear(spoken, 'pcm_s16le', chunkBytes).map(({ voicedMs }) => voicedMs);
  expect(voiced(333)).toEqual(voiced(640));
  expect(voiced(20_000)).toEqual(voiced(640));
});

test('hears nothing in silence, in the noise of a line, or in a click', () => {
  expect(hear(Buffer.alloc(24_000, 0xff))).toEqual([]);
  expect(hear(quiet(3_000))).toEqual([]);
  const click = quiet(2_000);
  click.fill(0x80, 8_000, 8_000 + 240);
  expect(hear(click)).toEqual([]);
});

test('gets used to a loud line', () => {
  // Sixteen times -62 dBFS is -38, after half a second of quiet.
  const line = Int16Array.from(quiet(14_000), (code, i) => (i < 4_000 ? 1 : 16) * (MULAW_TO_PCM[code] ?? 0));
  utterance('u01').forEach((code, i) => {
    line[80_000 + i] = (line[80_000 + i] ?? 0) + (MULAW_TO_PCM[code] ?? 0);
  });
  const heard = hear(Buffer.from(Uint8Array.from(line, (sample) => PCM_TO_MULAW[sample & 0xffff] ?? 0)));
  // The beginning of the noise is taken for speech, which it may well be; the words at 10 s are told from it.
  const words = heard.filter(({ at }) => at > 9_000);
  expect(words.map(({ what }) => what)).toEqual(['onset', 'ended']);
  expect(words[0]?.at).toBeLessThan(10_240);
  expect(words[1]?.at).toBeLessThan(12_200);
});
