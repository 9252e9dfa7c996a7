import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createAgentRig } from './agent-rig.ts';
import { silence, voice, withoutSilence } from './voice.ts';

/** The bytes of so many ms. */
const ms = (length: number) => length * 8;
const FRAME_MS = 20;
const FADE_BYTES = 80;

/** How a turn of the agent comes: all at once, or in clumps of so many bytes every 50 ms. */
const clumps = fc.constantFrom(undefined, [[50, 400]] as const, [[50, 333]] as const);

/** How much of `heard` is the beginning of `said`, in ms. */
function heardMsOf(said: Buffer, heard: Buffer): number {
  expect(said.subarray(0, heard.length).equals(heard)).toBe(true);
  return heard.length / 8;
}

describe('an agent that is paused', () => {
  it('is silent at once, keeps every byte that was not heard, and goes on with it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 10, max: 1_800 }), clumps, (atMs, how) => {
        const rig = createAgentRig();
        rig.open();
        const said = voice(ms(2_000));
        const first = how ? ms(Math.ceil(atMs / 50) * 50 + 50) : said.length;
        rig.say(said.subarray(0, first), how);
        rig.advance(Math.max(0, atMs - rig.now()));
        const playing = rig.playback.queuedMs > 0;
        rig.pause();
        expect(rig.playback.queuedMs).toBe(0);
        if (playing) expect(rig.clears).toBe(1);
        const heardMs = heardMsOf(said, rig.heard());
        const paused = rig.told('agent.paused')[0];
        const takenMs = first / 8;
        expect((paused?.keptMs ?? 0) + heardMs).toBe(takenMs);
        // What comes meanwhile is kept as well.
        rig.say(said.subarray(first), how);
        rig.advance(1_000);
        expect(heardMsOf(said, rig.heard())).toBe(heardMs);
        const kept = rig.playout.readings.queuedMs;
        rig.resume();
        const { repeatedMs = 0, leftMs = 0 } = rig.told('agent.resumed')[0] ?? {};
        expect(repeatedMs).toBeLessThanOrEqual(240);
        expect(leftMs).toBeGreaterThanOrEqual(kept);
        expect(leftMs).toBe(2_000 - heardMs + repeatedMs);
        rig.advance(4_000);
        const heard = rig.heard();
        expect(heard.length).toBe(said.length + ms(repeatedMs));
        // What is said again rises from silence for 10 ms and is the same from there on.
        const again = ms(heardMs - repeatedMs) + FADE_BYTES;
        expect(heard.subarray(ms(heardMs) + FADE_BYTES).equals(said.subarray(again))).toBe(true);
        expect(rig.clears).toBeLessThanOrEqual(1);
      }),
      { numRuns: 60 },
    );
  });

  it('knows what was heard to the ms, however long the marks are under way', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 10, max: 1_900 }),
        fc.integer({ min: 1, max: 150 }),
        (atMs, echoDelayMs) => {
          const rig = createAgentRig({ echoDelayMs });
          rig.open();
          const said = voice(ms(2_000));
          rig.say(said);
          rig.advance(atMs);
          rig.pause();
          const { keptMs = 0, heardMs = 0 } = rig.told('agent.paused')[0] ?? {};
          expect(heardMs).toBe(heardMsOf(said, rig.heard()));
          expect(keptMs + heardMs).toBe(2_000);
        },
      ),
    );
  });

  it('begins again when it goes on, and finishes when that is played', () => {
    const rig = createAgentRig();
    rig.open();
    rig.say(voice(ms(1_000)));
    rig.advance(400);
    rig.pause();
    rig.advance(2_000);
    // The marks that `clear` brought back are of no account.
    expect(rig.told('agent.finished')).toEqual([]);
    rig.resume();
    expect(rig.timesOf('agent.began')).toEqual([0, 2_400]);
    rig.advance(1_000);
    const { repeatedMs = 0 } = rig.told('agent.resumed')[0] ?? {};
    expect(rig.timesOf('agent.finished')).toEqual([3_000 + repeatedMs]);
    expect(rig.mostLeadMs).toBeLessThanOrEqual(200);
  });

  it.each([
    ['nothing', 0],
    ['silence', 500],
  ])('is over when %s is left to go on with', (_what, tailMs) => {
    const rig = createAgentRig({ echoDelayMs: 700 });
    rig.open();
    rig.say(Buffer.concat([voice(ms(500)), silence(ms(tailMs))]));
    rig.advance(560);
    rig.pause();
    expect(rig.clears).toBe(1);
    rig.advance(300);
    rig.resume();
    expect(rig.told('agent.finished')).toHaveLength(1);
    rig.advance(3_000);
    expect(rig.told('agent.finished')).toHaveLength(1);
    expect(rig.told('agent.began').length).toBeLessThanOrEqual(2);
  });

  it('is told apart in what was heard of the turn before it was paused and since', () => {
    const rig = createAgentRig();
    rig.open();
    rig.say(voice(ms(3_000)));
    rig.advance(400);
    rig.pause();
    rig.advance(1_000);
    rig.resume();
    rig.advance(600);
    rig.flush();
    expect(rig.told('agent.paused')[0]?.heardMs).toBe(400);
    const { repeatedMs = 0 } = rig.told('agent.resumed')[0] ?? {};
    const heardMs = 1_000 - repeatedMs;
    expect(rig.told('agent.flushed')[0]).toMatchObject({ heardMs, flushedMs: 3_000 - heardMs });
  });
});

