import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCallerRig } from './caller-rig.ts';
import { silence, voice } from './voice.ts';

/** A live path: what goes in comes out at once. */
function liveRig(over: Parameters<typeof createCallerRig>[0] = {}) {
  const rig = createCallerRig(over);
  rig.path.open();
  rig.path.release();
  return rig;
}

/** The first and the next frames of the caller, with so many ms of silence between them. */
const withSilenceOf = (ms: number, frames = 1, next = 1) =>
  Buffer.concat([voice(frames * 160), silence(ms * 8), voice(next * 160, frames * 160)]);

describe("a jump in Twilio's timestamps", () => {
  it('is filled with silence of its length, wherever it stands and however often', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 520 }), { minLength: 1, maxLength: 8 }),
        fc.boolean(),
        fc.nat(5_000),
        (gaps, releasedFirst, firstTimestamp) => {
          const rig = createCallerRig({ connectFrames: 10_000 });
          if (releasedFirst) rig.path.release();
          let timestamp = firstTimestamp;
          rig.speak(1, timestamp);
          const expected = [voice(160)];
          gaps.forEach((gapFrames, i) => {
            timestamp += 20 + gapFrames * 20;
            rig.speak(1, timestamp);
            expected.push(silence(Math.min(gapFrames, 500) * 160), voice(160, (i + 1) * 160));
          });
          rig.path.release();
          expect(rig.sent().equals(Buffer.concat(expected))).toBe(true);
          const filledFrames = gaps.reduce((sum, frames) => sum + Math.min(frames, 500), 0);
          expect(rig.path.readings.gapFilledMs).toBe(filledFrames * 20);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('is filled as well in frames of another length', () => {
    const rig = createCallerRig();
    rig.path.release();
    rig.path.take(voice(240), 100);
    rig.path.take(voice(240, 240), 130);
    rig.path.take(voice(80, 480), 200);
    rig.path.take(voice(80, 560), 210);
    expect(rig.sent()).toEqual(Buffer.concat([voice(480), silence(320), voice(160, 480)]));
  });

  it('is filled in whole frames when it is long and not made of them', () => {
    const rig = liveRig();
    rig.speak(1, 0);
    rig.speak(1, 135);
    expect(rig.sent()).toEqual(withSilenceOf(100));
  });

  it.each([1, 19, 21, 39, 59])('is the play of a clock when it is %d ms', (jitterMs) => {
    const rig = liveRig();
    for (let i = 0; i < 10; i += 1) rig.speak(1, i * 20 + (i % 2) * jitterMs);
    expect(rig.sent().equals(rig.spoken())).toBe(true);
    expect(rig.path.readings.gapFilledMs).toBe(0);
  });

  it('is a new start when it goes back', () => {
    const rig = liveRig();
    rig.speak(2, 60_000);
    rig.speak(2, 0);
    rig.speak(1, 60);
    expect(rig.sent()).toEqual(Buffer.concat([voice(640), silence(160), voice(160, 640)]));
  });

  it('is not seen where timestamps are missing, and known again where they are there', () => {
    const rig = createCallerRig();
    rig.path.release();
    const stamps = [undefined, undefined, 5_000, undefined, 5_060, undefined];
    stamps.forEach((stamp, i) => {
      rig.path.take(voice(160, i * 160), stamp);
    });
    expect(rig.sent()).toEqual(Buffer.concat([voice(640), silence(160), voice(320, 640)]));
  });
});

