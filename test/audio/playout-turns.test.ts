import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createAgentRig } from './agent-rig.ts';
import { silence, voice } from './voice.ts';

/** The bytes of so many ms. */
const ms = (length: number) => length * 8;

const echoDelays = fc.constantFrom(0, 20, 80, 150);

describe('what the call is told of a turn of the agent', () => {
  it('is that it began when its first audible frame goes out, and finished when the mark of its last is back', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 80, max: 3_000 }),
        fc.nat(1_000),
        fc.nat(1_000),
        echoDelays,
        (voiceMs, headMs, tailMs, echoDelayMs) => {
          const rig = createAgentRig({ echoDelayMs });
          rig.open();
          rig.advance(500);
          rig.say(Buffer.concat([silence(ms(headMs)), voice(ms(voiceMs)), silence(ms(tailMs))]));
          rig.advance(6_000);
          const firstAudible = rig.media.find(({ bytes }) => bytes.some((code) => code !== 0xff));
          expect(rig.timesOf('agent.began')).toEqual([firstAudible?.atMs]);
          // A mark follows the last audible byte within 100 ms of audio.
          const audibleEnd = ms(headMs + voiceMs);
          const lastMark = rig.marks.find(({ afterBytes }) => afterBytes >= audibleEnd);
          expect(rig.marks.indexOf(lastMark as never)).toBe(rig.marks.length - 1);
          expect((lastMark?.afterBytes ?? 0) - audibleEnd).toBeLessThanOrEqual(800);
          const backAtMs = (lastMark?.playedAtMs ?? 0) + echoDelayMs;
          expect(rig.timesOf('agent.finished')).toEqual([expect.closeTo(backAtMs, 3)]);
        },
      ),
      { numRuns: 80 },
    );
  });

  it('is that it finished when nothing more has come for 100 ms and the ear is silent', () => {
    const rig = createAgentRig();
    rig.open();
    rig.say(voice(ms(80)));
    rig.advance(1_000);
    expect(rig.marks.map(({ atMs }) => atMs)).toEqual([100]);
    expect(rig.timesOf('agent.finished')).toEqual([100]);
  });

  it('rests on a mark after every 100 ms of audible audio at first, and every 300 ms later on', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 2_000 }), { minLength: 3, maxLength: 20 }),
        (lengths) => {
          const rig = createAgentRig();
          rig.open();
          const said = voice(lengths.reduce((sum, length) => sum + length, 0) + 160);
          rig.say(
            said,
            [160, ...lengths].map((length) => [length / 8, length]),
          );
          rig.advance(2_000);
          let marked = 0;
          for (const { afterBytes } of rig.marks) {
            expect(afterBytes - marked).toBeLessThanOrEqual(afterBytes <= 4_000 ? 800 : 2_400);
            marked = afterBytes;
          }
          expect(marked).toBe(rig.sent().length);
          expect(new Set(rig.marks.map(({ name }) => name)).size).toBe(rig.marks.length);
        },
      ),
    );
  });

  it('says when its first audible audio came from the agent', () => {
    const rig = createAgentRig();
    rig.open();
    rig.say(silence(ms(60)));
    rig.advance(50);
    rig.say(silence(ms(40)));
    rig.advance(50);
    rig.say(voice(ms(80)));
    expect(rig.told('agent.began')).toEqual([{ type: 'agent.began', receivedAt: 60_100 }]);
    rig.advance(500);
    rig.say(voice(ms(40)));
    rig.advance(50);
    rig.say(voice(ms(40)));
    expect(rig.told('agent.began')).toEqual([
      { type: 'agent.began', receivedAt: 60_100 },
      { type: 'agent.began', receivedAt: 60_600 },
    ]);
  });

  it('says so for every turn when silence flows without end between them', () => {
    const rig = createAgentRig();
    rig.open();
    // The agent is 400 ms ahead all the time, so that something always waits here.
    rig.say(silence(ms(400)));
    const talk = (spoken: Buffer) => rig.say(spoken, [[20, 160]]);
    talk(silence(ms(1_000)));
    const first = rig.now() + 20;
    talk(voice(ms(500)));
    talk(silence(ms(1_000)));
    const second = rig.now() + 20;
    talk(voice(ms(500)));
    talk(silence(ms(3_000)));
    expect(rig.told('agent.began').map(({ receivedAt }) => receivedAt - 60_000)).toEqual([first, second]);
    const endings = rig.timesOf('agent.finished');
    expect(endings).toHaveLength(2);
    // 160 ms wait or are at Twilio, the rest was made up; 500 ms are speech, and a mark comes up to 100 ms later.
    expect(endings[0]).toBeGreaterThanOrEqual(first + 640);
    expect(endings[0]).toBeLessThanOrEqual(first + 760);
  });

  it('is nothing while the agent sends digital silence only', () => {
    const rig = createAgentRig();
    rig.open();
    rig.say(silence(ms(10_000)), [[20, 160]]);
    expect(rig.edges.filter(({ edge }) => edge.type.startsWith('agent.'))).toEqual([]);
    expect(rig.marks).toEqual([]);
    expect(rig.sent().length).toBe(ms(10_000));
  });

  it('is that it finished two seconds after its end when marks do not come back, also while silence flows', () => {
    for (const after of [Buffer.alloc(0), silence(ms(4_000))]) {
      const rig = createAgentRig({ marksReturn: false });
      rig.open();
      rig.say(voice(ms(1_000)));
      rig.advance(900);
      rig.say(after, [[20, 160]]);
      rig.advance(4_000);
      expect(rig.told('agent.finished')).toHaveLength(1);
      // By the clock the last audible frame ends at 1000 ms; the look-out is at most a look late.
      expect(rig.timesOf('agent.finished')[0]).toBeGreaterThanOrEqual(3_000);
      expect(rig.timesOf('agent.finished')[0]).toBeLessThanOrEqual(3_100);
    }
  });

  it('is nothing between the whole frames of its end and the bytes left over', () => {
    for (let left = 1; left < 160; left += 13) {
      const rig = createAgentRig();
      rig.open();
      // As much as is marked at once, and a part of a frame.
      rig.say(voice(800 + left));
      rig.advance(1_000);
      expect(rig.told('agent.began')).toHaveLength(1);
      expect(rig.told('agent.finished')).toHaveLength(1);
    }
  });

  it('is nothing while bytes that are no frame yet wait to be heard, whatever follows them in it', () => {
    const rig = createAgentRig();
    rig.open();
    rig.say(voice(800 + 50));
    rig.say(silence(20));
    rig.advance(1_000);
    expect(rig.told('agent.began')).toHaveLength(1);
    expect(rig.told('agent.finished')).toHaveLength(1);
  });

  it('does not need marks that were never sent', () => {
    const rig = createAgentRig();
    rig.open();
    rig.say(voice(ms(1_000)));
    for (const name of ['', 'g1', 'g1:', 'g1:999999999', 'g1:8000', 'g2:800', 'x'.repeat(10_000)])
      rig.playout.marked(name);
    rig.advance(900);
    expect(rig.told('agent.finished')).toEqual([]);
    rig.advance(200);
    expect(rig.told('agent.finished')).toHaveLength(1);
    // Nor those that come twice.
    rig.playout.marked(rig.marks.at(-1)?.name ?? '');
    expect(rig.told('agent.finished')).toHaveLength(1);
  });

  it('keeps little when marks never come back', () => {
    const rig = createAgentRig({ marksReturn: false });
    rig.open();
    for (let i = 0; i < 1_500; i += 1) {
      rig.say(voice(160, i * 160));
      rig.advance(20);
    }
    rig.pause();
    // What it takes back is what was not heard by the clock, whatever it kept besides.
    expect(rig.told('agent.paused')[0]?.keptMs).toBeLessThanOrEqual(60);
  });
});