describe('an agent that is flushed', () => {
  it('is silent at once, and the call is told what was heard and what was not', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 100, max: 3_000 }),
        fc.nat(500),
        clumps,
        fc.boolean(),
        (atMs, headMs, how, refuse) => {
          const rig = createAgentRig();
          rig.open();
          rig.advance(1_000);
          const said = voice(ms(2_000));
          rig.say(Buffer.concat([silence(ms(headMs)), how ? said.subarray(0, ms(atMs)) : said]), how);
          rig.advance(Math.max(0, 1_000 + atMs - rig.now()));
          const speaking = rig.told('agent.began').length > rig.told('agent.finished').length;
          rig.flush(refuse);
          expect(rig.playback.queuedMs).toBe(0);
          if (speaking) expect(rig.clears).toBe(1);
          const trulyHeardMs = heardMsOf(said, rig.heard());
          const { chunks = 0, heardMs = 0, flushedMs = 0 } = rig.told('agent.flushed')[0] ?? {};
          if (speaking) expect(Math.abs(heardMs - trulyHeardMs)).toBeLessThanOrEqual(FRAME_MS);
          else expect(heardMs).toBe(0);
          const takenMs = headMs + (how ? Math.min(atMs, 2_000) : 2_000);
          const overlapMs = rig.playedMs() + flushedMs - takenMs;
          // A frame that was being heard counts as unheard; the last may have been filled up.
          expect(overlapMs).toBeGreaterThanOrEqual(-0.001);
          expect(overlapMs).toBeLessThan(2 * FRAME_MS);
          expect(chunks).toBe(Math.ceil(flushedMs / FRAME_MS));
          expect(rig.playout.readings.flushedMs).toBe(flushedMs);
          expect(rig.playout.readings.queuedMs).toBe(0);
          // Nothing of it is heard any more, and none of its marks says anything.
          const sentBefore = rig.media.length;
          rig.advance(5_000);
          expect(rig.media.length).toBe(sentBefore);
          expect(rig.told('agent.finished').length).toBe(rig.told('agent.began').length - (speaking ? 1 : 0));
          expect(rig.clears).toBeLessThanOrEqual(1);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('needs no second clear after a pause, and none when nothing is to be heard', () => {
    const rig = createAgentRig();
    rig.open();
    rig.flush();
    expect(rig.clears).toBe(0);
    rig.say(voice(ms(1_000)));
    rig.advance(300);
    rig.pause();
    rig.flush(true);
    expect(rig.clears).toBe(1);
    expect(rig.told('agent.flushed').at(-1)).toMatchObject({ flushedMs: 700, heardMs: 300 });
    rig.accept();
    rig.say(voice(ms(100)));
    rig.advance(3_000);
    rig.flush();
    expect(rig.clears).toBe(1);
    expect(rig.told('agent.flushed').at(-1)).toMatchObject({ chunks: 0, flushedMs: 0, heardMs: 0 });
  });

  it('is cleared as well where only silence waits, or a mark is still awaited', () => {
    const quiet = createAgentRig();
    quiet.open();
    quiet.say(silence(ms(1_000)));
    quiet.flush();
    expect(quiet.clears).toBe(1);
    const late = createAgentRig({ echoDelayMs: 700 });
    late.open();
    late.say(voice(ms(500)));
    late.advance(560);
    late.flush();
    expect(late.clears).toBe(1);
    expect(late.told('agent.flushed')).toEqual([
      { type: 'agent.flushed', chunks: 0, flushedMs: 0, heardMs: 500 },
    ]);
  });

  it('counts for each turn only what was heard of that one', () => {
    for (const end of ['played', 'flushed']) {
      const rig = createAgentRig();
      rig.open();
      rig.say(voice(ms(600)));
      rig.advance(400);
      rig.pause();
      if (end === 'flushed') rig.flush();
      else rig.resume();
      rig.advance(1_000);
      rig.say(voice(ms(600)));
      expect(rig.told('agent.began').at(-1)?.receivedAt).toBe(61_400);
      rig.advance(200);
      rig.flush();
      expect(rig.told('agent.flushed').at(-1)?.heardMs).toBe(200);
    }
  });

  it('leaves no sound of what was dropped in what is taken next', () => {
    const rig = createAgentRig({ format: 'pcm_s16le' });
    rig.open();
    rig.say(Buffer.alloc(6_400, 0x30));
    rig.flush();
    const before = rig.sent().length;
    rig.say(Buffer.alloc(6_400, 0));
    rig.advance(1_000);
    expect(
      rig
        .sent()
        .subarray(before)
        .equals(silence(ms(200))),
    ).toBe(true);
  });

  it('counts every frame of what it drops, sent or not', () => {
    const rig = createAgentRig();
    rig.open();
    rig.say(voice(ms(1_000) + 7));
    rig.advance(160);
    rig.flush();
    const flushedMs = 840 + 7 / 8;
    expect(rig.told('agent.flushed')).toEqual([
      { type: 'agent.flushed', chunks: 43, flushedMs, heardMs: 160 },
    ]);
  });

  it('speaks anew with what comes next, and with nothing of what was left over', () => {
    const rig = createAgentRig();
    rig.open();
    rig.say(voice(ms(1_000) + 77));
    rig.advance(500);
    rig.flush();
    const before = rig.sent().length;
    const next = voice(ms(400), 50_000);
    rig.say(next);
    rig.advance(1_000);
    expect(rig.sent().subarray(before)).toEqual(next);
    expect(rig.told('agent.began')).toHaveLength(2);
    expect(rig.told('agent.finished')).toHaveLength(1);
    expect(rig.marks.at(-1)?.name).toMatch(/^g2:/);
  });

  it('pays no heed to marks that come back after the clear, however late', () => {
    const rig = createAgentRig({ echoDelayMs: 150 });
    rig.open();
    rig.say(voice(ms(1_000)));
    rig.advance(490);
    rig.flush();
    rig.say(voice(ms(1_000), ms(1_000)));
    rig.advance(300);
    // Its own marks have come back for the first 100 ms.
    rig.flush();
    expect(rig.told('agent.flushed')[1]?.heardMs).toBeLessThanOrEqual(300);
    expect(rig.told('agent.flushed')[1]?.heardMs).toBeGreaterThanOrEqual(120);
    expect(rig.told('agent.finished')).toEqual([]);
  });
});