describe('a Twilio that is quiet', () => {
  it('is stood in for after 300 ms, from where the audio stopped, at the speed of time', () => {
    const rig = liveRig();
    rig.speak(5);
    // The next frame was due when the last one was 20 ms old.
    rig.advance(299);
    expect(rig.sent().equals(rig.spoken())).toBe(true);
    rig.advance(1);
    expect(rig.path.readings.gapFilledMs).toBe(300);
    rig.advance(10_000);
    expect(rig.path.readings.gapFilledMs).toBe(10_300);
    expect(rig.sent()).toEqual(Buffer.concat([voice(800), silence(10_300 * 8)]));
  });

  it('is stood in for by as much as the time that passed, never more, whatever the pauses', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 0, max: 3_000 })), {
          minLength: 1,
          maxLength: 6,
        }),
        (turns) => {
          const rig = liveRig();
          let timestamp = 0;
          for (const [frames, pauseMs] of turns) {
            rig.speak(frames, timestamp);
            rig.advance(pauseMs);
            timestamp += frames * 20 + pauseMs;
            expect(rig.sent().length / 8).toBeLessThanOrEqual(rig.clock.now());
          }
          rig.speak(1, timestamp);
          // Parts of frames, and pauses below 60 ms that are not made of frames, are not filled.
          const missingMs = rig.clock.now() - rig.sent().length / 8;
          expect(missingMs).toBeGreaterThanOrEqual(0);
          expect(missingMs).toBeLessThan(60 * turns.length);
        },
      ),
    );
  });

  it('is not stood in for twice when its timestamps then jump over the same time', () => {
    for (const quietMs of [280, 300, 320, 380, 400, 980, 5_000]) {
      const rig = liveRig();
      rig.speak(1, 0);
      rig.advance(quietMs);
      rig.speak(1, 20 + quietMs);
      expect(rig.sent().equals(withSilenceOf(quietMs))).toBe(true);
      expect(rig.path.readings.gapFilledMs).toBe(quietMs);
    }
  });

  it('is stood in for all the time, also when that is longer than a jump that is filled', () => {
    const rig = liveRig();
    rig.speak(1, 0);
    rig.advance(30_080);
    expect(rig.path.readings.gapFilledMs).toBeLessThan(30_080);
    rig.speak(1, 30_100);
    expect(rig.path.readings.gapFilledMs).toBe(30_080);
  });

  it('that was only held up on the way loses nothing: every late frame goes out', () => {
    const rig = liveRig();
    rig.speak(10);
    rig.advance(2_000);
    const filledMs = rig.path.readings.gapFilledMs;
    for (let i = 0; i < 100; i += 1) rig.path.take(voice(160, (10 + i) * 160), 200 + i * 20);
    expect(rig.sent()).toEqual(Buffer.concat([voice(1_600), silence(filledMs * 8), voice(16_000, 1_600)]));
    expect(rig.path.readings.gapFilledMs).toBe(filledMs);
  });

  it('is stood in for from the start when it never sends anything', () => {
    const rig = liveRig();
    rig.advance(1_000);
    expect(rig.sent()).toEqual(silence(8_000));
  });

  it('is none of our business before the agent is there', () => {
    const rig = createCallerRig();
    rig.speak(5);
    rig.advance(5_000);
    expect(rig.path.readings).toMatchObject({ heldFrames: 5, gapFilledMs: 0 });
    rig.path.open();
    rig.advance(300);
    expect(rig.path.readings).toMatchObject({ heldFrames: 20, gapFilledMs: 300 });
  });

  it('sends the rest of a batch on its way', () => {
    const rig = liveRig({ framesPerSend: 20 });
    rig.speak(7);
    rig.advance(300);
    expect(rig.sent()).toEqual(Buffer.concat([voice(7 * 160), silence(300 * 8)]));
  });
});

describe('a bridge that was too busy to read', () => {
  it.each([5, 100, 400, 2_000])('puts no silence before what it reads %d ms late', (lateMs) => {
    const rig = liveRig();
    rig.speak(1);
    rig.advance(299);
    // Busy since just before the look-out was due; the frames of all that time are read after it.
    rig.stall(lateMs - 1);
    const frames = Math.floor((300 + lateMs) / 20);
    rig.clock.setTimeout(() => {
      for (let i = 1; i <= frames; i += 1) rig.path.take(voice(160, i * 160), i * 20);
    }, 1);
    rig.advance(200);
    expect(rig.sent()).toEqual(voice((frames + 1) * 160));
    expect(rig.path.readings.gapFilledMs).toBe(0);
  });

  it('stands in for a Twilio that was quiet all the while', () => {
    const rig = liveRig();
    rig.speak(1);
    rig.stall(2_000);
    rig.advance(280);
    expect(rig.path.readings.gapFilledMs).toBe(2_280);
  });

  it('stands in for no longer than until it looked, since what came later is not read yet', () => {
    const rig = liveRig();
    rig.speak(1);
    rig.advance(299);
    // Between the look-out and what follows from it.
    rig.clock.setTimeout(() => rig.stall(200), 1);
    rig.advance(1);
    expect(rig.path.readings.gapFilledMs).toBe(300);
  });

  it('needs no timer for a frame', () => {
    const rig = liveRig();
    const before = rig.timersSet;
    rig.speak(1_000);
    expect(rig.armed).toBe(1);
    // 20 s: a look-out each time that 300 ms have passed since the frame before the last look.
    expect(rig.timersSet - before).toBeLessThan(20_000 / 250);
  });
});
