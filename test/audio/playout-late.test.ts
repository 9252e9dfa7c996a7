import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { codedAudio } from '../sim/coded-audio.ts';
import { createAgentRig } from './agent-rig.ts';
import { silence, voice, withoutSilence } from './voice.ts';

/** The bytes of so many ms. */
const ms = (length: number) => length * 8;

type Rig = ReturnType<typeof createAgentRig>;

/** The agent sends `audio` in real time, 20 ms at a time. */
const talk = (rig: Rig, audio: Buffer) => rig.say(audio, [[20, 160]]);

/** How long after it was said the caller hears the agent's next word. */
function delayMs(rig: Rig): number {
  const word = codedAudio(1, 1, 0, 300);
  const saidAt = rig.now() + 20;
  talk(rig, word);
  talk(rig, silence(ms(3_000)));
  const heardAt = rig.playback.heardFrom(0).indexOf(word.subarray(0, 160)) / 8;
  return heardAt - saidAt;
}

describe('an agent that sends silence where it does not speak', () => {
  it('is late by no more than is ever gathered, however long its greeting waited', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 6_000 }),
        fc.integer({ min: 200, max: 2_000 }),
        (waitMs, greetingMs) => {
          const rig = createAgentRig();
          const greeting = voice(ms(greetingMs - (greetingMs % 20)));
          talk(rig, silence(ms(400)));
          talk(rig, Buffer.concat([greeting, silence(ms(6_000))]).subarray(0, ms(waitMs - (waitMs % 20))));
          rig.open();
          talk(rig, Buffer.concat([greeting, silence(ms(6_000))]).subarray(ms(waitMs - (waitMs % 20))));
          talk(rig, silence(ms(3_000)));
          expect(withoutSilence(rig.sent()).equals(greeting)).toBe(true);
          const late = delayMs(rig);
          expect(late).toBeGreaterThanOrEqual(0);
          expect(late).toBeLessThanOrEqual(180);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('keeps its rhythm: pauses up to 200 ms are played as they are, and of longer ones 200 ms at least', () => {
    const rig = createAgentRig();
    const words = [0, 1, 2, 3].map((n) => voice(ms(400), n * ms(400)));
    const [one, two, three, four] = words as [Buffer, Buffer, Buffer, Buffer];
    const pauses = [silence(ms(100)), silence(ms(200)), silence(ms(1_000))] as const;
    talk(rig, Buffer.concat([one, pauses[0], two, pauses[1], three, pauses[2], four]));
    rig.open();
    rig.advance(5_000);
    expect(rig.sent()).toEqual(
      Buffer.concat([one, pauses[0], two, pauses[1], three, silence(ms(200)), four]),
    );
    expect(rig.playout.readings.skippedMs).toBe(800);
  });

  it('keeps its rhythm whole where it comes ahead of time', () => {
    const said = Buffer.concat([voice(ms(400)), silence(ms(1_000)), voice(ms(400), ms(400))]);
    for (const bytes of [160, 800, said.length]) {
      const rig = createAgentRig();
      rig.open();
      rig.say(said, [[1, bytes]]);
      rig.advance(5_000);
      expect(rig.sent().equals(said)).toBe(true);
      expect(rig.playout.readings.skippedMs).toBe(0);
    }
  });

  it('is not touched where it is in time', () => {
    const rig = createAgentRig();
    rig.open();
    talk(rig, Buffer.concat([voice(ms(400)), silence(ms(5_000)), voice(ms(400)), silence(ms(5_000))]));
    expect(rig.playout.readings.skippedMs).toBe(0);
    expect(rig.sent().length).toBe(ms(10_800));
    expect(rig.told('pipe.emptied')).toEqual([]);
  });

  it('is in time again after it was paused', () => {
    const rig = createAgentRig();
    rig.open();
    talk(rig, Buffer.concat([voice(ms(600)), silence(ms(200))]).subarray(0, ms(500)));
    rig.pause();
    talk(rig, Buffer.concat([voice(ms(100), ms(500)), silence(ms(3_000))]));
    rig.resume();
    talk(rig, silence(ms(2_000)));
    expect(delayMs(rig)).toBeLessThanOrEqual(180);
  });
});

describe('what comes after a flush, in PCM', () => {
  it('has nothing of what was dropped or refused: zeros are exact zeros', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 3_000 }), { minLength: 1, maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 3_000 }), { maxLength: 4 }),
        fc.boolean(),
        fc.nat(600),
        (loudChunks, refusedChunks, refuse, waitMs) => {
          const rig = createAgentRig({ format: 'pcm_s16le' });
          rig.open();
          for (const length of loudChunks) rig.say(Buffer.alloc(length, 0x30));
          rig.advance(waitMs);
          rig.flush(refuse);
          if (refuse) {
            for (const length of refusedChunks) rig.say(Buffer.alloc(length, 0x30));
            rig.accept();
          }
          const before = rig.sent().length;
          const given = [...loudChunks, ...(refuse ? refusedChunks : [])].reduce(
            (sum, length) => sum + length,
            0,
          );
          // The odd byte is the first half of a sample that is none of the silence.
          if (given % 2 === 1) rig.say(Buffer.alloc(1, 0));
          rig.flush();
          rig.say(Buffer.alloc(6_400, 0));
          rig.advance(1_000);
          expect(
            rig
              .sent()
              .subarray(before)
              .equals(silence(ms(200))),
          ).toBe(true);
        },
      ),
    );
  });
});
