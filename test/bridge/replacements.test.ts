import { expect } from 'vitest';
import type { Clips } from '../../src/call/clip-player.ts';
import type { VapiEnding } from '../../src/simulation/vapi-line.ts';
import { agentTurn, atTheAgent, atTheEar, BYTES_PER_MS, callerSpeech } from './sounds.ts';
import { stories } from './stories.ts';
import { agentIsDone, createTurn, expectHeard, liveCall, type Turn } from './turns.ts';
import type { Agent, BridgeWorld, PlacedCall } from './world.ts';

/** Words of our own that are like no other turn. */
const CLIPS: Clips = {
  oneMoment: agentTurn('mulaw', 901, 700),
  // As long as the bundled one.
  lineLost: agentTurn('mulaw', 902, 1_532),
};
/** How long Vapi takes to make a call. */
const READY_MS = 300;
const USUAL = { call: { clips: CLIPS }, agentReadyMs: READY_MS };

const clipTurn = (world: BridgeWorld, clip: keyof Clips): Turn => {
  const mulaw = CLIPS[clip] ?? Buffer.alloc(0);
  const heard = atTheEar(world.format, Buffer.from(atTheAgent(world.format, mulaw)));
  return { spoken: mulaw, heard, ms: mulaw.length / BYTES_PER_MS };
};

const isOver = (world: BridgeWorld, { call }: PlacedCall) =>
  world.until('the call is over', () => call.ending !== null, 6_000);

/** Vapi's end of the agent's socket goes. Returns the agent that is lost. */
function lose({ agent }: PlacedCall, ending: VapiEnding = 'cut'): Agent {
  agent.vapi.end('pipeline-error', ending);
  return agent;
}

/** Waits for another agent than `lost`. */
async function replaced(
  world: BridgeWorld,
  placed: PlacedCall,
  lost: Agent,
  withinMs = 3_000,
): Promise<Agent> {
  const { call } = placed;
  const isThere = () => placed.agent.vapi.id !== lost.vapi.id && call.state !== 'connecting';
  await world.until('another agent is there', isThere, withinMs);
  return placed.agent;
}

/** What an agent was told in text. */
const toldTo = ({ vapi }: Agent) => vapi.messages.map(({ message }) => message);

/** What was said before, as it is told. */
const added = (role: 'system' | 'user' | 'assistant', content: unknown) => ({
  type: 'add-message',
  message: { role, content },
  triggerResponseEnabled: false,
});

/** When the caller heard the beginning of `turn`, in ms since the stream's start. */
function heardAt({ phone }: PlacedCall, { heard }: Turn): number {
  const at = phone.stream.heard().indexOf(heard.subarray(0, 400));
  expect(at).toBeGreaterThanOrEqual(0);
  return at / BYTES_PER_MS;
}

const now = ({ phone }: PlacedCall) => phone.stream.heard().length / BYTES_PER_MS;

stories('An agent that is lost in the middle of a sentence', (story) => {
  for (const format of ['mulaw', 'pcm_s16le'] as const) {
    story(
      `is replaced by one that goes on with what the caller heard, ${format}`,
      { ...USUAL, format },
      async (world) => {
        const placed = await liveCall(world);
        const { mind } = placed.agent;
        mind.transcript('What does it cost?', 'final');
        const half = createTurn(world, 1, 600);
        mind.say(half.spoken);
        mind.transcript('It costs', 'partial', 'assistant');
        await world.run(600);
        const lostAt = now(placed);
        const lost = lose(placed);
        const clip = clipTurn(world, 'lineLost');
        const agent = await replaced(world, placed, lost);
        const answer = createTurn(world, 2, 400);
        await world.until('it is asked to go on', () => toldTo(agent).length > 3, 1_000);
        agent.mind.say(answer.spoken);
        await agentIsDone(world, placed, 4_000);

        expect(toldTo(agent)).toEqual([
          added('system', expect.stringMatching(/^The line .* broke/)),
          added('user', 'What does it cost?'),
          added('assistant', 'It costs'),
          expect.objectContaining({ type: 'say', content: "I'm back. Please go on." }),
        ]);
        const { assistantOverrides } = agent.vapi.request as { assistantOverrides: object };
        expect(assistantOverrides).toMatchObject({ firstMessageMode: 'assistant-waits-for-user' });
        if (world.kind === 'memory') {
          expect(heardAt(placed, clip) - lostAt).toBeLessThan(300);
          expect(heardAt(placed, answer) - lostAt).toBeLessThan(2_000);
          expectHeard(world, placed.phone, half, clip, answer);
        }
        expect(placed.call.figures).toMatchObject({ replacements: 1 });
        expect(lost.vapi.state).toBe('ended');
      },
    );
  }
});

