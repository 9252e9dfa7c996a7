import { expect } from 'vitest';
import { stories } from './stories.ts';
import {
  agentIsDone,
  audible,
  createTurn,
  expectCut,
  expectHeard,
  expectResumed,
  liveCall,
  type Turn,
} from './turns.ts';
import type { BridgeWorld, PlacedCall, WorldOptions } from './world.ts';

const POLICIES = ['transcript', 'confirmed', 'reversible'] as const;

type Policy = (typeof POLICIES)[number];

const under = (bargeIn: Policy, more: WorldOptions = {}): WorldOptions => ({ ...more, call: { bargeIn } });

/** The first sign of an interruption that the policy acts upon. */
const SIGNALS: Record<Policy, (placed: PlacedCall) => void> = {
  transcript: ({ agent }) => agent.mind.transcript('Wait', 'partial'),
  confirmed: ({ agent }) => agent.mind.interrupt(),
  reversible: ({ agent }) => agent.mind.callerSpeech('started'),
};

/** The agent says the turn, and the caller has heard `ms` of it. */
async function speaking(
  world: BridgeWorld,
  placed: PlacedCall,
  turn: Turn,
  { ms = 1_000, pace = 'real-time' as 'real-time' | 'at-once' } = {},
): Promise<void> {
  placed.agent.mind.say(turn.spoken, pace);
  await world.until('the caller hears the agent', () => placed.call.state === 'agentSpeaking', 400);
  await world.run(ms);
}

/** The sign is given; in memory the caller's ear is silent before that call returns. */
async function interrupt(world: BridgeWorld, placed: PlacedCall, sign: () => void): Promise<void> {
  const { clears } = placed.phone.stream;
  const before = clears.length;
  await world.until('the caller hears the agent', () => placed.call.state === 'agentSpeaking', 300);
  sign();
  if (world.kind === 'memory') expect(clears.length).toBe(before + 1);
  await world.until('the caller hears silence', () => clears.length === before + 1, 50);
}

async function answered(world: BridgeWorld, placed: PlacedCall, turn: Turn): Promise<void> {
  placed.agent.mind.say(turn.spoken);
  await world.until('the answer is heard', () => placed.call.state === 'agentSpeaking', 400);
  await agentIsDone(world, placed, turn.ms + 600);
}

