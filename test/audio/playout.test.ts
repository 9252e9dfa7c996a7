import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createAgentRig, LEAD_MS } from './agent-rig.ts';
import { cut } from './measure.ts';
import { silence, voice } from './voice.ts';

/** The bytes of so many ms. */
const ms = (length: number) => length * 8;

const echoDelays = fc.constantFrom(0, 20, 80, 150);

/** How late each clump comes. */
const lateClumps = fc.array(fc.nat(5), { minLength: 40, maxLength: 40 });

/** A clump every 50 ms; by `atMs` the agent has sent `sentBy(atMs)` ms of its turn. */
function sayInClumps(
  rig: ReturnType<typeof createAgentRig>,
  lateMs: number[],
  sentBy: (atMs: number) => number,
): Buffer {
  const began = rig.now();
  const said = voice(ms(2_100));
  let sent = 0;
  for (const [i, late] of lateMs.entries()) {
    rig.advance(began + i * 50 + late - rig.now());
    const due = ms(sentBy(i * 50));
    rig.say(said.subarray(sent, due));
    sent = due;
  }
  return said.subarray(0, sent);
}

describe('the agent on the way to the caller', () => {
  it('brings every byte, in order, and fills up only the last frame, however it comes', () => {
    fc.assert(
      fc.property(
        fc
          .array(fc.integer({ min: 1, max: 9_000 }), { minLength: 1, maxLength: 10 })
          .map((rest) => [200, ...rest]),
        fc.array(fc.nat(90), { minLength: 1, maxLength: 5 }),
        echoDelays,
        (lengths, waits, echoDelayMs) => {
          const said = voice(lengths.reduce((sum, length) => sum + length, 0));
          const rig = createAgentRig({ echoDelayMs });
          rig.open();
          rig.say(
            said,
            lengths.map((length, i) => [waits[i % waits.length] ?? 0, length]),
          );
          rig.advance(said.length / 8 + 3_000);
          expect(rig.media.every(({ bytes }) => bytes.length % 160 === 0)).toBe(true);
          expect(rig.heard().equals(said)).toBe(true);
          const padding = rig.sent().length - said.length;
          expect(padding).toBeGreaterThanOrEqual(0);
          expect(rig.mostLeadMs).toBeLessThanOrEqual(LEAD_MS + 20);
          expect(rig.clock.armed).toBe(0);
          // Bytes are filled up where the ear ran dry in the middle, and at the end; never elsewhere.
          const holes = 1 + rig.told('pipe.emptied').length;
          expect(padding).toBeLessThan(160 * holes);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('never has more than the lead at Twilio, also after a long silence', () => {
    const rig = createAgentRig();
    rig.open();
    for (let turn = 0; turn < 3; turn += 1) {
      rig.say(voice(ms(3_000), turn * ms(3_000)));
      expect(rig.playback.queuedMs).toBe(LEAD_MS);
      expect(rig.playout.readings).toMatchObject({ leadMs: LEAD_MS, queuedMs: 2_800 });
      rig.advance(2_900);
      // It is fed in good time: the ear never waits.
      expect(rig.playback.queuedMs).toBe(100);
      rig.advance(20_000);
    }
    expect(rig.mostLeadMs).toBe(LEAD_MS);
    // It is fed by the 100 ms, not by the frame.
    expect(rig.media).toHaveLength(90);
    expect(rig.heard().equals(voice(ms(9_000)))).toBe(true);
    expect(rig.playout.readings).toEqual({
      queuedMs: 0,
      leadMs: 0,
      sentMs: 9_000,
      flushedMs: 0,
      refusedMs: 0,
      skippedMs: 0,
    });
  });

  it('goes straight through when it comes at the speed of speech, without a timer for a frame', () => {
    const rig = createAgentRig();
    rig.open();
    rig.say(voice(ms(80)));
    const { armed } = rig.clock;
    for (let i = 4; i < 500; i += 1) {
      rig.advance(20);
      rig.say(voice(160, i * 160));
      expect(rig.media.at(-1)).toEqual({ atMs: rig.now(), bytes: voice(160, i * 160) });
    }
    expect(armed).toBeLessThanOrEqual(2);
    expect(rig.mostTimers).toBeLessThanOrEqual(3);
    expect(rig.told('agent.began')).toHaveLength(1);
    expect(rig.told('pipe.emptied')).toEqual([]);
  });

  it('is not interrupted by clumps every 50 ms that come up to 5 ms late', () => {
    fc.assert(
      fc.property(
        lateClumps,
        fc.integer({ min: 1, max: 100 }),
        echoDelays,
        (lateMs, aheadMs, echoDelayMs) => {
          // 55 ms until the next clump, and up to a frame of it that waits to be whole.
          const rig = createAgentRig({ echoDelayMs });
          rig.open();
          const said = sayInClumps(rig, lateMs, (atMs) => atMs + aheadMs);
          rig.advance(1_000);
          expect(rig.told('agent.began')).toHaveLength(1);
          expect(rig.told('agent.finished')).toHaveLength(1);
          expect(rig.told('pipe.emptied')).toEqual([]);
          expect(rig.heard().equals(said)).toBe(true);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('stutters once in a call, not in every turn, when too little is gathered for its clumps', () => {
    fc.assert(
      fc.property(lateClumps, fc.integer({ min: 1, max: 100 }), (lateMs, aheadMs) => {
        const rig = createAgentRig({ echoDelayMs: 50, fillMs: 60 });
        rig.open();
        for (let turn = 0; turn < 3; turn += 1) {
          sayInClumps(rig, lateMs, (atMs) => atMs + aheadMs);
          rig.advance(1_000);
        }
        // The ear ran dry before the second and the third turn as well.
        expect(rig.told('pipe.emptied').length).toBeLessThanOrEqual(1 + 2);
      }),
      { numRuns: 20 },
    );
  });

  it('gathers more before it is heard, 60 up to 160 ms, each time that the ear has run dry in a turn', () => {
    const rig = createAgentRig({ fillMs: 60 });
    rig.open();
    const gathered: number[] = [];
    for (let i = 0; i < 8; i += 1) {
      const before = rig.media.length;
      let given = 0;
      while (rig.media.length === before) {
        rig.say(voice(160));
        given += 20;
      }
      gathered.push(given);
      rig.advance(given + 10);
    }
    expect(gathered).toEqual([60, 80, 100, 120, 140, 160, 160, 160]);
  });

  it('does not gather more because the agent paused between two turns', () => {
    const rig = createAgentRig();
    rig.open();
    for (let i = 0; i < 4; i += 1) {
      rig.say(voice(ms(80)));
      expect(rig.media).toHaveLength(i + 1);
      rig.advance(80 + 251);
    }
  });

  it('lets a word go that is shorter than what is gathered', () => {
    const rig = createAgentRig();
    rig.open();
    rig.say(voice(330));
    rig.advance(159);
    expect(rig.media).toEqual([]);
    rig.advance(1_000);
    expect(rig.heard().equals(voice(330))).toBe(true);
    expect(rig.sent()).toEqual(Buffer.concat([voice(330), silence(150)]));
    expect(rig.told('agent.finished')).toHaveLength(1);
  });

  it('does not fill up a frame while there is still something to play', () => {
    const rig = createAgentRig();
    rig.open();
    // Messages of a second that are no whole number of frames, each 50 ms before the last one ends.
    rig.say(voice(8_050));
    for (let i = 1; i < 6; i += 1) {
      rig.advance(950);
      rig.say(voice(8_050, i * 8_050));
    }
    rig.advance(3_000);
    expect(rig.sent().subarray(0, 6 * 8_050)).toEqual(voice(6 * 8_050));
  });

  it('is held until the call is there, and then comes with its lead', () => {
    const rig = createAgentRig();
    rig.say(voice(ms(2_000)));
    rig.advance(3_000);
    expect(rig.media).toEqual([]);
    rig.open();
    expect(rig.playback.queuedMs).toBe(LEAD_MS);
    rig.advance(2_500);
    expect(rig.heard().equals(voice(ms(2_000)))).toBe(true);
  });

  it('keeps samples whole in PCM, wherever the bytes are cut', () => {
    const pcm = voice(64_000);
    const whole = createAgentRig({ format: 'pcm_s16le' });
    whole.open();
    whole.say(pcm);
    whole.advance(3_000);
    const pieces = createAgentRig({ format: 'pcm_s16le' });
    pieces.open();
    for (const piece of cut(pcm, [333, 640, 1, 7])) pieces.say(piece);
    pieces.advance(3_000);
    expect(pieces.sent()).toEqual(whole.sent());
    expect(whole.sent().length).toBe(ms(2_000));
  });

  it('lets the agent wait, and drops nothing, when it is more than 30 s ahead', () => {
    const rig = createAgentRig();
    rig.open();
    const said = voice(ms(45_000));
    rig.say(said, [[0, 16_000]]);
    expect(rig.holds).toEqual([true]);
    expect(rig.told('pipe.stalled')).toHaveLength(1);
    rig.advance(34_700);
    expect(rig.holds).toEqual([true]);
    rig.advance(200);
    expect(rig.holds).toEqual([true, false]);
    expect(rig.told('pipe.relieved')).toHaveLength(1);
    rig.advance(12_000);
    expect(rig.heard().equals(said)).toBe(true);
  });

  it('lets the agent go on at once when what waits is dropped', () => {
    const rig = createAgentRig();
    rig.say(voice(ms(31_000)));
    expect(rig.holds).toEqual([true]);
    expect(rig.told('pipe.overflowed')).toHaveLength(1);
    rig.open();
    rig.flush();
    expect(rig.holds).toEqual([true, false]);
  });
});