stories('What a caller says while no agent is there', (story) => {
  for (const format of ['mulaw', 'pcm_s16le'] as const) {
    story.virtualOnly(
      `reaches the next agent whole, from its first sound on, ${format}`,
      { ...USUAL, format, agentReadyMs: 900 },
      async (world) => {
        const placed = await liveCall(world);
        const { phone } = placed;
        const lost = lose(placed);
        const before = phone.said.length;
        await world.run(200);
        phone.say(callerSpeech());
        const agent = await replaced(world, placed, lost);
        await world.run(1_000);
        const heard = agent.heard();
        const said = [...phone.said.keys()].slice(before).map((from) => ({
          from,
          bytes: atTheAgent(format, Buffer.concat(phone.said.slice(from))),
        }));
        // The hiss before the first word is left out, but for the onset.
        const whole = said.find(({ bytes }) => bytes.subarray(0, heard.length).equals(heard));
        expect(whole?.from).toBeGreaterThan(before);
        expect(whole?.from).toBeLessThanOrEqual(before + 11);
        expect(heard.length).toBeGreaterThan((whole?.bytes.length ?? 0) - 2 * 640);
        const { droppedFrames } = placed.call.figures;
        expect(droppedFrames).toBe((whole?.from ?? 0) - before);
      },
    );
  }

  story.virtualOnly(
    'a long time ago is not said again: the last three seconds are, and the rest counts',
    { ...USUAL, script: { answer: (n) => (n === 1 ? { delayMs: 6_000 } : { delayMs: READY_MS }) } },
    async (world) => {
      const placed = await liveCall(world);
      const lost = lose(placed);
      placed.phone.say(Buffer.concat([callerSpeech(), callerSpeech()]));
      await world.until('another is there', () => placed.agent.vapi.id !== lost.vapi.id, 9_000);
      await world.run(100);
      const sentMs = placed.agent.heard().length / BYTES_PER_MS;
      expect(sentMs).toBeGreaterThan(2_900);
      expect(sentMs).toBeLessThan(3_200);
      expect(placed.call.figures.droppedFrames).toBeGreaterThanOrEqual(150);
    },
  );
});

stories('An agent that takes the place of another', (story) => {
  story.virtualOnly('knows of an interrupted turn what was heard of it', USUAL, async (world) => {
    const placed = await liveCall(world);
    const { mind } = placed.agent;
    mind.say(createTurn(world, 1, 8_000).spoken, 'at-once');
    mind.transcript('one two three four five six seven eight', 'final', 'assistant');
    await world.run(2_000);
    mind.interrupt();
    mind.transcript('Stop.', 'final');
    await world.run(500);
    const lost = lose(placed);
    const agent = await replaced(world, placed, lost);
    await world.run(100);
    expect(toldTo(agent).slice(1, 3)).toEqual([added('assistant', 'one two …'), added('user', 'Stop.')]);
  });

  story.virtualOnly('knows that the operator has silenced it', USUAL, async (world) => {
    const placed = await liveCall(world);
    expect(placed.call.act({ action: 'mute' })).toEqual({ ok: true });
    const agent = await replaced(world, placed, lose(placed));
    await world.run(100);
    expect(toldTo(agent)[0]).toEqual({ type: 'control', control: 'mute-assistant' });
    expect(placed.call.act({ action: 'unmute' })).toEqual({ ok: true });
    const third = await replaced(world, placed, lose(placed));
    await world.run(100);
    expect(toldTo(third)).not.toContainEqual({ type: 'control', control: 'mute-assistant' });
  });

  const wordsBack = [
    [
      'the words that the operator has chosen',
      'Ich bin wieder da.',
      { type: 'say', content: 'Ich bin wieder da.' },
    ],
    ['words of its own', '', { type: 'add-message', triggerResponseEnabled: true }],
  ] as const;
  for (const [whose, words, message] of wordsBack) {
    story.virtualOnly(
      `goes on with ${whose}`,
      { ...USUAL, call: { ...USUAL.call, wordsBack: words } },
      async (world) => {
        const placed = await liveCall(world);
        placed.agent.mind.transcript('Hello.', 'final', 'assistant');
        await world.run(50);
        const agent = await replaced(world, placed, lose(placed));
        await world.run(100);
        expect(toldTo(agent).at(-1)).toMatchObject(message);
      },
    );
  }

  story.virtualOnly('says the first words where nothing was said yet', USUAL, async (world) => {
    const placed = await liveCall(world);
    const lost = lose(placed);
    const agent = await replaced(world, placed, lost);
    await world.run(100);
    expect(toldTo(agent)).toEqual([{ type: 'control', control: 'say-first-message' }]);
  });

  story.virtualOnly(
    'is only dialled where it takes no orders',
    { ...USUAL, dialect: 'direct' },
    async (world) => {
      const placed = await liveCall(world);
      const lost = lose(placed);
      await world.until('another is there', () => world.service.calls.length === 2, 2_000);
      await world.run(1_500);
      expect(lost.vapi.state).toBe('ended');
      expect(placed.call.state).toBe('streaming');
      expect(placed.call.figures.replacements).toBe(1);
      expect(world.service.calls[1]?.messages).toEqual([]);
      expect(world.service.calls[1]?.heardBytes).toBeGreaterThan(0);
    },
  );

  story.virtualOnly(
    'can be lost too, and then a third; after that Twilio is left to go on',
    USUAL,
    async (world) => {
      const placed = await liveCall(world);
      for (const replacements of [1, 2]) {
        const lost = lose(placed);
        await replaced(world, placed, lost);
        expect(placed.call.figures.replacements).toBe(replacements);
        expect(world.service.live()).toBe(1);
        await world.run(2_000);
      }
      lose(placed);
      await isOver(world, placed);
      expect(placed.call.ending?.reason).toBe('agentLost');
      expect(placed.phone.closedWith).toBe(1000);
      expect(world.hangUps).toEqual([]);
      expect(world.service.calls.length).toBe(3);
    },
  );

  story.virtualOnly('is not asked for by a call that is ending', USUAL, async (world) => {
    const placed = await liveCall(world);
    placed.agent.mind.say(createTurn(world, 1, 800).spoken, 'at-once');
    await world.run(100);
    placed.agent.vapi.sendText(
      '{"type":"status-update","status":"ended","endedReason":"assistant-ended-call"}',
    );
    await world.run(20);
    lose(placed);
    await isOver(world, placed);
    expect(placed.call.ending?.reason).toBe('agentEnded');
    expect(world.service.calls.length).toBe(1);
  });

  story.virtualOnly(
    'is ended also when the caller has left before it came',
    { ...USUAL, agentReadyMs: 800 },
    async (world) => {
      const placed = await liveCall(world);
      lose(placed);
      await world.run(300);
      placed.phone.hangUp();
      await world.run(300);
      expect(world.service.calls.length).toBe(1);
      await isOver(world, placed);
      expect(placed.call.ending?.reason).toBe('callerHungUp');
      expect(world.service.calls.length).toBe(2);
      expect(world.service.live()).toBe(0);
    },
  );

  story.virtualOnly(
    'does not wait until the lost one has been ended',
    {
      ...USUAL,
      spoil: (ports) => ({
        ...ports,
        async fetch(url, how) {
          const creates = how?.method === 'POST' && url.endsWith('/call');
          if (!creates) await new Promise<void>((resolve) => ports.clock.setTimeout(resolve, 1_000));
          return ports.fetch(url, how);
        },
      }),
    },
    async (world) => {
      const placed = await liveCall(world);
      const lost = placed.agent;
      placed.deafenAgent();
      await replaced(world, placed, lost, 16_000);
      expect(world.service.live()).toBe(2);
      await world.run(1_000);
      expect(lost.vapi.endedReason).toBe('manually-canceled');
      expect(world.service.live()).toBe(1);
    },
  );
});

