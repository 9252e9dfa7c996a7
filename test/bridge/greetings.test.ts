import { expect } from 'vitest';
import type { ScriptedMind } from '../../src/simulation/scripted-mind.ts';
import { stories } from './stories.ts';
import { agentIsDone, audible, createTurn, expectCut, expectHeard, type Turn } from './turns.ts';
import type { BridgeWorld, PlacedCall, WorldOptions } from './world.ts';

/** Lengths of Vapi's messages, in bytes: never to be relied on. */
const ODD_SIZES = [1, 333, 160, 7, 2_001, 160, 160, 641];

function sendOddly({ line }: ScriptedMind, audio: Buffer): void {
  for (let at = 0, i = 0; at < audio.length; i += 1) {
    const size = ODD_SIZES[i % ODD_SIZES.length] ?? 160;
    line.sendAudio(audio.subarray(at, at + size));
    at += size;
  }
}

/** The agent greets while the phone still connects. */
async function greeted(
  world: BridgeWorld,
  turn: Turn,
  how: (mind: ScriptedMind) => void,
): Promise<PlacedCall> {
  const placed = await world.ring();
  await world.until('the agent is there', () => placed.agentIsThere);
  how(placed.agent.mind);
  await world.run(300);
  const phone = await placed.connect();
  phone.talk();
  await world.until('the greeting is heard', () => placed.call.state === 'agentSpeaking', 300);
  await agentIsDone(world, placed, turn.ms + 800);
  return placed;
}

stories('A greeting', (story) => {
  const formats: WorldOptions[] = [
    { format: 'mulaw' },
    { format: 'pcm_s16le' },
    { format: 'pcm_s16le', dialect: 'direct' },
    { format: 'pcm_s16le', dialect: 'direct', script: { directAudio: 'json' } },
    { format: 'mulaw', script: { wrapMessages: true } },
  ];
  for (const options of formats) {
    const what = `${options.dialect ?? 'transport'}, ${options.format}${options.script ? ', otherwise wrapped' : ''}`;
    story(`spoken before the phone is there is heard whole: ${what}`, options, async (world) => {
      const turn = createTurn(world, 1, 1_000);
      const placed = await greeted(world, turn, (mind) => mind.say(turn.spoken));
      expectHeard(world, placed.phone, turn);
      expect(placed.phone.stream.clears).toEqual([]);
    });

    story(`in chunks of odd sizes is heard whole: ${what}`, options, async (world) => {
      const turn = createTurn(world, 1, 1_000);
      const placed = await greeted(world, turn, (mind) => sendOddly(mind, turn.spoken));
      expectHeard(world, placed.phone, turn);
      for (const size of placed.phone.stream.mediaMessages.sizes.keys()) expect(size % 160).toBe(0);
    });
  }

  story('is heard from the moment at which the stream starts', {}, async (world) => {
    const placed = await world.ring();
    await world.until('the agent is there', () => placed.agentIsThere);
    placed.agent.mind.say(createTurn(world, 1, 400).spoken);
    await world.run(1_000);
    const phone = await placed.connect();
    await world.until('the greeting is heard', () => audible(phone).length > 0, 50);
    expect(phone.stream.elapsedMs).toBeLessThanOrEqual(20 + world.slackMs);
    expect(placed.call.figures.firstResponseMs).toBeLessThanOrEqual(world.slackMs);
  });

  story('is never more than 220 ms ahead of the ear, however fast it comes', {}, async (world) => {
    const turn = createTurn(world, 1, 3_000);
    const placed = await greeted(world, turn, (mind) => mind.say(turn.spoken, 'at-once'));
    const queued = placed.phone.events.flatMap((event) => (event.type === 'media' ? [event.queuedMs] : []));
    expect(Math.max(...queued)).toBeLessThanOrEqual(220 + (world.kind === 'real' ? 200 : 0));
    expectHeard(world, placed.phone, turn);
  });

  story('that the caller interrupts before the pre-roll is gathered falls silent too', {}, async (world) => {
    const placed = await world.ring();
    await world.until('the agent is there', () => placed.agentIsThere);
    const turn = createTurn(world, 1, 3_000);
    placed.agent.mind.say(turn.spoken, 'at-once');
    const phone = await placed.connect();
    phone.talk();
    await world.until('the greeting is heard', () => placed.call.state === 'agentSpeaking', 300);
    await world.run(100);
    placed.agent.mind.interrupt();
    await world.until('the greeting is cut', () => phone.stream.clears.length === 1, 100);
    await world.run(600);
    expectCut(phone, turn);
    expect(placed.call.state).not.toBe('agentSpeaking');
  });
});
