import { expect } from 'vitest';
import { stories } from './stories.ts';
import { agentIsDone, createTurn, expectHeard, liveCall } from './turns.ts';

/** From the caller's last word to the agent's first. */
const THINKING_MS = 400;

stories('A conversation', (story) => {
  for (const options of [
    {},
    { dialect: 'direct', format: 'mulaw', call: { bargeIn: 'transcript' } },
  ] as const) {
    const what = 'dialect' in options ? options.dialect : 'transport';
    story(
      `of three turns is heard whole, each answer measured from the question: ${what}`,
      options,
      async (world) => {
        const placed = await liveCall(world);
        const { mind } = placed.agent;
        const turns = [createTurn(world, 1, 700), createTurn(world, 2, 900), createTurn(world, 3, 500)];
        for (const turn of turns) {
          mind.transcript('What time', 'partial');
          await world.run(300);
          mind.transcript('What time is it?', 'final');
          await world.run(THINKING_MS);
          mind.say(turn.spoken);
          await world.until('the agent is heard', () => placed.call.state === 'agentSpeaking', 500);
          await agentIsDone(world, placed, turn.ms + 800);
        }
        expectHeard(world, placed.phone, ...turns);
        expect(placed.phone.stream.clears).toEqual([]);

        const { responsesMs, bargeIns, talkOverMs } = placed.call.figures;
        expect(responsesMs).toHaveLength(3);
        for (const ms of responsesMs)
          expect(Math.abs(ms - THINKING_MS)).toBeLessThanOrEqual(20 + world.slackMs);
        expect(bargeIns).toEqual([]);
        expect(talkOverMs).toBe(0);
        const states = placed.timeline().map(({ to }) => to);
        expect(states.slice(0, 3)).toEqual(['connecting', 'buffering', 'streaming']);
        expect(states.filter((state) => state === 'agentSpeaking').length).toBeGreaterThanOrEqual(3);
      },
    );
  }
});
