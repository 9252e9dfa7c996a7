import { describe, expect, it } from 'vitest';
import type { ToWorker } from '../../src/cluster/mail.ts';
import { createOverseer, type WorkerProcessEar } from '../../src/cluster/overseer.ts';
import { createVirtualClock } from '../support/virtual-clock.ts';

interface StartedWorker extends WorkerProcessEar {
  told: ToWorker[];
}

function oversee(workers = 2, maxCalls = 5) {
  const clock = createVirtualClock();
  const started: StartedWorker[] = [];
  const lines: string[] = [];
  const exits: number[] = [];
  const say = (_: object, line: string) => void lines.push(line);
  const overseer = createOverseer({
    clock,
    log: { info: say, warn: say, error: say },
    workers,
    maxCalls,
    ticketKey: 'key',
    startWorker(ear) {
      const told: ToWorker[] = [];
      started.push({ ...ear, told });
      return { name: `${started.length}`, pid: 1_000, send: (message) => void told.push(message) };
    },
    exit: (code) => void exits.push(code),
  });
  overseer.begin();
  const worker = (name: number): StartedWorker => {
    const found = started[name - 1];
    if (!found) throw new Error(`Worker ${name} was not started.`);
    return found;
  };
  return {
    ...overseer,
    clock,
    lines,
    exits,
    worker,
    get started() {
      return started.length;
    },
    /** The worker of this number starts as it should. */
    comesUp(name: number) {
      worker(name).said({ type: 'joins' });
      worker(name).said({ type: 'listening' });
    },
    told: (name: number, type: ToWorker['type']) => worker(name).told.filter((told) => told.type === type),
  };
}

describe('the overseer', () => {
  it('starts the others once the first one listens, and shares the calls out among them', () => {
    const world = oversee(2, 5);
    expect(world.started).toBe(1);
    world.comesUp(1);
    expect(world.started).toBe(2);
    world.comesUp(2);
    expect([...world.told(1, 'begin'), ...world.told(2, 'begin')]).toMatchObject([
      { ticketKey: 'key', maxCalls: 3 },
      { ticketKey: 'key', maxCalls: 2 },
    ]);
  });

  it('leaves with the code of a first worker that cannot start', () => {
    const world = oversee();
    world.worker(1).said({ type: 'joins' });
    world.worker(1).ended(1, null);
    expect(world.exits).toEqual([1]);
    expect(world.started).toBe(1);
  });

  it('has a dead worker followed by another with the same share, later each time', () => {
    const world = oversee(2, 5);
    world.comesUp(1);
    world.comesUp(2);
    world.worker(2).ended(null, 'SIGKILL');
    world.clock.advance(249);
    expect(world.started).toBe(2);
    world.clock.advance(1);
    expect(world.started).toBe(3);
    world.comesUp(3);
    expect(world.told(3, 'begin')).toMatchObject([{ maxCalls: 2 }]);
    expect(world.told(1, 'house').at(-1)).toMatchObject({ deaths: 1, workers: ['1', '3'] });
    world.worker(3).ended(134, null);
    expect(world.told(1, 'house').at(-1)).toMatchObject({ deaths: 2, workers: ['1'] });
    world.clock.advance(499);
    expect(world.started).toBe(3);
    world.clock.advance(1);
    expect(world.started).toBe(4);
    expect(world.exits).toEqual([]);
  });

  it('replaces at once a worker that takes no more calls, and does not mourn it again when it ends', () => {
    const world = oversee();
    world.comesUp(1);
    world.comesUp(2);
    world.worker(2).said({ type: 'leaving' });
    world.clock.advance(250);
    expect(world.started).toBe(3);
    world.comesUp(3);
    world.worker(2).ended(1, null);
    world.clock.advance(10_000);
    expect(world.started).toBe(3);
  });

  it('stops all when the fifth has died within a minute, and says by its code that it failed', () => {
    const world = oversee();
    world.comesUp(1);
    for (const name of [2, 3, 4, 5]) {
      world.comesUp(name);
      world.worker(name).ended(1, null);
      world.clock.advance(5_000);
    }
    expect(world.started).toBe(6);
    world.worker(6).ended(1, null);
    world.clock.advance(60_000);
    expect(world.started).toBe(6);
    expect(world.told(1, 'stop')).toHaveLength(1);
    world.worker(1).ended(0, null);
    expect(world.exits).toEqual([1]);
  });

  it('goes on for ever with workers that die now and then', () => {
    const world = oversee();
    world.comesUp(1);
    for (let name = 2; name < 20; name += 1) {
      world.comesUp(name);
      world.worker(name).ended(1, null);
      world.clock.advance(20_000);
    }
    expect(world.started).toBe(20);
    expect(world.exits).toEqual([]);
  });

  it('asked to stop, tells all each time, starts nobody any more, and leaves when all have', () => {
    const world = oversee();
    world.comesUp(1);
    world.comesUp(2);
    world.stop();
    world.stop();
    expect(world.told(1, 'stop')).toHaveLength(2);
    world.worker(1).ended(0, null);
    expect(world.exits).toEqual([]);
    expect(world.told(2, 'house').at(-1)).toMatchObject({ deaths: 0 });
    world.worker(2).ended(0, null);
    world.clock.advance(60_000);
    expect(world.exits).toEqual([0]);
    expect(world.started).toBe(2);
  });

  it('tells a worker to stop that comes up only then', () => {
    const world = oversee();
    world.comesUp(1);
    world.stop();
    world.worker(2).said({ type: 'joins' });
    expect(world.told(2, 'stop')).toHaveLength(1);
  });

  it('leaves with 1 when one was killed while it was to stop', () => {
    const world = oversee();
    world.comesUp(1);
    world.comesUp(2);
    world.stop();
    world.worker(1).ended(null, 'SIGKILL');
    world.worker(2).ended(0, null);
    expect(world.exits).toEqual([1]);
  });
});
