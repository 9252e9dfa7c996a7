import { expect, it } from 'vitest';
import { createShortMemory } from '../../src/server/short-memory.ts';

it('remembers the last that were named, and forgets whoever was first named longest ago', () => {
  const memory = createShortMemory<number>(2);
  memory.set('one', 1);
  memory.set('two', 2);
  memory.set('one', 11);
  expect([memory.get('one'), memory.get('two')]).toEqual([11, 2]);
  memory.set('three', 3);
  expect([memory.get('one'), memory.get('two'), memory.get('three')]).toEqual([undefined, 2, 3]);
});