stories('A caller who waits', (story) => {
  story(
    'hears after a moment that the line lives, once, and then the agent',
    { ...USUAL, agentReadyMs: 2_500 },
    async (world) => {
      const placed = await world.place();
      placed.phone.talk();
      await world.until('the agent is there', () => placed.agentIsThere, 4_000);
      const greeting = createTurn(world, 1, 400);
      placed.agent.mind.say(greeting.spoken);
      await agentIsDone(world, placed, 4_000);
      const clip = clipTurn(world, 'oneMoment');
      expectHeard(world, placed.phone, clip, greeting);
      if (world.kind === 'memory') expect(heardAt(placed, clip)).toBeLessThan(1_700);
      expect(placed.call.figures.firstResponseMs).toBeGreaterThan(2_200);
    },
  );

  story.virtualOnly(
    'hears the first words of an agent that is lost meanwhile before it is said to be lost',
    { ...USUAL, agentReadyMs: 1_700 },
    async (world) => {
      const placed = await world.place();
      placed.phone.talk();
      await world.until('the agent is there', () => placed.agentIsThere, 4_000);
      const greeting = createTurn(world, 1, 400);
      placed.agent.mind.say(greeting.spoken, 'at-once');
      placed.agent.mind.transcript('Hello.', 'final', 'assistant');
      await world.run(100);
      const agent = await replaced(world, placed, lose(placed), 4_000);
      await world.run(4_000);
      const [moment, lost] = [clipTurn(world, 'oneMoment'), clipTurn(world, 'lineLost')];
      const order = [moment, greeting, lost].map((turn) => heardAt(placed, turn));
      expect(order).toEqual([...order].sort((one, other) => one - other));
      expect(toldTo(agent)).toContainEqual(added('assistant', 'Hello.'));
    },
  );

  story.virtualOnly(
    'hears nothing of it where the agent is there in time',
    { ...USUAL, agentReadyMs: 1_400 },
    async (world) => {
      const placed = await liveCall(world);
      await world.run(3_000);
      expectHeard(world, placed.phone);
    },
  );
});