describe("the agent's last words", () => {
  it('are all played, and the call is told how long they take and when they are over', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40_000 }),
        fc.boolean(),
        echoDelays,
        (length, opened, echoDelayMs) => {
          const rig = createAgentRig({ echoDelayMs });
          if (opened) rig.open();
          rig.advance(1_000);
          const said = voice(length);
          rig.say(said);
          rig.finish();
          const leftMs = Math.ceil(length / 160) * 20;
          expect(rig.told('agent.finishing')).toEqual([{ type: 'agent.finishing', leftMs }]);
          rig.advance(leftMs + 400);
          expect(rig.heard().equals(said)).toBe(true);
          expect(rig.sent().length).toBe(leftMs * 8);
          expect(rig.told('agent.finished')).toHaveLength(1);
          const sinceMs = (rig.timesOf('agent.finished')[0] ?? 0) - 1_000;
          expect(sinceMs).toBeGreaterThanOrEqual(leftMs - 0.001);
          expect(sinceMs).toBeLessThanOrEqual(leftMs + echoDelayMs + 0.001);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('are over at once when nothing is to be heard any more', () => {
    const rig = createAgentRig();
    rig.open();
    rig.say(voice(ms(500)));
    rig.advance(30_000);
    rig.finish();
    expect(rig.told('agent.finishing')).toEqual([{ type: 'agent.finishing', leftMs: 0 }]);
    expect(rig.timesOf('agent.finished')).toEqual([500, 30_000]);
  });

  it('are over at once when only silence is left of them', () => {
    const rig = createAgentRig();
    rig.open();
    rig.say(silence(ms(5_000)));
    rig.finish();
    expect(rig.timesOf('agent.finished')).toEqual([0]);
  });

  it('count from now, however long the agent has been silent before', () => {
    const rig = createAgentRig();
    rig.open();
    rig.advance(30_000);
    rig.say(voice(ms(40)));
    rig.finish();
    expect(rig.told('agent.finishing')).toEqual([{ type: 'agent.finishing', leftMs: 40 }]);
  });

  it('are over two seconds after their end when no mark comes back', () => {
    const rig = createAgentRig({ marksReturn: false });
    rig.open();
    rig.say(voice(ms(500)));
    rig.finish();
    rig.advance(5_000);
    expect(rig.timesOf('agent.finished')).toEqual([2_500]);
  });

  it('are played when they were paused, from where they were heard last', () => {
    const rig = createAgentRig();
    rig.open();
    rig.say(voice(ms(1_000)));
    rig.advance(300);
    rig.pause();
    rig.advance(300);
    rig.finish();
    const { repeatedMs = 0, leftMs } = rig.told('agent.resumed')[0] ?? {};
    expect(repeatedMs).toBeLessThanOrEqual(240);
    expect(leftMs).toBe(700 + repeatedMs);
    expect(rig.told('agent.finishing')[0]?.leftMs).toBe(700 + repeatedMs);
    rig.advance(2_000);
    expect(rig.heard().length).toBe(ms(1_000 + repeatedMs));
    expect(rig.heard().subarray(ms(310 + repeatedMs))).toEqual(voice(ms(690), ms(310)));
    expect(rig.told('agent.finished')).toHaveLength(1);
  });
});
