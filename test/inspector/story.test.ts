import { describe, expect, it } from 'vitest';
import { stateName } from '../../src/call/state-name.ts';
import type { CallRecording } from '../../src/inspector/messages.ts';
import { type Story, storyOf } from '../../src/inspector/story.ts';
import { createTurn } from '../bridge/turns.ts';
import type { BridgeWorld, PlacedCall, WorldOptions } from '../bridge/world.ts';
import { replay } from '../sim/replay.ts';
import { playScene, SCENES, type Scene } from '../sim/scenes.ts';

async function recorded(scene: Scene): Promise<CallRecording> {
  const { world, placed } = await playScene(scene);
  const recording = world.recordingOf(placed.call.callId);
  if (!recording) throw new Error('The call was not recorded.');
  return recording;
}

function storyFrom(recording: CallRecording): Story {
  const made = storyOf(recording, stateName, 'a call');
  if (!made.ok) throw new Error(made.words);
  return made.story;
}

const [plain] = SCENES as readonly [Scene, ...Scene[]];
const USUAL: WorldOptions = { agentReadyMs: 400, latencyMs: 10, markEchoDelayMs: 30 };

/** A call that is live for a second before something happens to it. */
function live(title: string, play: Scene['play'], options: WorldOptions = USUAL): [string, Scene] {
  return [
    title,
    {
      file: '',
      name: title,
      options,
      async play(world, placed) {
        await ringsThrough(world, placed);
        await world.until('the agent is there', () => placed.agentIsThere);
        await world.run(1_000);
        await play(world, placed);
      },
    },
  ];
}

async function ringsThrough(world: BridgeWorld, placed: PlacedCall): Promise<void> {
  await world.run(900);
  await placed.connect();
  placed.phone.talk();
}

describe('The story of a call', () => {
  it('holds what the outside did and when, and what the bridge made of it', async () => {
    const { caller, arrival, agent, expect: expected } = storyFrom(await recorded(plain));
    expect(caller.map(({ does }) => does)).toEqual(['connects', 'speaks', 'speaks']);
    expect(arrival).toEqual({
      answer: { as: 'created', afterMs: 670 },
      socket: { does: 'opens', afterMs: 30 },
    });
    const turns = agent.flatMap((act) => (act.does === 'speaks' ? [act.forMs] : []));
    expect(turns.length).toBe(3);
    for (const [i, ms] of [2_400, 1_800, 1_500].entries())
      expect(Math.abs((turns[i] ?? 0) - ms)).toBeLessThan(100);
    expect(agent.at(-1)?.does).toBe('ends the call');
    expect(expected.ending).toBe('agentEnded');
    expect(expected.states.map(({ state }) => state)).toEqual([
      ...['connecting', 'buffering', 'agentSpeaking', 'streaming', 'agentSpeaking', 'streaming'],
      ...['agentSpeaking', 'streaming', 'closing', 'closed'],
    ]);
  });

  it('holds no word that was said, no number, no id and no address', async () => {
    const text = JSON.stringify(storyFrom(await recorded(plain)));
    expect(text).not.toMatch(/appointment|Tuesday|\+1202|CA[0-9a-f]{8}|MZ[0-9a-f]{8}|vapi:\/\/|:\/\//);
  });

  it('needs the whole call, from its beginning to its end', async () => {
    const recording = await recorded(plain);
    expect(storyOf({ ...recording, dropped: 12 }, stateName, 'x')).toEqual({
      ok: false,
      words: 'The first 12 records of this call are gone, and with them its beginning.',
    });
    const alive = { ...recording, row: { ...recording.row, ending: null, endedAt: null } };
    expect(storyOf(alive, stateName, 'x')).toMatchObject({ ok: false });
  });
});

const WAYS: [string, Scene][] = [
  [
    'no agent is to be had',
    {
      file: '',
      name: '',
      options: { ...USUAL, script: { answer: () => ({ as: 'payment-required' }) } },
      play: ringsThrough,
    },
  ],
  [
    'the agent never opens its socket',
    { file: '', name: '', options: { ...USUAL, agentSocket: 'silent' }, play: ringsThrough },
  ],
  live("the caller's line goes dead", async (_, placed) => placed.deafenCaller()),
  live('an operator hangs up while the agent speaks', async (world, placed) => {
    placed.agent.mind.say(createTurn(world, 1, 2_000).spoken);
    await world.run(700);
    placed.call.tell({ type: 'call.hangUp', reason: 'hungUp', words: 'By hand.' });
  }),
  live('the caller hangs up during the last words', async (world, placed) => {
    placed.agent.mind.say(createTurn(world, 1, 3_000).spoken, 'at-once');
    await world.run(400);
    placed.agent.vapi.end('assistant-ended-call', 'said');
    await world.run(800);
    placed.phone.hangUp();
  }),
  live(
    'Twilio sends nothing for a while, a key is pressed, and the call is reported over',
    async (world, placed) => {
      placed.phone.hush();
      await world.run(1_500);
      placed.phone.talk();
      placed.agent.mind.say(createTurn(world, 1, 3_000).spoken);
      await world.run(900);
      placed.phone.stream.press('5');
      await world.run(2_000);
      await placed.complete();
    },
  ),
  live(
    'transcripts drop an agent of the direct dialect',
    async (world, placed) => {
      const { mind } = placed.agent;
      mind.say(createTurn(world, 1, 3_000).spoken);
      await world.run(900);
      mind.transcript('wait', 'partial');
      await world.run(500);
      mind.stop();
      await world.run(900);
      mind.say(createTurn(world, 2, 1_000).spoken);
      await world.run(2_000);
      placed.phone.hangUp();
    },
    { ...USUAL, dialect: 'direct', call: { bargeIn: 'transcript' } },
  ),
];

describe('A story is replayed as the call went', () => {
  it.each(WAYS)('when %s', { timeout: 30_000 }, async (_, scene) => {
    const story = storyFrom(await recorded(scene));
    expect((await replay(story)).trouble).toBe('');
  });
});
