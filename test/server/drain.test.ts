import { describe, expect, it } from 'vitest';
import { createDrain } from '../../src/server/drain.ts';
import { createVirtualClock } from '../support/virtual-clock.ts';

function createHouse({ live = 0, timeoutMs = 60_000, hangUpEnds = true, closes = Promise.resolve() } = {}) {
  const clock = createVirtualClock();
  const told: string[] = [];
  const house = { clock, told, live, lines: [] as string[] };
  const drain = createDrain({
    clock,
    log: { info: (_, line) => void house.lines.push(line) },
    timeoutMs,
    liveCalls: () => house.live,
    stopTaking: () => void told.push('stop taking'),
    hangUpAll(words) {
      told.push(`hang up: ${words}`);
      if (hangUpEnds) house.live = 0;
    },
    close() {
      told.push('close');
      return closes;
    },
    exit: (code) => void told.push(`exit ${code}`),
  });
  return Object.assign(house, { drain });
}

const HANG_UP = 'hang up: The server is being stopped.';

describe('a server that is asked to stop', () => {
  it('leaves at once when nobody is on the phone', async () => {
    const { drain, clock, told, lines } = createHouse();
    drain.stop();
    await clock.settle();
    expect(told).toEqual(['stop taking', 'close', 'exit 0']);
    expect(lines).toEqual(['[Drain] No new calls; 0 still to finish', '[Drain] The server has stopped']);
  });

  it('lets the calls finish, and stays a second for Twilio’s last question', async () => {
    const house = createHouse({ live: 2 });
    house.drain.stop();
    await house.clock.run(30_000);
    expect(house.told).toEqual(['stop taking']);
    house.live = 0;
    await house.clock.run(250 + 999);
    expect(house.told).toEqual(['stop taking']);
    await house.clock.run(1);
    expect(house.told).toEqual(['stop taking', 'close', 'exit 0']);
  });

  it('stays for a call that comes back within that second, because its stream broke', async () => {
    const house = createHouse({ live: 1 });
    house.drain.stop();
    house.live = 0;
    await house.clock.run(250 + 500);
    house.live = 1;
    await house.clock.run(20_000);
    expect(house.told).toEqual(['stop taking']);
    house.live = 0;
    await house.clock.run(250 + 1_000);
    expect(house.told).toEqual(['stop taking', 'close', 'exit 0']);
  });

  it('hangs up what is alive when the time is over', async () => {
    const house = createHouse({ live: 1, timeoutMs: 60_000 });
    house.drain.stop();
    await house.clock.run(59_999);
    expect(house.told).toEqual(['stop taking']);
    await house.clock.run(1);
    expect(house.told).toEqual(['stop taking', HANG_UP]);
    await house.clock.run(250);
    expect(house.told).toEqual(['stop taking', HANG_UP, 'close', 'exit 0']);
  });

  it('hangs up at once when it is asked again', async () => {
    const house = createHouse({ live: 1 });
    house.drain.stop();
    await house.clock.run(1_000);
    house.drain.stop();
    expect(house.told).toEqual(['stop taking', HANG_UP]);
    await house.clock.run(250);
    expect(house.told.slice(2)).toEqual(['close', 'exit 0']);
  });

  it('waits five seconds for calls that do not end when they are hung up, and no longer', async () => {
    const house = createHouse({ live: 1, hangUpEnds: false });
    house.drain.stop();
    house.drain.stop();
    await house.clock.run(4_999);
    // At once, and again at each look, of which there are four a second.
    expect(house.told).toEqual(['stop taking', ...Array(20).fill(HANG_UP)]);
    await house.clock.run(1);
    expect(house.told.slice(21)).toEqual(['close', 'exit 0']);
  });

  it('hangs up a call, too, that comes back on another stream after the others were hung up', async () => {
    const house = createHouse({ live: 2, hangUpEnds: false });
    house.drain.stop();
    house.drain.stop();
    house.live = 1;
    await house.clock.run(250);
    expect(house.told).toEqual(['stop taking', HANG_UP, HANG_UP]);
    house.live = 0;
    await house.clock.run(250);
    expect(house.told.slice(3)).toEqual(['close', 'exit 0']);
  });

  it('leaves at once when it is asked a third time', async () => {
    const house = createHouse({ live: 1, hangUpEnds: false });
    for (let times = 0; times < 3; times += 1) house.drain.stop();
    await house.clock.settle();
    expect(house.told).toEqual(['stop taking', HANG_UP, 'close', 'exit 0']);
  });

  it('hangs up at once where no time is given', async () => {
    const house = createHouse({ live: 1, timeoutMs: 0 });
    house.drain.stop();
    expect(house.told).toEqual(['stop taking', HANG_UP]);
  });

  it('leaves also when something does not close in ten seconds', async () => {
    const house = createHouse({ closes: new Promise(() => {}) });
    house.drain.stop();
    await house.clock.run(9_999);
    expect(house.told).toEqual(['stop taking', 'close']);
    await house.clock.run(1);
    expect(house.told).toEqual(['stop taking', 'close', 'exit 0']);
    expect(house.lines.at(-1)).toBe('[Drain] The server stops, though not all of it has closed');
  });

  it('leaves also when something fails to close, and says that it failed', async () => {
    const house = createHouse({ closes: Promise.reject(new Error('no')) });
    house.drain.stop();
    await house.clock.settle();
    expect(house.told).toEqual(['stop taking', 'close', 'exit 1']);
    expect(house.clock.armed).toBe(0);
  });

  it('leaves once, however often it is asked', async () => {
    const house = createHouse({ live: 1 });
    for (let times = 0; times < 10; times += 1) house.drain.stop();
    house.drain.finish(1);
    await house.clock.run(60_000);
    expect(house.told.filter((what) => what.startsWith('exit'))).toHaveLength(1);
    expect(house.clock.armed).toBe(0);
  });
});

describe('a server that has made a mistake', () => {
  it('finishes its calls as if asked to stop, and says that it failed', async () => {
    const house = createHouse({ live: 1 });
    house.drain.finish(1);
    house.drain.finish(1);
    await house.clock.run(10_000);
    expect(house.told).toEqual(['stop taking']);
    house.live = 0;
    await house.clock.run(2_000);
    expect(house.told).toEqual(['stop taking', 'close', 'exit 1']);
  });

  it('says so also when it happens on the way out, and hangs up nobody for it', async () => {
    const house = createHouse({ live: 1 });
    house.drain.stop();
    house.drain.finish(1);
    expect(house.told).toEqual(['stop taking']);
    house.live = 0;
    await house.clock.run(2_000);
    expect(house.told).toEqual(['stop taking', 'close', 'exit 1']);
  });
});
