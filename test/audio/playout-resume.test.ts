import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MULAW_TO_PCM } from '../../src/audio/mulaw.ts';
import { createAgentRig } from './agent-rig.ts';
import { silence, voice } from './voice.ts';

/** The bytes of so many ms. */
const ms = (length: number) => length * 8;
const FADE_BYTES = 80;

/** `voice` that is 40 dB quieter from one ms to another. */
function withDip(said: Buffer, fromMs: number, toMs: number): Buffer {
  return Buffer.from(said.map((code, i) => (i >= ms(fromMs) && i < ms(toMs) ? code | 0x60 : code)));
}

describe('an agent that goes on after a pause', () => {
  it('goes on from the quietest 20 ms of the last 240 ms that were heard', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 300, max: 1_500 }),
        fc.integer({ min: 2, max: 11 }),
        (atMs, framesBack) => {
          const dipMs = (Math.floor(atMs / 20) - framesBack) * 20;
          const said = withDip(voice(ms(2_000)), dipMs, dipMs + 20);
          const rig = createAgentRig();
          rig.open();
          rig.say(said);
          rig.advance(atMs);
          rig.pause();
          const before = rig.sent().length;
          rig.resume();
          expect(rig.told('agent.resumed')).toEqual([
            { type: 'agent.resumed', repeatedMs: atMs - dipMs, leftMs: 2_000 - dipMs },
          ]);
          rig.advance(4_000);
          const again = rig.sent().subarray(before);
          expect(again.subarray(FADE_BYTES).equals(said.subarray(ms(dipMs) + FADE_BYTES))).toBe(true);
        },
      ),
    );
  });

  it('rises from silence within 10 ms, and what is kept stays as it was said', () => {
    const said = voice(ms(2_000));
    const rig = createAgentRig();
    rig.open();
    rig.say(said);
    const firstBytes = Buffer.from(said);
    for (let pause = 0; pause < 3; pause += 1) {
      rig.advance(500);
      rig.pause();
      const before = rig.media.length;
      rig.resume();
      const again = rig.media[before]?.bytes ?? Buffer.alloc(0);
      const at = said.indexOf(again.subarray(FADE_BYTES)) - FADE_BYTES;
      expect(at).toBeGreaterThanOrEqual(0);
      for (let i = 0; i < FADE_BYTES; i += 1) {
        const whole = MULAW_TO_PCM[said[at + i] ?? 0] ?? 0;
        const faded = MULAW_TO_PCM[again[i] ?? 0] ?? 0;
        const wanted = (whole * (i + 1)) / (FADE_BYTES + 1);
        // A step of µ-law is a sixteenth of its segment.
        expect(Math.abs(faded - wanted)).toBeLessThanOrEqual(8 + Math.abs(wanted) / 16);
      }
    }
    expect(said.equals(firstBytes)).toBe(true);
  });

  it('never goes back beyond the beginning of its turn, nor of what it went back to', () => {
    const rig = createAgentRig();
    rig.open();
    rig.say(voice(ms(500)));
    rig.advance(1_000);
    const second = voice(ms(2_000), 40_000);
    rig.say(second);
    for (let pause = 0; pause < 5; pause += 1) {
      rig.advance(30);
      rig.pause();
      const before = rig.sent().length;
      rig.resume();
      const again = rig.sent().subarray(before);
      expect(second.indexOf(again.subarray(FADE_BYTES, 320))).toBe(FADE_BYTES);
    }
  });

  it('counts nothing twice: what was heard and what was not is the whole turn, however often it is paused', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 5, max: 700 }), { minLength: 1, maxLength: 6 }), (waits) => {
        const rig = createAgentRig();
        rig.open();
        rig.say(voice(ms(6_000)));
        let furthestMs = 0;
        for (const waitMs of waits) {
          rig.advance(waitMs);
          rig.pause();
          const { keptMs = 0, heardMs = 0 } = rig.told('agent.paused').at(-1) ?? {};
          expect(keptMs + heardMs).toBe(6_000);
          expect(heardMs).toBeGreaterThanOrEqual(furthestMs);
          furthestMs = heardMs;
          rig.resume();
        }
        rig.advance(1_000);
        rig.flush();
        const { flushedMs = 0, heardMs = 0 } = rig.told('agent.flushed')[0] ?? {};
        expect(flushedMs + heardMs).toBe(6_000);
        expect(heardMs).toBeGreaterThanOrEqual(furthestMs);
      }),
    );
  });

  it('is heard at once where it was paused in a silence of its own: 100 ms of that are left', () => {
    const rig = createAgentRig();
    rig.open();
    rig.say(Buffer.concat([voice(ms(400)), silence(ms(2_000)), voice(ms(400), ms(400))]));
    rig.advance(900);
    rig.pause();
    rig.advance(500);
    rig.resume();
    expect(rig.timesOf('agent.began')).toEqual([0, 1_400]);
    // Of 2000 ms of silence 500 were heard, 240 of them would be said again.
    expect(rig.told('agent.resumed')).toEqual([{ type: 'agent.resumed', repeatedMs: 0, leftMs: 500 }]);
    expect(rig.playout.readings.skippedMs).toBe(1_400);
    rig.flush();
    expect(rig.clears).toBe(2);
    expect(rig.told('agent.flushed')[0]).toMatchObject({ flushedMs: 500 });
    rig.flush();
    expect(rig.clears).toBe(2);
  });

  it('has finished when only silence is left, which is not sent', () => {
    const rig = createAgentRig();
    rig.open();
    rig.say(Buffer.concat([voice(ms(400)), silence(ms(2_000))]));
    rig.advance(900);
    rig.pause();
    const sent = rig.media.length;
    rig.resume();
    expect(rig.told('agent.resumed')).toEqual([{ type: 'agent.resumed', repeatedMs: 0, leftMs: 0 }]);
    expect(rig.edges.at(-1)).toEqual({ atMs: 900, edge: { type: 'agent.finished' } });
    rig.flush();
    expect(rig.media.length).toBe(sent);
    expect(rig.clears).toBe(1);
  });
});

