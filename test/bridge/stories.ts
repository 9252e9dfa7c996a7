import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { leaveCollected } from '../support/whole-calls.ts';
import { createMemoryWorld } from './memory-world.ts';
import { createRealWorld } from './real-world.ts';
import type { BridgeWorld, WorldOptions } from './world.ts';

type Body = (world: BridgeWorld) => Promise<void>;

interface Story {
  title: string;
  options: WorldOptions;
  body: Body;
  virtualOnly: boolean;
}

/** Tells a story. `virtualOnly` stories make sense only where time is told. */
export type Tell = ((title: string, options: WorldOptions, body: Body) => void) & {
  virtualOnly(title: string, options: WorldOptions, body: Body): void;
};

/** Stories told at the same time over real sockets: more would keep each other's timers waiting. */
const AT_ONCE = 10;

/** What of a call may still be closing down when the story has been told. */
const CLOSING_MS = 12_000;

/** Ends the calls that are still alive, and checks that nothing is left of any. */
async function endAll(world: BridgeWorld): Promise<void> {
  for (const placed of world.placed) if (placed.call.ending === null) placed.phone.hangUp();
  const isOver = () => Object.values(world.leaks()).every((held) => held === 0);
  await world.until('everything is released', isOver, CLOSING_MS).catch(() => {});
  expect(world.leaks(), 'what is still held').toEqual({
    sessions: 0,
    benched: 0,
    timers: 0,
    sockets: 0,
    vapiCalls: 0,
  });
  for (const { phone } of world.placed.filter((placed) => placed.isConnected))
    expect(phone.stream.violations, "broken rules of Twilio's").toEqual([]);
  for (const { callSid } of world.placed) {
    const agents = world.service.calls.filter(({ request }) => JSON.stringify(request).includes(callSid));
    expect(agents.length, 'calls at Vapi for one phone call').toBeLessThanOrEqual(
      agentsAsked(world, callSid),
    );
  }
  const asked = world.placed.map(({ callSid }) => agentsAsked(world, callSid));
  expect(world.service.calls.length).toBeLessThanOrEqual(asked.reduce((sum, agents) => sum + agents, 0));
  expect(world.lines.filter(({ msg }) => msg.startsWith('[Cleanup]')).length).toBe(world.placed.length);
}

/** How many agents a phone call has asked for: its first, and whoever replaced it. */
const agentsAsked = (world: BridgeWorld, callSid: string): number =>
  1 + (world.calls.find(callSid)?.figures.replacements ?? 0);

async function tell(world: BridgeWorld, { body }: Story): Promise<void> {
  try {
    await body(world);
    await endAll(world);
  } finally {
    await world.close();
  }
}

/**
 * Tells a theme's stories, each in memory and over real sockets. Those over real sockets are told several at once,
 * since what they spend is time and not work.
 */
export function stories(theme: string, collect: (story: Tell) => void): void {
  const told: Story[] = [];
  const add = (virtualOnly: boolean) => (title: string, options: WorldOptions, body: Body) => {
    told.push({ title, options, body, virtualOnly });
  };
  collect(Object.assign(add(false), { virtualOnly: add(true) }));

  describe(theme, () => {
    afterAll(() => leaveCollected(theme.replace(/\W+/g, '-')));

    describe('in memory', () => {
      for (const story of told) it(story.title, () => tell(createMemoryWorld(story.options), story));
    });

    const real = told.filter(({ virtualOnly }) => !virtualOnly);
    describe.runIf(real.length > 0)('over real sockets', () => {
      const outcomes = new Map<Story, Promise<{ error?: unknown }>>();
      beforeAll(() => {
        const lanes = Array.from({ length: AT_ONCE }, () => Promise.resolve());
        real.forEach((story, i) => {
          const lane = i % AT_ONCE;
          const telling = (lanes[lane] ?? Promise.resolve()).then(async () =>
            tell(await createRealWorld(story.options), story),
          );
          lanes[lane] = telling.catch(() => {});
          outcomes.set(
            story,
            telling.then(
              () => ({}),
              (error: unknown) => ({ error }),
            ),
          );
        });
      });
      for (const story of real) {
        it(story.title, async () => {
          const outcome = await outcomes.get(story);
          // A machine that is busy with other things can spoil what is told in real time: alone it must go well.
          if (outcome && 'error' in outcome) await tell(await createRealWorld(story.options), story);
        });
      }
    });
  });
}
