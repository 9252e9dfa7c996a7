import { describe, expect, it } from 'vitest';
import { createStore } from '../../src/inspector/page/state/store.ts';

function storeWithFrames(initial: number) {
  const due: Array<() => void> = [];
  const store = createStore(initial, (fn) => due.push(fn));
  let told = 0;
  const stop = store.subscribe(() => {
    told += 1;
  });
  return {
    store,
    stop,
    frame() {
      for (const fn of due.splice(0)) fn();
    },
    get told() {
      return told;
    },
  };
}

describe('a store', () => {
  it('tells its listeners once a picture, however often it changes', () => {
    const world = storeWithFrames(0);
    for (let value = 1; value <= 1_000; value += 1) world.store.set(value);
    expect(world.told).toBe(0);
    expect(world.store.get()).toBe(1_000);
    world.frame();
    expect(world.told).toBe(1);
  });

  it('tells nobody of a value that it has already', () => {
    const world = storeWithFrames(7);
    world.store.set(7);
    world.store.set((before) => before);
    world.frame();
    expect(world.told).toBe(0);
  });

  it('tells of a change made while it tells', () => {
    const world = storeWithFrames(0);
    world.store.subscribe(() => {
      if (world.store.get() === 1) world.store.set(2);
    });
    world.store.set(1);
    world.frame();
    world.frame();
    expect(world.told).toBe(2);
    expect(world.store.get()).toBe(2);
  });

  it('tells nobody who has left', () => {
    const world = storeWithFrames(0);
    world.stop();
    world.store.set(1);
    world.frame();
    expect(world.told).toBe(0);
  });
});