describe('who listens for the caller over the agent', () => {
  it('is told what the ear is given, in order, and when it is played', () => {
    const rig = createAgentRig();
    rig.open();
    rig.say(voice(ms(1_000)));
    rig.advance(450);
    rig.pause();
    rig.advance(1_000);
    rig.resume();
    rig.advance(3_000);
    expect(rig.cuts).toEqual([450]);
    expect(Buffer.concat(rig.played.map(({ bytes }) => bytes)).equals(rig.sent())).toBe(true);
    let due = 0;
    for (const [i, { atMs, bytes }] of rig.played.entries()) {
      if (rig.media[i]?.atMs === 1_450) due = Math.max(due, 1_450);
      expect(atMs).toBe(due);
      due += bytes.length / 8;
    }
  });

  it('is told while anything of the agent is outstanding, and of changes only', () => {
    const rig = createAgentRig();
    rig.open();
    rig.say(silence(ms(500)), [[20, 160]]);
    expect(rig.attended).toEqual([]);
    rig.say(voice(ms(500)));
    const began = rig.timesOf('agent.began')[0] ?? -1;
    rig.advance(300);
    rig.pause();
    rig.advance(300);
    rig.resume();
    rig.advance(2_000);
    const finished = rig.timesOf('agent.finished')[0] ?? -1;
    rig.say(voice(ms(500)));
    const again = rig.timesOf('agent.began').at(-1) ?? -1;
    rig.advance(100);
    rig.flush();
    expect(rig.attended).toEqual([
      { atMs: began, outstanding: true },
      { atMs: finished, outstanding: false },
      { atMs: again, outstanding: true },
      { atMs: again + 100, outstanding: false },
    ]);
  });

  it.each(['resume', 'flush'] as const)(
    'listens on through a pause in which nothing audible is kept, until the %s',
    (order) => {
      const rig = createAgentRig({ marksReturn: false });
      rig.open();
      rig.say(voice(ms(200)));
      rig.say(silence(ms(400)));
      rig.advance(300);
      rig.pause();
      rig.advance(1_000);
      expect(rig.attended.at(-1)?.outstanding).toBe(true);
      rig[order]();
      expect(rig.attended.at(-1)?.outstanding).toBe(false);
    },
  );

  it('listens once audio comes that is kept from the first', () => {
    const rig = createAgentRig();
    rig.open();
    rig.pause();
    expect(rig.attended).toEqual([]);
    rig.say(voice(ms(200)));
    expect(rig.attended.at(-1)?.outstanding).toBe(true);
    rig.flush(true);
    expect(rig.attended.at(-1)?.outstanding).toBe(false);
  });
});
