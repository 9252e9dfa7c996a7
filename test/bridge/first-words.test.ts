import { expect } from 'vitest';
import type { AudioFormat } from '../../src/audio/agent-format.ts';
import { decodeMulaw } from '../../src/audio/mulaw.ts';
import { createDownsampler } from '../../src/audio/resampler.ts';
import { signalToError, telephoneBand } from '../audio/measure.ts';
import { atTheAgent, callerSpeech, FRAME_BYTES, FRAME_MS } from './sounds.ts';
import { stories } from './stories.ts';
import type { BridgeWorld, PlacedCall } from './world.ts';

/** Both resamplers together, in samples at 8 kHz. */
const ROUND_TRIP_DELAY = 48;

/** Nothing of what the caller said is lost, doubled or changed. */
function expectFirstWords(world: BridgeWorld, { phone, agent }: PlacedCall): void {
  const said = Buffer.concat(phone.said);
  expect(new Set(phone.said.map((frame) => frame.toString('latin1'))).size).toBe(phone.said.length);
  const heard = agent.heard();
  expect(heard.equals(atTheAgent(world.format, said))).toBe(true);
  if (world.format === 'pcm_s16le') expect(roundTrip(said, heard)).toBeGreaterThan(60);
}

/** How well the telephone's band survives the way to the agent's format and back, in decibels. */
function roundTrip(said: Buffer, heard: Buffer): number {
  const wide = Int16Array.from({ length: heard.length / 2 }, (_, i) => heard.readInt16LE(2 * i));
  const back = createDownsampler().process(wide);
  const before = new Int16Array(said.length);
  decodeMulaw(said, before);
  const length = before.length - ROUND_TRIP_DELAY;
  return signalToError(
    telephoneBand(before.subarray(0, length)),
    telephoneBand(back.subarray(ROUND_TRIP_DELAY)),
  );
}

const bytesPerFrame: Record<AudioFormat, number> = { mulaw: 160, pcm_s16le: 640 };