describe('an agent that does not know yet that it was cut off', () => {
  /** Cut off in its turn, and still sending it. */
  function refused() {
    const rig = createAgentRig();
    rig.open();
    rig.say(voice(ms(500)), [[20, 160]]);
    rig.flush(true);
    return rig;
  }

  it('is refused until it has been silent for 300 ms, and then heard from the first byte on', () => {
    const rig = refused();
    const before = rig.sent().length;
    rig.say(voice(ms(1_000), ms(500)), [[20, 160]]);
    rig.advance(299);
    rig.say(voice(160));
    expect(rig.media.reduce((sum, { bytes }) => sum + bytes.length, 0)).toBe(before);
    expect(rig.playout.readings.refusedMs).toBe(1_020);
    expect(rig.told('pipe.renewed')).toEqual([]);
    rig.advance(300);
    const next = voice(ms(200), 50_000);
    rig.say(next);
    expect(rig.told('pipe.renewed')).toHaveLength(1);
    rig.advance(1_000);
    expect(rig.sent().subarray(before)).toEqual(next);
  });

  it('counts digital silence as silence', () => {
    const rig = refused();
    rig.say(silence(ms(280)), [[20, 160]]);
    rig.say(voice(160));
    expect(rig.told('pipe.renewed')).toEqual([]);
    rig.say(silence(ms(280)), [[20, 160]]);
    rig.advance(20);
    rig.say(voice(160));
    expect(rig.told('pipe.renewed')).toHaveLength(1);
  });

  it('is heard again at once when it is known to have begun anew', () => {
    const rig = refused();
    rig.say(voice(ms(100), ms(500)));
    rig.accept();
    const before = rig.sent().length;
    rig.say(voice(ms(100), ms(600)));
    expect(rig.sent().subarray(before)).toEqual(voice(ms(100), ms(600)));
  });

  it('keeps its samples whole in PCM, also when a refused message ends inside one', () => {
    const rig = createAgentRig({ format: 'pcm_s16le' });
    rig.open();
    const loud = Buffer.alloc(6_401, 0x30);
    rig.say(loud);
    rig.flush(true);
    rig.say(Buffer.alloc(3_200, 0x30));
    rig.advance(1_000);
    // Samples of 1, whose second byte alone would be a sample of 256: nothing may be heard but silence.
    rig.accept();
    const before = rig.sent().length;
    const quiet = Buffer.from([0x30, ...Array.from({ length: 6_400 }, (_, i) => (i % 2 === 0 ? 1 : 0))]);
    rig.say(quiet);
    rig.advance(1_000);
    expect(rig.sent().length).toBeGreaterThan(before);
    expect(withoutQuiet(rig.sent().subarray(before + 160))).toEqual(Buffer.alloc(0));
  });

  it('leaves no sound of what was refused in what is taken next', () => {
    const rig = createAgentRig({ format: 'pcm_s16le' });
    rig.open();
    rig.say(Buffer.alloc(640, 0x30));
    rig.flush(true);
    rig.say(Buffer.alloc(6_400, 0x30));
    rig.accept();
    rig.say(Buffer.alloc(6_400, 0));
    rig.advance(1_000);
    expect(rig.sent().equals(silence(ms(200)))).toBe(true);
  });
});

/** `bytes` without the four codes next to zero. */
function withoutQuiet(bytes: Buffer): Buffer {
  return withoutSilence(Buffer.from(bytes.map((code) => ((code | 0x80) >= 0xfe ? 0xff : code))));
}
