import { speechMulaw } from '../audio/speech.ts';
import { createMemoryWorld } from '../bridge/memory-world.ts';
import { agentIsDone, createTurn } from '../bridge/turns.ts';
import type { BridgeWorld, PlacedCall, WorldOptions } from '../bridge/world.ts';

/** A call that is had in memory, to be recorded: real speech of a caller, an agent that is directed. */
export interface Scene {
  /** The name of its file, and of what it shows. */
  file: string;
  name: string;
  options: WorldOptions;
  /** From the ring on, until the call is over or only has to run out. */
  play(world: BridgeWorld, placed: PlacedCall): Promise<void>;
}

const ANSWERS: WorldOptions = { agentReadyMs: 640, markEchoDelayMs: 40, latencyMs: 15 };

/** The stream starts a moment after the ring, as the greeting is being said until then. */
async function connect(world: BridgeWorld, placed: PlacedCall, afterMs: number): Promise<void> {
  await world.run(afterMs);
  await placed.connect();
  placed.phone.talk();
}

/** The agent says something new, and is heard to its end. */
async function says(world: BridgeWorld, placed: PlacedCall, seed: number, ms: number): Promise<void> {
  placed.agent.mind.say(createTurn(world, seed, ms).spoken);
  await world.until('the agent is heard', () => placed.call.state === 'agentSpeaking', 1_000);
  await agentIsDone(world, placed, ms + 2_000);
}

/** The caller says an utterance of the corpus; the agent's ears take it in as Vapi's do. */
async function asks(world: BridgeWorld, placed: PlacedCall, utterance: string, words: string): Promise<void> {
  const speech = speechMulaw(utterance);
  const { mind } = placed.agent;
  placed.phone.say(speech);
  await world.run(420);
  mind.callerSpeech('started');
  await world.run(Math.max(200, speech.length / 8 - 600));
  mind.transcript(words, 'partial');
  await world.run(500);
  mind.callerSpeech('stopped');
  mind.transcript(words, 'final');
}

const hangsUp = async (world: BridgeWorld, placed: PlacedCall) => {
  await world.run(700);
  placed.phone.hangUp();
};

export const SCENES: readonly Scene[] = [
  {
    file: 'plain-conversation',
    name: 'A plain conversation: a greeting, a question, an answer, and the agent ends the call',
    options: ANSWERS,
    async play(world, placed) {
      await connect(world, placed, 900);
      await world.until('the agent is there', () => placed.agentIsThere);
      await says(world, placed, 1, 2_400);
      await asks(world, placed, 'utt/u01', 'I would like an appointment');
      await world.run(600);
      await says(world, placed, 2, 1_800);
      await asks(world, placed, 'utt/u02', 'Tuesday at ten would be fine');
      await world.run(450);
      await says(world, placed, 3, 1_500);
      placed.agent.vapi.end('assistant-ended-call', 'said');
    },
  },
  {
    file: 'flushed-barge-in',
    name: 'The caller breaks in, the agent yields, and its new turn is heard whole',
    options: ANSWERS,
    async play(world, placed) {
      await connect(world, placed, 900);
      await world.until('the agent is there', () => placed.agentIsThere);
      const { mind } = placed.agent;
      mind.say(createTurn(world, 1, 6_000).spoken, 'at-once');
      await world.until('the agent is heard', () => placed.call.state === 'agentSpeaking', 1_000);
      await world.run(1_500);
      placed.phone.say(speechMulaw('utt/u03'));
      await world.run(320);
      mind.callerSpeech('started');
      await world.run(180);
      mind.transcript('no wait', 'partial');
      await world.run(60);
      mind.interrupt();
      await world.run(900);
      mind.callerSpeech('stopped');
      mind.transcript('no wait, the other one', 'final');
      await world.run(520);
      await says(world, placed, 2, 1_700);
      await hangsUp(world, placed);
    },
  },
  {
    file: 'backchannel-resumed',
    name: 'The caller says "mm-hm" over the agent, which pauses and goes on from where it was heard last',
    options: ANSWERS,
    async play(world, placed) {
      await connect(world, placed, 900);
      await world.until('the agent is there', () => placed.agentIsThere);
      const { mind } = placed.agent;
      mind.say(createTurn(world, 1, 5_000).spoken);
      await world.until('the agent is heard', () => placed.call.state === 'agentSpeaking', 1_000);
      await world.run(1_800);
      placed.phone.say(speechMulaw('backchannel/b01'));
      await world.run(260);
      mind.callerSpeech('started');
      await world.run(240);
      mind.callerSpeech('stopped');
      mind.transcript('mm-hm', 'final');
      await agentIsDone(world, placed, 9_000);
      await hangsUp(world, placed);
    },
  },
  {
    file: 'agent-lost',
    name: "The agent's socket breaks in the middle of its turn, and the caller leaves before another is there",
    options: ANSWERS,
    async play(world, placed) {
      await connect(world, placed, 900);
      await world.until('the agent is there', () => placed.agentIsThere);
      placed.agent.mind.say(createTurn(world, 1, 4_000).spoken);
      await world.run(1_900);
      placed.agent.vapi.end('worker-died', 'cut');
      await world.run(400);
      placed.phone.hangUp();
    },
  },
  {
    file: 'hangs-up-mid-word',
    name: 'The caller hangs up while both are speaking',
    options: ANSWERS,
    async play(world, placed) {
      await connect(world, placed, 900);
      await world.until('the agent is there', () => placed.agentIsThere);
      await says(world, placed, 1, 1_200);
      placed.phone.say(speechMulaw('utt/u04'));
      await world.run(300);
      placed.agent.mind.say(createTurn(world, 2, 3_000).spoken);
      await world.run(650);
      placed.phone.hangUp();
    },
  },
  {
    file: 'slow-agent',
    name: 'An agent that takes its time: what the caller says meanwhile is kept for it',
    options: { ...ANSWERS, agentReadyMs: 5_200 },
    async play(world, placed) {
      await connect(world, placed, 400);
      await world.run(1_200);
      placed.phone.say(speechMulaw('utt/u01'));
      await world.until('the agent is there', () => placed.agentIsThere, 9_000);
      await says(world, placed, 1, 2_000);
      await asks(world, placed, 'utt/u02', 'hello, is anybody there');
      await world.run(300);
      await says(world, placed, 2, 900);
      await hangsUp(world, placed);
    },
  },
  {
    file: 'waiting-greeting',
    name: 'The agent is there before the phone: its greeting waits and is heard from its first word',
    options: { ...ANSWERS, agentReadyMs: 200 },
    async play(world, placed) {
      await world.until('the agent is there', () => placed.agentIsThere);
      placed.agent.mind.say(createTurn(world, 1, 2_200).spoken);
      await connect(world, placed, 1_600);
      await world.until('the greeting is heard', () => placed.call.state === 'agentSpeaking', 2_000);
      await agentIsDone(world, placed, 4_000);
      await hangsUp(world, placed);
    },
  },
];

/** Longer than a call takes to close. */
const CLOSING_MS = 15_000;

/** Has the call of a scene from ring to end. */
export async function playScene({
  options,
  play,
}: Scene): Promise<{ world: BridgeWorld; placed: PlacedCall }> {
  const world = createMemoryWorld(options);
  const placed = await world.ring();
  await play(world, placed);
  await world.until('the call is over', () => placed.call.ending !== null, CLOSING_MS);
  await world.run(1_000);
  return { world, placed };
}
