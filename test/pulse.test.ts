import { describe, expect, it } from 'vitest';
import { createPulse } from '../src/pulse.ts';
import { createVirtualClock } from './support/virtual-clock.ts';

/** A pulse each second of a line that answers after `rttMs`, or not at all, and what it tells. */
function felt({ rttMs = 40 as number | null, mostMs = 4_000 } = {}) {
  const clock = createVirtualClock();
  let busyMs = 0;
  let answersAfter = rttMs;
  const told: string[] = [];
  let pings = 0;
  const pulse = createPulse({
    clock: { ...clock, now: () => clock.now() + busyMs },
    everyMs: 1_000,
    ping(number) {
      pings += 1;
      if (answersAfter !== null) clock.setTimeout(() => pulse.ponged(number), answersAfter);
    },
    answered: () => told.push('answered'),
    timed: (ms) => told.push(`took ${ms}`),
    late: (isLate) => told.push(isLate ? 'late' : 'in time'),
    mostMs,
    gone: () => told.push('gone'),
  });
  return {
    clock,
    pulse,
    told,
    answer(ms: number | null) {
      answersAfter = ms;
    },
    /** The process is busy: time passes, and what is due happens later. */
    stall(ms: number) {
      busyMs += ms;
    },
    get pings() {
      return pings;
    },
  };
}

describe('the pulse of a line', () => {
  it('tells how long each answer took, and nothing else of a line that answers', () => {
    const { pulse, clock, told } = felt();
    expect(pulse.rttMs).toBeNull();
    pulse.start();
    clock.advance(3_500);
    expect(told).toEqual(['took 40', 'took 40', 'took 40']);
    expect(pulse.rttMs).toBe(40);
    pulse.stop();
    expect(clock.armed).toBe(0);
  });

  it('counts an answer that is out as at least so late', () => {
    const { pulse, clock } = felt({ rttMs: null });
    pulse.start();
    clock.advance(1_700);
    expect(pulse.rttMs).toBe(700);
  });

  it('has one ping out at a time, and takes no answer to another for its own', () => {
    const line = felt({ rttMs: null });
    line.pulse.start();
    line.clock.advance(2_500);
    line.pulse.ponged(0);
    line.pulse.ponged(2);
    line.pulse.ponged(Number.NaN);
    expect(line.pings).toBe(1);
    expect(line.told).toEqual([]);
    line.pulse.ponged(1);
    line.pulse.ponged(1);
    expect(line.told).toEqual(['took 1500']);
  });

  it('calls a line late that was so twice, says so again with each answer, and once when it is not any more', () => {
    const line = felt({ rttMs: 1_600 });
    line.pulse.start();
    line.clock.advance(2_999);
    expect(line.told).toEqual(['took 1600']);
    // The second ping leaves at 3 s, when the first has been answered; the third at once, with the second answer.
    line.clock.advance(1_601);
    expect(line.told).toEqual(['took 1600', 'took 1600', 'late']);
    line.answer(100);
    line.clock.advance(1_600);
    expect(line.told.slice(3)).toEqual(['took 1600', 'late']);
    line.clock.advance(100);
    expect(line.told.slice(5)).toEqual(['took 100', 'in time']);
  });

  it('does not wait for an answer to call a line late', () => {
    const line = felt({ rttMs: null });
    line.pulse.start();
    // Out since 1 s: looked at after 2 s and after 3 s.
    line.clock.advance(3_999);
    expect(line.told).toEqual([]);
    line.clock.advance(1);
    expect(line.told).toEqual(['late']);
  });

  it('calls a line gone that is more than four seconds late, and looks no more', () => {
    const line = felt({ rttMs: null });
    line.pulse.start();
    line.clock.advance(5_999);
    expect(line.told).toEqual(['late']);
    line.clock.advance(1);
    expect(line.told).toEqual(['late', 'gone']);
    expect(line.clock.armed).toBe(0);
  });

  it('calls a line gone whose answer took that long', () => {
    const line = felt({ rttMs: 4_001 });
    line.pulse.start();
    line.clock.advance(5_001);
    expect(line.told).toEqual(['late', 'took 4001', 'late', 'gone']);
  });

  it('does not hold its own sleep against the line', () => {
    const line = felt({ rttMs: 40 });
    line.pulse.start();
    line.answer(null);
    line.clock.advance(1_010);
    line.stall(20_000);
    // What came meanwhile is read late.
    line.clock.advance(990);
    expect(line.told).toEqual([]);
    line.pulse.ponged(1);
    expect(line.told).toEqual(['took 1000']);
  });

  it('does not hold it against the line either when the answer is read before anything else', () => {
    const line = felt({ rttMs: null });
    line.pulse.start();
    line.clock.advance(1_010);
    line.stall(20_000);
    line.pulse.ponged(1);
    expect(line.told).toEqual(['took 1000']);
  });

  it('takes no answer for one that came before its question, whenever that was asked in its sleep', () => {
    const line = felt({ rttMs: null });
    line.pulse.start();
    line.clock.advance(500);
    line.stall(20_000);
    line.pulse.ask();
    line.pulse.ponged(1);
    line.pulse.ask();
    line.clock.advance(500);
    line.clock.advance(40);
    line.pulse.ponged(2);
    expect(line.told).toEqual(['answered', 'took 0', 'answered', 'took 40']);
  });

  it('answers whoever asks, at once if an answer comes at once, and asks the line only once', () => {
    const line = felt({ rttMs: 0 });
    line.pulse.ask();
    line.clock.advance(0);
    expect(line.told).toEqual(['answered', 'took 0']);
    line.answer(500);
    line.pulse.ask();
    line.pulse.ask();
    line.clock.advance(500);
    expect(line.told.slice(2)).toEqual(['answered', 'took 500']);
    expect(line.pings).toBe(2);
  });

  it('asks nothing of a line that is not read, and takes it for well', () => {
    const line = felt({ rttMs: null });
    line.pulse.start();
    line.clock.advance(4_000);
    line.pulse.ask();
    line.pulse.hold(true);
    expect(line.told).toEqual(['late', 'in time', 'answered']);
    line.clock.advance(60_000);
    line.pulse.ask();
    expect(line.told.slice(3)).toEqual(['answered']);
    expect(line.pings).toBe(1);
    line.pulse.hold(false);
    line.answer(30);
    line.clock.advance(1_030);
    expect(line.told.slice(4)).toEqual(['took 30']);
  });

  it('begins anew for another socket', () => {
    const line = felt({ rttMs: null });
    line.pulse.start();
    line.clock.advance(4_000);
    line.pulse.stop();
    line.pulse.start();
    expect(line.told).toEqual(['late', 'in time']);
    line.clock.advance(2_999);
    expect(line.told).toHaveLength(2);
  });
});