stories('First words', (story) => {
  for (const dialect of ['transport', 'direct'] as const) {
    for (const format of ['mulaw', 'pcm_s16le'] as const) {
      for (const agentReadyMs of [0, 400, 1_500, 3_000]) {
        const title = `reach an agent that is there after ${agentReadyMs} ms, ${dialect}, ${format}`;
        story(title, { dialect, format, agentReadyMs }, async (world) => {
          const placed = await world.place();
          const { phone } = placed;
          phone.say(callerSpeech());
          phone.talk();
          await world.run(agentReadyMs + 1_200);
          phone.hush();
          const all = () => placed.agent.vapi.heardBytes === phone.said.length * bytesPerFrame[format];
          await world.until('the agent hears all that was said', all, 250);
          expectFirstWords(world, placed);
          expect(placed.call.figures).toMatchObject({ droppedFrames: 0, gapFilledMs: 0 });
        });
      }
    }
  }

  story('wait until 400 ms of them are gathered, for an agent that was there early', {}, async (world) => {
    const placed = await world.ring();
    await world.until('the agent is there', () => placed.agentIsThere);
    const phone = await placed.connect();
    for (let frame = 1; frame < 20; frame += 1) phone.sendFrame();
    await world.run(100);
    expect(placed.agent.vapi.heardBytes).toBe(0);
    expect(placed.call.state).toBe('buffering');
    phone.sendFrame();
    await world.until('the burst has come', () => placed.agent.vapi.heardBytes > 0, 100);
    await world.until('it is whole', () => placed.agent.vapi.heard.length >= 20, 100);
    expect(placed.agent.vapi.heard.length).toBe(20);
    expect(placed.call.state).toBe('streaming');
    expect(placed.call.figures.prerollMs).toBe(400);
    expectFirstWords(world, placed);
  });

  story(
    'go in one burst of all that is held once the agent is there',
    { agentReadyMs: 900 },
    async (world) => {
      const placed = await world.place();
      placed.phone.talk();
      await world.until('the agent is there', () => placed.agentIsThere, 1_000);
      await world.until('the burst has come', () => placed.agent.vapi.heardBytes > 0, 100);
      const { heard } = placed.agent.vapi;
      const [first] = heard;
      const burst = heard.filter(({ at }) => at - (first?.at ?? 0) < 10);
      const preroll = placed.call.figures.prerollMs ?? 0;
      expect(preroll).toBeGreaterThanOrEqual(900 - world.slackMs);
      expect(preroll).toBeLessThanOrEqual(920 + world.slackMs);
      expect(burst.length).toBeGreaterThanOrEqual(preroll / FRAME_MS);
    },
  );

  story('do not wait for a caller who says less than 400 ms', {}, async (world) => {
    const placed = await world.ring();
    await world.until('the agent is there', () => placed.agentIsThere);
    const phone = await placed.connect();
    for (let frame = 0; frame < 5; frame += 1) phone.sendFrame();
    await world.until('the agent hears them', () => placed.agent.vapi.heardBytes >= 800, 820);
    expect(placed.agent.heard().subarray(0, 800).equals(Buffer.concat(phone.said))).toBe(true);
  });

  story(
    'are kept for ten seconds at most, and the oldest are dropped and counted',
    {
      agentReadyMs: 800,
    },
    async (world) => {
      const placed = await world.place();
      const { phone } = placed;
      for (let frame = 0; frame < 620; frame += 1) phone.sendFrame();
      const all = () => placed.agentIsThere && placed.agent.vapi.heardBytes >= 80_000;
      await world.until('the agent hears what was kept', all, 1_500);
      expect(placed.call.figures).toMatchObject({ droppedFrames: 120, prerollMs: 10_000 });
      expect(placed.agent.heard().equals(Buffer.concat(phone.said.slice(120)))).toBe(true);
      const warnings = world.lines.filter(({ msg }) => msg.includes('no longer fits its buffer'));
      expect(warnings.length).toBe(1);
    },
  );

  story.virtualOnly('leave in the turn of the event loop that brought them, once live', {}, async (world) => {
    const { phone, agent } = await live(world);
    for (let frame = 0; frame < 50; frame += 1) {
      const before = agent.vapi.heardBytes;
      phone.sendFrame();
      expect(agent.vapi.heardBytes).toBe(before + FRAME_BYTES);
    }
  });

  story('are not gathered into larger messages, once live', {}, async (world) => {
    const { phone, agent } = await live(world);
    const from = agent.vapi.heard.length;
    phone.talk();
    await world.run(600);
    phone.hush();
    const messages = agent.vapi.heard.slice(from);
    expect(messages.every(({ bytes }) => bytes.length === FRAME_BYTES)).toBe(true);
    const gaps = messages.slice(1).map(({ at }, i) => at - (messages[i]?.at ?? 0));
    expect(Math.max(...gaps)).toBeLessThanOrEqual(FRAME_MS + world.slackMs);
  });

  story(
    'come in batches of twenty where that is asked for, and the rest when the call ends',
    {
      call: { framesPerSend: 20 },
    },
    async (world) => {
      const { phone, agent } = await live(world);
      for (let frame = 0; frame < 27; frame += 1) phone.sendFrame();
      await world.until('a batch has come', () => agent.vapi.heard.length >= 2, 100);
      expect(agent.vapi.heard.map(({ bytes }) => bytes.length)).toEqual([3_200, 3_200]);
      phone.hangUp();
      await world.until('the call is over', () => world.calls.live === 0);
      expect(agent.heard().equals(Buffer.concat(phone.said))).toBe(true);
    },
  );

  story('reach the agent of a caller who came without a ticket', { agentReadyMs: 300 }, async (world) => {
    const placed = await world.place({ bare: true });
    placed.phone.say(callerSpeech());
    placed.phone.talk();
    await world.run(900);
    placed.phone.hush();
    const all = () => placed.agent.vapi.heardBytes === placed.phone.said.length * FRAME_BYTES;
    await world.until('the agent hears all that was said', all, 250);
    expectFirstWords(world, placed);
  });
});

/** A call whose pre-roll has gone to the agent. */
async function live(world: BridgeWorld): Promise<PlacedCall> {
  const placed = await world.place();
  await world.until('the agent is there', () => placed.agentIsThere);
  for (let frame = 0; frame < 20; frame += 1) placed.phone.sendFrame();
  await world.until('the call is live', () => placed.call.state === 'streaming');
  await world.until('the burst has come', () => placed.agent.vapi.heardBytes === 20 * FRAME_BYTES);
  return placed;
}
