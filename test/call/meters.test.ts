import { expect, it } from 'vitest';
import { createMeters } from '../../src/call/meters.ts';
import { createVirtualClock } from '../support/virtual-clock.ts';

const LOUD = new Uint8Array(160).fill(0x80);
const SILENT = new Uint8Array(160).fill(0xff);

function createRig() {
  const clock = createVirtualClock();
  const sent: string[] = [];
  const lead = { ms: 0 };
  const meters = createMeters(clock, () => lead.ms);
  const ear = meters.at({
    media: () => void sent.push('media'),
    mark: (name) => void sent.push(name),
    clear: () => void sent.push('clear'),
  });
  return { clock, sent, lead, meters, ear };
}

it('tells how loud the caller is, until frames stay away', () => {
  const { meters, clock } = createRig();
  expect(meters.levels).toEqual([-90, -90]);
  meters.callerFrame(LOUD);
  expect(meters.levels[0]).toBeGreaterThan(-1);
  clock.advance(100);
  expect(meters.levels[0]).toBeGreaterThan(-1);
  clock.advance(50);
  expect(meters.levels[0]).toBe(-90);
});

it('tells how loud the agent is where it is being played, and not where it will be', () => {
  const { meters, ear, lead } = createRig();
  ear.media(Buffer.concat([SILENT, LOUD]));
  lead.ms = 40;
  expect(meters.levels[1]).toBe(-90);
  lead.ms = 20;
  expect(meters.levels[1]).toBeGreaterThan(-1);
  lead.ms = 0;
  expect(meters.levels[1]).toBe(-90);
});

it('takes the agent for silent once it was cleared', () => {
  const { meters, ear, lead } = createRig();
  ear.media(LOUD);
  lead.ms = 20;
  ear.clear();
  expect(meters.levels[1]).toBe(-90);
});

it('passes everything on to the ear', () => {
  const { ear, sent } = createRig();
  ear.media(LOUD);
  ear.mark('g1:160');
  ear.clear();
  expect(sent).toEqual(['media', 'g1:160', 'clear']);
});