stories('Interruptions', (story) => {
  for (const policy of POLICIES) {
    for (const pace of ['real-time', 'at-once'] as const) {
      for (const format of ['mulaw', 'pcm_s16le'] as const) {
        story(
          `silence the old turn at once and let the new one be heard whole: ${policy}, ${pace}, ${format}`,
          under(policy, { format }),
          async (world) => {
            const placed = await liveCall(world);
            const { phone, call } = placed;
            const cut = createTurn(world, 1, 5_000);
            const next = createTurn(world, 2, 600);
            await speaking(world, placed, cut, { pace });
            await interrupt(world, placed, () => SIGNALS[policy](placed));
            if (policy !== 'confirmed') placed.agent.mind.interrupt();
            await world.until('it is decided', () => call.state !== 'bargeIn.paused', 100);
            await world.run(400);
            await answered(world, placed, next);
            expect(phone.stream.clears.length).toBe(1);
            const heardMs = expectCut(phone, cut, next);
            const [bargeIn] = call.figures.bargeIns;
            expect(call.figures.bargeIns.length).toBe(1);
            expect(bargeIn?.outcome).toBe('flushed');
            expect(bargeIn?.clearAfterMs).toBeLessThanOrEqual(world.slackMs);
            if (world.kind === 'real') return;
            expect(Math.abs((bargeIn?.heardMs ?? 0) - heardMs)).toBeLessThanOrEqual(20);
            if (pace === 'at-once')
              expect((bargeIn?.flushedMs ?? 0) + (bargeIn?.heardMs ?? 0)).toBeCloseTo(5_000, 6);
          },
        );
      }
    }
  }

  for (const dialect of ['transport', 'direct'] as const) {
    story(
      `clear once, however many transcripts come, ${dialect}`,
      under('transcript', { dialect }),
      async (world) => {
        const placed = await liveCall(world);
        const { mind } = placed.agent;
        const cut = createTurn(world, 1, 3_000);
        const next = createTurn(world, 2, 400);
        await speaking(world, placed, cut, { ms: 600 });
        await interrupt(world, placed, () => mind.transcript('Wait', 'partial'));
        mind.transcript('Wait, can', 'partial');
        await world.run(60);
        mind.transcript('Wait, can you', 'partial');
        mind.stop();
        await world.run(60);
        mind.transcript('Wait, can you say that again?', 'final');
        await world.run(400);
        await answered(world, placed, next);
        expect(placed.phone.stream.clears.length).toBe(1);
        expectCut(placed.phone, cut, next);
        expect(world.lines.filter(({ msg }) => msg.startsWith('[Barge-in]')).length).toBe(1);
      },
    );
  }

  for (const policy of ['transcript', 'reversible'] as const) {
    story(`do not cut the answer by a late final transcript, ${policy}`, under(policy), async (world) => {
      const placed = await liveCall(world);
      const { mind } = placed.agent;
      const cut = createTurn(world, 1, 3_000);
      const next = createTurn(world, 2, 800);
      await speaking(world, placed, cut, { ms: 600 });
      await interrupt(world, placed, () => mind.transcript('Wait', 'partial'));
      mind.interrupt();
      await world.run(300);
      mind.say(next.spoken);
      await world.until('the answer is heard', () => placed.call.state === 'agentSpeaking', 400);
      await world.run(200);
      mind.transcript('Wait a moment.', 'final');
      await agentIsDone(world, placed, 1_500);
      expect(placed.phone.stream.clears.length).toBe(1);
      expectCut(placed.phone, cut, next);
    });
  }

  story(
    'do not cost the answer to words that were said over the end of a turn',
    under('reversible'),
    async (world) => {
      const placed = await liveCall(world);
      const { mind } = placed.agent;
      const turn = createTurn(world, 1, 1_000);
      const answer = createTurn(world, 2, 1_200);
      await speaking(world, placed, turn, { ms: 900 });
      await interrupt(world, placed, () => mind.callerSpeech('started'));
      await world.run(500);
      mind.transcript('Tuesday', 'partial');
      await world.run(200);
      mind.callerSpeech('stopped');
      mind.transcript('Tuesday at ten.', 'final');
      // Sooner than the verdict that an agent which had not come to its end would be given time for.
      await world.run(400);
      await answered(world, placed, answer);
      expectCut(placed.phone, turn, answer);
    },
  );

  story('are for the agent alone to tell, under confirmed', under('confirmed'), async (world) => {
    const placed = await liveCall(world);
    const turn = createTurn(world, 1, 1_000);
    await speaking(world, placed, turn, { ms: 300 });
    placed.agent.mind.callerSpeech('started');
    placed.agent.mind.transcript('Mm-hm', 'partial');
    placed.agent.mind.transcript('Wait', 'final');
    placed.agent.mind.callerSpeech('stopped');
    await agentIsDone(world, placed, 1_500);
    expect(placed.phone.stream.clears.length).toBe(0);
    expectHeard(world, placed.phone, turn);
  });
  /** The agent goes on with its old turn for 600 ms after the cut. */
  async function cutUnawares(world: BridgeWorld) {
    const placed = await liveCall(world);
    const cut = createTurn(world, 1, 5_000);
    const next = createTurn(world, 2, 500);
    await speaking(world, placed, cut, { ms: 500 });
    await interrupt(world, placed, () => placed.agent.mind.transcript('Wait', 'partial'));
    const heardAtCut = audible(placed.phone).length;
    await world.run(600);
    expect(audible(placed.phone).length).toBe(heardAtCut);
    return { placed, cut, next };
  }

  const ends: Record<string, (world: BridgeWorld, placed: PlacedCall, next: Turn) => Promise<void>> = {
    'its verdict': async (_, { agent }, next) => {
      agent.mind.interrupt();
      agent.mind.line.sendAudio(next.spoken);
    },
    'the start of a new turn': async (_, { agent }, next) => agent.mind.say(next.spoken),
    'a hole of 300 ms': async (world, { agent }, next) => {
      agent.mind.stop();
      await world.run(300);
      agent.mind.line.sendAudio(next.spoken);
    },
  };
  for (const [what, happens] of Object.entries(ends)) {
    story(
      `cut an agent that does not know of it: its old turn is refused until ${what}`,
      under('transcript'),
      async (world) => {
        const { placed, cut, next } = await cutUnawares(world);
        await happens(world, placed, next);
        await world.until('the answer is heard', () => placed.call.state === 'agentSpeaking', 400);
        await agentIsDone(world, placed, 1_200);
        expectCut(placed.phone, cut, next);
        expect(placed.phone.stream.clears.length).toBe(1);
      },
    );
  }

  story.virtualOnly(
    'still refuse the old turn after a stutter of 200 ms',
    under('transcript'),
    async (world) => {
      const { placed, cut, next } = await cutUnawares(world);
      const { mind } = placed.agent;
      mind.stop();
      await world.run(200);
      mind.line.sendAudio(next.spoken);
      await world.run(800);
      expectCut(placed.phone, cut);
    },
  );
  for (const markEchoDelayMs of [0, 250]) {
    story(
      `are not undone by marks of an old generation, echoed after ${markEchoDelayMs} ms`,
      under('transcript', { markEchoDelayMs }),
      async (world) => {
        const placed = await liveCall(world);
        const { phone, call, agent } = placed;
        const cut = createTurn(world, 1, 5_000);
        const next = createTurn(world, 2, 1_000);
        await speaking(world, placed, cut, { ms: 900, pace: 'at-once' });
        const old = phone.events.flatMap((event) => (event.type === 'mark' ? [event.name] : []));
        expect(old.length).toBeGreaterThan(5);
        await interrupt(world, placed, () => agent.mind.transcript('Wait', 'partial'));
        agent.mind.say(next.spoken);
        await world.until('the answer is heard', () => call.state === 'agentSpeaking', 400);
        const beganMs = phone.stream.elapsedMs;
        await world.run(150);
        for (const name of [...old, 'g1:999999', 'g99:0', 'nonsense', '']) {
          phone.sendText(
            JSON.stringify({
              event: 'mark',
              sequenceNumber: '9',
              streamSid: phone.streamSid,
              mark: { name },
            }),
          );
        }
        await world.run(50);
        expect(call.state).toBe('agentSpeaking');
        await agentIsDone(world, placed, 1_600);
        expect(phone.stream.elapsedMs - beganMs).toBeGreaterThanOrEqual(1_000 - 60 - world.slackMs);
        expectCut(phone, cut, next);
      },
    );
  }
  const resumed = async (world: BridgeWorld, placed: PlacedCall, turn: Turn, repeatMs = 260) => {
    await world.until('the agent goes on', () => placed.call.state === 'agentSpeaking', 1_500);
    await agentIsDone(world, placed, turn.ms + 2_000);
    expect(placed.phone.stream.clears.length).toBe(1);
    expectResumed(placed.phone, turn, repeatMs + world.slackMs);
    expect(placed.call.figures.bargeIns.map(({ outcome }) => outcome)).toEqual(['resumed']);
    expect(world.lines.some(({ msg }) => msg.startsWith('[Barge-in] Flushed'))).toBe(false);
  };

  for (const pace of ['real-time', 'at-once'] as const) {
    for (const format of ['mulaw', 'pcm_s16le'] as const) {
      story(`by an "mm-hm" lose nothing of the turn: ${pace}, ${format}`, { format }, async (world) => {
        const placed = await liveCall(world);
        const { mind } = placed.agent;
        const turn = createTurn(world, 1, 2_000);
        await speaking(world, placed, turn, { ms: 700, pace });
        await interrupt(world, placed, () => mind.callerSpeech('started'));
        await world.run(150);
        mind.transcript('Mm-hm', 'partial');
        await world.run(150);
        expect(placed.call.state).toBe('bargeIn.paused');
        mind.callerSpeech('stopped');
        await resumed(world, placed, turn);
      });
    }
  }

  story('by an "mm-hm" are over as soon as that is known to be all', { dialect: 'direct' }, async (world) => {
    const placed = await liveCall(world);
    const { mind } = placed.agent;
    const turn = createTurn(world, 1, 1_500);
    await speaking(world, placed, turn, { ms: 500 });
    await interrupt(world, placed, () => mind.transcript('Mm', 'partial'));
    await world.run(200);
    mind.transcript('Mm-hm.', 'final');
    await resumed(world, placed, turn);
  });

  story('by a noise that nobody understands are over after half a second of silence', {}, async (world) => {
    const placed = await liveCall(world);
    const { mind } = placed.agent;
    const turn = createTurn(world, 1, 1_500);
    await speaking(world, placed, turn, { ms: 500 });
    await interrupt(world, placed, () => mind.callerSpeech('started'));
    await world.run(200);
    mind.callerSpeech('stopped');
    await world.run(450);
    expect(placed.call.state).toBe('bargeIn.paused');
    await resumed(world, placed, turn);
  });

  story('are not made by an "mm-hm" that is transcribed when the agent has gone on', {}, async (world) => {
    const placed = await liveCall(world);
    const { mind } = placed.agent;
    const turn = createTurn(world, 1, 2_000);
    await speaking(world, placed, turn, { ms: 500 });
    await interrupt(world, placed, () => mind.callerSpeech('started'));
    await world.run(200);
    mind.callerSpeech('stopped');
    await world.until('the agent goes on', () => placed.call.state === 'agentSpeaking', 700);
    await world.run(100);
    mind.transcript('Mm-hm.', 'final');
    await resumed(world, placed, turn);
  });

  story('by words that are transcribed at once and whole wait for a verdict', {}, async (world) => {
    const placed = await liveCall(world);
    const { mind } = placed.agent;
    const cut = createTurn(world, 1, 4_000);
    await speaking(world, placed, cut, { ms: 500 });
    await interrupt(world, placed, () => mind.transcript('What is that?', 'final'));
    await world.run(1_300);
    expect(placed.call.state).toBe('bargeIn.paused');
    await world.until('it is decided', () => placed.call.state === 'bargeIn.flushed', 300);
    mind.stop();
    await world.run(100);
    expectCut(placed.phone, cut);
  });

  story('by words cut the agent when it gives no verdict within 1.5 s', {}, async (world) => {
    const placed = await liveCall(world);
    const { mind } = placed.agent;
    const cut = createTurn(world, 1, 5_000);
    const next = createTurn(world, 2, 400);
    await speaking(world, placed, cut, { ms: 500 });
    await interrupt(world, placed, () => mind.callerSpeech('started'));
    mind.transcript('What is', 'partial');
    await world.run(1_300);
    expect(placed.call.state).toBe('bargeIn.paused');
    await world.until('it is decided', () => placed.call.state === 'bargeIn.flushed', 300);
    await world.run(300);
    await answered(world, placed, next);
    expect(placed.phone.stream.clears.length).toBe(1);
    expectCut(placed.phone, cut, next);
  });

  story('by words that leave no doubt cut at once, before any verdict', {}, async (world) => {
    const placed = await liveCall(world);
    const { mind } = placed.agent;
    const cut = createTurn(world, 1, 5_000);
    const next = createTurn(world, 2, 400);
    await speaking(world, placed, cut, { ms: 500 });
    await interrupt(world, placed, () => mind.transcript('Hold on', 'partial'));
    expect(placed.call.state).toBe('bargeIn.flushed');
    await world.run(200);
    mind.interrupt();
    await world.run(300);
    await answered(world, placed, next);
    expect(placed.phone.stream.clears.length).toBe(1);
    expectCut(placed.phone, cut, next);
  });

  for (const transcripts of [['Paris'], ['Paris', 'Paris, please']]) {
    story(
      `by words cut an agent that gives no verdicts, by the last of ${transcripts.length} transcripts`,
      { dialect: 'direct' },
      async (world) => {
        const placed = await liveCall(world);
        const { mind } = placed.agent;
        const cut = createTurn(world, 1, 5_000);
        const next = createTurn(world, 2, 400);
        await speaking(world, placed, cut, { ms: 500 });
        await interrupt(world, placed, () =>
          mind.transcript('Paris', transcripts.length === 1 ? 'final' : 'partial'),
        );
        for (const words of transcripts.slice(1)) mind.transcript(words, 'final');
        mind.stop();
        await world.until('it is decided', () => placed.call.figures.bargeIns[0]?.outcome === 'flushed', 100);
        await world.run(400);
        await answered(world, placed, next);
        expectCut(placed.phone, cut, next);
      },
    );
  }

  story('by a key cut at once', {}, async (world) => {
    const placed = await liveCall(world);
    const cut = createTurn(world, 1, 3_000);
    const next = createTurn(world, 2, 400);
    await speaking(world, placed, cut, { ms: 500 });
    await interrupt(world, placed, () => placed.phone.stream.press('1'));
    expect(placed.call.state).toBe('bargeIn.flushed');
    placed.agent.mind.stop();
    await world.run(300);
    await answered(world, placed, next);
    expectCut(placed.phone, cut, next);
  });

  story('during the last words, which are all at Twilio, lose nothing of them', {}, async (world) => {
    const placed = await liveCall(world);
    const { mind } = placed.agent;
    const turn = createTurn(world, 1, 1_200);
    await speaking(world, placed, turn, { ms: 1_050, pace: 'at-once' });
    await interrupt(world, placed, () => mind.callerSpeech('started'));
    await world.run(200);
    mind.callerSpeech('stopped');
    await resumed(world, placed, turn);
  });
});
