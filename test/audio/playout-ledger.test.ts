import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPlayoutLedger, type PlayoutLedger } from '../../src/audio/playout-ledger.ts';
import { createVirtualClock } from '../support/virtual-clock.ts';
import { voice } from './voice.ts';

/** The bytes of so many ms. */
const ms = (length: number) => length * 8;

/** A ledger at a time that is not the beginning of the world. */
function createLedger() {
  const clock = createVirtualClock();
  clock.advance(5_000);
  return { clock, ledger: createPlayoutLedger(clock) };
}

/** All of it audible. */
const say = (ledger: PlayoutLedger, frames: Buffer) => ledger.sent(frames, frames.length);

describe('the ledger of what the caller was given', () => {
  it('is played out before anything was sent', () => {
    const { ledger } = createLedger();
    expect(ledger.unplayedMs()).toBe(0);
    expect(ledger.dryMs()).toBe(Number.POSITIVE_INFINITY);
    expect(ledger.heardOfTurnMs()).toBe(0);
    expect(ledger.audiblePlayed).toBe(true);
    expect(ledger.cut()).toEqual({ heard: [], unheard: [], overlap: 0 });
  });

  it('asks for a mark every 100 ms at first and where the agent is silent, and every 300 ms in between', () => {
    const { clock, ledger } = createLedger();
    for (let sent = 0; sent < 5; sent += 1) {
      say(ledger, voice(800));
      expect(ledger.unmarkedRoom).toBe(0);
      ledger.mark();
      clock.advance(90);
    }
    expect(ledger.unmarkedRoom).toBe(2_400);
    say(ledger, voice(800));
    expect(ledger.unmarkedRoom).toBe(1_600);
    ledger.sent(voice(160), 0);
    expect(ledger.unmarkedRoom).toBe(0);
  });

  it('names marks by generation and bytes, and knows its own from all others', () => {
    const { clock, ledger } = createLedger();
    say(ledger, voice(320));
    expect(ledger.audibleUnmarked).toBe(true);
    expect(ledger.unmarkedRoom).toBe(480);
    expect(ledger.mark()).toBe('g1:320');
    expect(ledger.audibleUnmarked).toBe(false);
    expect(ledger.unmarkedRoom).toBe(800);
    clock.advance(40);
    for (const foreign of [
      '',
      'g1',
      'g1:',
      'g1:-320',
      'g1:320x',
      ' g1:320',
      'g2:320',
      'g0:0',
      'g1:480',
      'g1:1e99',
    ])
      expect(ledger.marked(foreign)).toBe(false);
    expect(ledger.audiblePlayed).toBe(false);
    expect(ledger.marked('g1:320')).toBe(true);
    expect(ledger.audiblePlayed).toBe(true);
    ledger.cut();
    expect(ledger.marked('g1:320')).toBe(false);
    say(ledger, voice(160));
    expect(ledger.mark()).toBe('g2:160');
    expect(ledger.sentBytes).toBe(480);
  });

  it('takes back what was not heard for certain, and before it 240 ms of what was, in whole frames and in order', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 12 }),
        fc.nat(3_000),
        fc.nat(12),
        (frames, elapsedMs, marksBack) => {
          const { clock, ledger } = createLedger();
          const said = voice(frames.reduce((sum, count) => sum + count * 160, 0));
          let at = 0;
          const names = frames.map((count) => {
            say(ledger, said.subarray(at, at + count * 160));
            at += count * 160;
            return { name: ledger.mark(), dueMs: at / 8 };
          });
          let passed = 0;
          for (const { name, dueMs } of names.slice(0, marksBack).filter((mark) => mark.dueMs <= elapsedMs)) {
            clock.advance(dueMs - passed);
            passed = dueMs;
            ledger.marked(name);
          }
          clock.advance(elapsedMs - passed);
          const heard = Math.min(said.length, ms(elapsedMs));
          expect(ledger.unheardMs()).toBe((said.length - heard) / 8);
          const { heard: before, unheard, overlap } = ledger.cut();
          const start = heard - overlap;
          expect(Buffer.concat(unheard).equals(said.subarray(start))).toBe(true);
          expect(start % 160).toBe(0);
          const proven = Math.max(
            0,
            ...names.slice(0, marksBack).map(({ dueMs }) => (dueMs <= elapsedMs ? ms(dueMs) : 0)),
          );
          // The clock may be wrong by 20 ms; a mark is not.
          const certain = Math.max(proven, Math.min(said.length, ms(elapsedMs) - 160));
          expect(start).toBe(Math.max(0, certain - (certain % 160)));
          const rewound = Math.max(0, Math.ceil((heard - ms(240)) / 160) * 160);
          expect(Buffer.concat(before).equals(said.subarray(rewound, Math.max(rewound, start)))).toBe(true);
          expect(ledger.unplayedMs()).toBe(0);
          expect(ledger.cut()).toEqual({ heard: [], unheard: [], overlap: 0 });
        },
      ),
    );
  });

  it('learns how long marks are under way, and does not count that as unheard', () => {
    const { clock, ledger } = createLedger();
    say(ledger, voice(ms(200)));
    ledger.beginTurn(ms(200));
    const name = ledger.mark();
    clock.advance(160);
    expect(ledger.heardOfTurnMs()).toBe(160);
    clock.advance(100);
    ledger.marked(name);
    say(ledger, voice(ms(200)));
    clock.advance(120);
    expect(ledger.heardOfTurnMs()).toBe(320);
  });

  it('goes by the marks rather than by the clock: marks later than others say that less was heard', () => {
    const { clock, ledger } = createLedger();
    say(ledger, voice(ms(100)));
    ledger.beginTurn(ms(100));
    const names = [ledger.mark()];
    for (let i = 1; i < 4; i += 1) {
      say(ledger, voice(ms(100), ms(100 * i)));
      names.push(ledger.mark());
    }
    clock.advance(160);
    ledger.marked(names[0] ?? '');
    expect(ledger.heardOfTurnMs()).toBe(160);
    // The line stood still for 40 ms, 5 of which may be chance. One late mark alone says nothing.
    clock.advance(140);
    ledger.marked(names[1] ?? '');
    expect(ledger.heardOfTurnMs()).toBe(300);
    clock.advance(100);
    ledger.marked(names[2] ?? '');
    expect(ledger.heardOfTurnMs()).toBe(365);
    expect(ledger.unplayedMs()).toBe(35);
    expect(Buffer.concat(ledger.cut().unheard)).toEqual(voice(ms(60), ms(340)));
  });

  it('hears nothing in the time in which nothing was there to play', () => {
    const { clock, ledger } = createLedger();
    say(ledger, voice(ms(40)));
    ledger.beginTurn(ms(40));
    clock.advance(500);
    expect(ledger.heardOfTurnMs()).toBe(40);
    expect(ledger.dryMs()).toBe(460);
    say(ledger, voice(ms(100), ms(40)));
    clock.advance(20);
    expect(ledger.heardOfTurnMs()).toBe(60);
    // A mark of before that hole tells nothing new.
    ledger.mark();
    ledger.marked('g1:320');
    expect(ledger.heardOfTurnMs()).toBe(60);
    expect(ledger.dryMs()).toBe(0);
    expect(ledger.unplayedMs()).toBe(80);
  });

  it('is overdue by what is audible, not by the silence after it', () => {
    const { clock, ledger } = createLedger();
    say(ledger, voice(ms(100)));
    ledger.sent(Buffer.alloc(ms(400), 0xff), 0);
    expect(ledger.overdueMs()).toBe(-100);
    clock.advance(300);
    expect(ledger.overdueMs()).toBe(200);
    expect(ledger.unplayedMs()).toBe(200);
    ledger.assumePlayed();
    expect(ledger.audiblePlayed).toBe(true);
  });

  it('counts a turn from the bytes that began it', () => {
    const { clock, ledger } = createLedger();
    say(ledger, voice(ms(100)));
    ledger.beginTurn(ms(40));
    clock.advance(40);
    expect(ledger.heardOfTurnMs()).toBe(0);
    clock.advance(40);
    expect(ledger.heardOfTurnMs()).toBe(20);
  });

  it('keeps two seconds for marks that come late, and no more, when none comes at all', async () => {
    setFlagsFromString('--expose-gc');
    const collectGarbage: () => void = runInNewContext('gc');
    const { clock, ledger } = createLedger();
    const sent: WeakRef<Buffer>[] = [];
    for (let i = 0; i < 500; i += 1) {
      const second = Buffer.alloc(ms(1_000), 0x10);
      sent.push(new WeakRef(second));
      say(ledger, second);
      clock.advance(1_000);
    }
    // What a weak reference was made to is held until the turn of the event loop ends.
    await new Promise((resolve) => setImmediate(resolve));
    collectGarbage();
    const kept = sent.filter((second) => second.deref() !== undefined).length;
    expect(kept).toBeGreaterThanOrEqual(2);
    expect(kept).toBeLessThanOrEqual(4);
    expect(ledger.sentBytes).toBe(500 * ms(1_000));
  });
});
