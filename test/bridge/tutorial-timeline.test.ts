import { expect } from 'vitest';
import { stories } from './stories.ts';
import { createTurn, expectCut } from './turns.ts';
import type { BridgeWorld, PlacedCall, WorldOptions } from './world.ts';

/** The appointment call, in ms since it came in at 14:23:01.234. */
const FIRST_AUDIO = 222;
const TWENTY_CHUNKS = 622;
const FINAL_TRANSCRIPT = 943;
const ANSWER = 1_333;
const SECOND_SENTENCE = 1_555;
const WAIT = 1_778;
const WHAT_WAS_SAID = 2_222;
const NEW_ANSWER = 2_667;
const HANG_UP = 4_000;

/** The answer has 64 chunks, of which 22 are heard until the caller says "Wait". */
const FIRST_CHUNKS = 47;
const CHUNKS = 64;
const FLUSHED = 42;

/** The time of day at which a line was logged. */
function linesOf(world: BridgeWorld): string[] {
  return world.lines.map(({ time, msg }) => `${String(time).slice(11, 23)} ${msg}`);
}

async function appointment(world: BridgeWorld, until: (ms: number) => Promise<void>) {
  const placed = await world.ring();
  await until(FIRST_AUDIO);
  const phone = await placed.connect();
  phone.talk();
  await until(FINAL_TRANSCRIPT);
  const { mind } = placed.agent;
  mind.callerSpeech('stopped');
  mind.transcript('I need to book an appointment', 'final');

  const answer = createTurn(world, 1, CHUNKS * 20);
  const firstBytes = (answer.spoken.length / CHUNKS) * FIRST_CHUNKS;
  await until(ANSWER);
  mind.line.sendAudio(answer.spoken.subarray(0, firstBytes));
  await until(SECOND_SENTENCE);
  mind.line.sendAudio(answer.spoken.subarray(firstBytes));
  return { placed, answer };
}

async function newAnswer(
  world: BridgeWorld,
  { agent, phone }: PlacedCall,
  until: (ms: number) => Promise<void>,
) {
  const next = createTurn(world, 2, 600);
  await until(WHAT_WAS_SAID);
  agent.mind.transcript('Wait, can you make it Tuesday?', 'final');
  await until(NEW_ANSWER);
  agent.mind.say(next.spoken);
  await until(HANG_UP);
  phone.hangUp();
  await world.run(100);
  return next;
}

stories("The tutorial's production call", (story) => {
  const usual: WorldOptions = {
    dialect: 'direct',
    format: 'pcm_s16le',
    agentReadyMs: 150,
    call: { bargeIn: 'transcript' },
  };

  story.virtualOnly('goes as the tutorial has it, and faster where it may', usual, async (world) => {
    const began = world.clock.now();
    const until = (ms: number) => world.run(ms - (world.clock.now() - began));
    const { placed, answer } = await appointment(world, until);
    const { phone, agent, call, streamSid, callSid } = placed;

    await until(WAIT);
    expect(call.state).toBe('agentSpeaking');
    agent.mind.transcript('Wait', 'partial');
    expect(phone.stream.clears.map(({ atMs }) => atMs + FIRST_AUDIO)).toEqual([WAIT]);
    expect(call.state).toBe('bargeIn.flushed');
    await until(WAIT + 100);
    agent.mind.transcript('Wait, can you', 'partial');
    await until(WAIT + 200);
    agent.mind.transcript('Wait, can you make it', 'partial');
    const next = await newAnswer(world, placed, until);

    expect(phone.stream.clears.length).toBe(1);
    expectCut(phone, answer, next);
    expect(linesOf(world)).toEqual([
      `14:23:01.456 [Session Start] ${streamSid} → ${callSid}`,
      // The twentieth chunk comes 19 chunks after the first.
      '14:23:01.836 [Audio Buffer] 20 chunks buffered (400ms)',
      '14:23:02.567 [VAPI Response] Received in 390ms',
      `14:23:03.012 [Barge-in] Flushed buffer for ${streamSid} (${FLUSHED} chunks dropped)`,
      // Its first 60 ms are there at .901; it is heard once they are sure not to run dry.
      '14:23:03.951 [VAPI Response] Received in 445ms',
      '14:23:05.234 [Twilio] The caller hung up.',
      `14:23:05.234 [Cleanup] Session ${streamSid} removed`,
    ]);
    const { firstResponseMs, responsesMs, bargeIns } = call.figures;
    expect(TWENTY_CHUNKS).toBeGreaterThanOrEqual(call.figures.prerollMs ?? 0);
    // The tutorial's own: 1333 ms from the call to the answer, 222 ms from "Wait" to silence, 42 chunks.
    expect(firstResponseMs).toBe(ANSWER - FIRST_AUDIO);
    expect(responsesMs).toEqual([390, 445]);
    expect(bargeIns).toMatchObject([
      { atMs: WAIT, clearAfterMs: 0, flushedMs: FLUSHED * 20 - 5, heardMs: 445, outcome: 'flushed' },
    ]);
    expect(placed.timeline().map(({ at, from, to }) => [at, from, to])).toEqual([
      [0, '', 'connecting'],
      [222, 'connecting', 'buffering'],
      [602, 'buffering', 'streaming'],
      [1_333, 'streaming', 'agentSpeaking'],
      [1_778, 'agentSpeaking', 'bargeIn.flushed'],
      [2_222, 'bargeIn.flushed', 'streaming'],
      [2_717, 'streaming', 'agentSpeaking'],
      [3_317, 'agentSpeaking', 'streaming'],
      [4_000, 'streaming', 'closing'],
      [4_000, 'closing', 'closed'],
    ]);
  });

  story.virtualOnly('goes the same way over Vapi, where the first sign only pauses', {}, async (world) => {
    const began = world.clock.now();
    const until = (ms: number) => world.run(ms - (world.clock.now() - began));
    const { placed, answer } = await appointment(world, until);
    const { phone, agent, call, streamSid } = placed;

    await until(WAIT);
    agent.mind.callerSpeech('started');
    expect(call.state).toBe('bargeIn.paused');
    for (const words of ['Can', 'Can you', 'Can you wait']) agent.mind.transcript(words, 'partial');
    await until(WAIT + 222);
    agent.mind.interrupt();
    agent.mind.callerSpeech('stopped');
    const next = await newAnswer(world, placed, until);

    expect(phone.stream.clears.map(({ atMs }) => atMs + FIRST_AUDIO)).toEqual([WAIT]);
    expectCut(phone, answer, next);
    expect(linesOf(world)).toContain(
      `14:23:03.234 [Barge-in] Flushed buffer for ${streamSid} (${FLUSHED} chunks dropped)`,
    );
    expect(call.figures.bargeIns).toMatchObject([
      { atMs: WAIT, clearAfterMs: 0, flushedMs: FLUSHED * 20 - 5, heardMs: 445, outcome: 'flushed' },
    ]);
  });
});
