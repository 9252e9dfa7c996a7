import { expect, it } from 'vitest';
import { createRefusals } from '../../src/server/refusals.ts';
import { createVirtualClock } from '../support/virtual-clock.ts';

function createDoor() {
  const clock = createVirtualClock();
  const told: string[] = [];
  return { clock, told, refused: createRefusals(clock, (words) => void told.push(words)) };
}

it('tells of twenty refusals in ten seconds, and then how many more there were', () => {
  const { clock, told, refused } = createDoor();
  for (let stranger = 1; stranger <= 1_000; stranger += 1) refused(`stranger ${stranger}`);
  expect(told).toHaveLength(20);
  expect(told.at(-1)).toBe('stranger 20');
  clock.advance(10_000);
  expect(told.slice(20)).toEqual(['980 more in 10 s']);
  refused('the next');
  expect(told.slice(21)).toEqual(['the next']);
});

it('says nothing of none, and leaves no timer behind', () => {
  const { clock, told, refused } = createDoor();
  refused('one');
  clock.advance(60_000);
  expect(told).toEqual(['one']);
  expect(clock.armed).toBe(0);
});
