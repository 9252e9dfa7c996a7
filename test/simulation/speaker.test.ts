import { expect, test } from 'vitest';
import { createSpeaker, type Pace } from '../../src/simulation/speaker.ts';
import { createVirtualClock } from '../support/virtual-clock.ts';

function speakerOn(pace: Pace = 'real-time', format: 'mulaw' | 'pcm_s16le' = 'mulaw') {
  const clock = createVirtualClock();
  const sent: { at: number; bytes: Uint8Array }[] = [];
  const speaker = createSpeaker({
    clock,
    format,
    pace,
    send: (bytes) => sent.push({ at: clock.now(), bytes }),
  });
  return { clock, sent, speaker, sizes: () => sent.map(({ bytes }) => bytes.length) };
}

const words = (bytes: number) => Buffer.from(Uint8Array.from({ length: bytes }, (_, i) => i % 251));

test('sends bursts of two or three frames every 50 ms', () => {
  const { clock, sent, speaker } = speakerOn();
  speaker.say(words(8_000));
  clock.advance(160);
  expect(sent.map(({ at }) => at)).toEqual([0, 0, 0, 50, 50, 100, 100, 100, 150, 150]);
  expect(sent.every(({ bytes }) => bytes.length === 160)).toBe(true);
});

test('now and then sends a message that is no whole number of frames', () => {
  const { clock, speaker, sizes } = speakerOn();
  speaker.say(words(8_000));
  clock.advance(1_000);
  expect(sizes()).toContain(333);
});

test.each([
  ['mulaw', 8],
  ['pcm_s16le', 32],
] as const)('keeps to real time, at most 60 ms ahead, in %s', (format, bytesPerMs) => {
  const { clock, sent, speaker } = speakerOn('real-time', format);
  speaker.say(words(2_000 * bytesPerMs));
  for (let ms = 0; ms < 1_900; ms += 1) {
    const aheadMs = sent.reduce((sum, { bytes }) => sum + bytes.length, 0) / bytesPerMs - clock.now();
    expect(aheadMs).toBeGreaterThanOrEqual(-10);
    expect(aheadMs).toBeLessThanOrEqual(60);
    clock.advance(1);
  }
});

test('sends every byte once and in order, and is finished when the last one would have been heard', () => {
  const { clock, sent, speaker } = speakerOn();
  const audio = words(4_321);
  let finishedAt = -1;
  speaker.say(audio, () => {
    finishedAt = clock.now();
  });
  clock.advance(1_000);
  expect(Buffer.concat(sent.map(({ bytes }) => bytes)).equals(audio)).toBe(true);
  expect(finishedAt).toBe(4_321 / 8);
  expect(speaker.speaking).toBe(false);
  expect(clock.armed).toBe(0);
});

test('stops at once and does not finish', () => {
  const { clock, sent, speaker } = speakerOn();
  let finished = false;
  speaker.say(words(8_000), () => {
    finished = true;
  });
  clock.advance(300);
  const before = sent.length;
  expect(speaker.progress).toBeCloseTo(0.35, 1);
  speaker.stop();
  clock.advance(2_000);
  expect(sent.length).toBe(before);
  expect(finished).toBe(false);
  expect(clock.armed).toBe(0);
});

test('stops in the middle of a burst when it is stopped by whoever takes the burst', () => {
  const clock = createVirtualClock();
  let taken = 0;
  const speaker = createSpeaker({
    clock,
    format: 'mulaw',
    send() {
      taken += 1;
      speaker.stop();
    },
  });
  speaker.say(words(8_000));
  clock.advance(1_000);
  expect(taken).toBe(1);
});

test('says all at once what is to be said at once', () => {
  const { clock, speaker, sizes } = speakerOn('at-once');
  let finishedAt = -1;
  speaker.say(words(8_000), () => {
    finishedAt = clock.now();
  });
  expect(sizes()).toEqual([8_000]);
  clock.advance(2_000);
  expect(finishedAt).toBe(1_000);
});
