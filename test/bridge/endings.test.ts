import { expect } from 'vitest';
import type { VapiEnding } from '../../src/simulation/vapi-line.ts';
import { stories } from './stories.ts';
import { agentIsDone, audible, createTurn, expectHeard, liveCall } from './turns.ts';
import { type BridgeWorld, messages, type PlacedCall } from './world.ts';

const isOver = (world: BridgeWorld, { call }: PlacedCall, withinMs = 3_000) =>
  world.until('the call is over', () => call.ending !== null, withinMs);

/** The agent was told that the call is over, on its socket or, where it had none, over HTTP. */
function expectToldAgent({ agent }: PlacedCall): void {
  expect(agent.vapi.messages.map(({ message }) => message)).toContainEqual({ type: 'end-call' });
  expect(agent.vapi.endedReason).toBe('manually-canceled');
}

stories('The end of a call', (story) => {
  for (const dialect of ['transport', 'direct'] as const) {
    story(`comes when the caller hangs up, ${dialect}`, { dialect }, async (world) => {
      const placed = await liveCall(world);
      placed.agent.mind.say(createTurn(world, 1, 2_000).spoken);
      await world.run(300);
      placed.phone.hangUp();
      await isOver(world, placed);
      expect(placed.call.ending?.reason).toBe('callerHungUp');
      expect(placed.phone.closedWith).toBe(1000);
      expect(world.hangUps).toEqual([]);
      if (dialect === 'transport') expectToldAgent(placed);
      expect(placed.agent.vapi.closeCode ?? 1000).toBe(1000);
      expect(messages(world)).toContain('[Twilio] The caller hung up.');
      expect(messages(world).at(-1)).toBe(`[Cleanup] Session ${placed.streamSid} removed`);
    });
  }

  story('comes when the line drops without a word', {}, async (world) => {
    const placed = await liveCall(world);
    placed.phone.dropLine();
    await isOver(world, placed);
    expect(placed.call.ending?.reason).toBe('callerLost');
    expect(world.hangUps).toEqual([]);
    expectToldAgent(placed);
  });

  for (const ending of ['said', 'unsaid', 'no-code'] as VapiEnding[]) {
    story(
      `comes when the agent ends it (${ending}), after its last words`,
      { script: { ending } },
      async (world) => {
        const placed = await liveCall(world);
        const { phone, agent, call } = placed;
        const words = createTurn(world, 1, 1_000);
        agent.mind.say(words.spoken, 'at-once');
        await world.run(100);
        agent.vapi.end('assistant-ended-call');
        await world.run(100);
        expect(call.state).toBe('closing');
        expect(call.ending).toBeNull();
        expect(call.outcome?.reason).toBe('agentEnded');
        await isOver(world, placed);
        expectHeard(world, phone, words);
        const last = phone.events.findLast((event) => event.type === 'echo');
        expect(last?.atMs).toBeGreaterThanOrEqual(1_000);
        expect(world.hangUps.length).toBe(1);
        expect(call.ending?.reason).toBe('agentEnded');
      },
    );
  }

  story('waits for the last mark, and then hangs up once', { markEchoDelayMs: 150 }, async (world) => {
    const placed = await liveCall(world);
    const words = createTurn(world, 1, 600);
    placed.agent.mind.say(words.spoken, 'at-once');
    await world.run(100);
    const endedAt = world.clock.now();
    placed.agent.vapi.end('assistant-ended-call');
    await isOver(world, placed);
    expectHeard(world, placed.phone, words);
    const waitedMs = (world.hangUps[0]?.at ?? 0) - endedAt;
    expect(waitedMs).toBeGreaterThanOrEqual(500 + 150 - world.slackMs);
    expect(waitedMs).toBeLessThanOrEqual(500 + 150 + world.slackMs);
    expect(world.hangUps.length).toBe(1);
  });

  story(
    'comes after the last words also when marks never come back',
    { markEchoDelayMs: 1e9 },
    async (world) => {
      const placed = await liveCall(world);
      const words = createTurn(world, 1, 600);
      placed.agent.mind.say(words.spoken, 'at-once');
      await world.run(100);
      placed.agent.vapi.end('assistant-ended-call');
      await isOver(world, placed, 4_000);
      expectHeard(world, placed.phone, words);
      expect(world.hangUps.length).toBe(1);
    },
  );

  story('comes at once when the agent ends it and has nothing more to say', {}, async (world) => {
    const placed = await liveCall(world);
    const words = createTurn(world, 1, 400);
    placed.agent.mind.say(words.spoken);
    await agentIsDone(world, placed, 1_000);
    placed.agent.vapi.end('assistant-ended-call');
    await isOver(world, placed, 300);
    expectHeard(world, placed.phone, words);
    expect(world.hangUps.length).toBe(1);
  });

  for (const hangUp of ['refuses', 'silent'] as const) {
    story(`closes the stream also when Twilio ${hangUp} to hang up`, { hangUp }, async (world) => {
      const placed = await liveCall(world);
      placed.agent.vapi.end('assistant-ended-call');
      await isOver(world, placed, 3_500);
      expect(world.hangUps.length).toBe(1);
      expect(placed.phone.closedWith).toBe(1000);
      expect(messages(world).some((msg) => msg.includes('did not end the call'))).toBe(hangUp === 'refuses');
    });
  }

  story('comes when it is told to hang up', {}, async (world) => {
    const placed = await liveCall(world);
    placed.agent.mind.say(createTurn(world, 1, 2_000).spoken);
    await world.run(300);
    placed.call.tell({ type: 'call.hangUp', reason: 'hungUp', words: 'An operator ended the call.' });
    await isOver(world, placed);
    expect(placed.call.ending).toEqual({ reason: 'hungUp', words: 'An operator ended the call.' });
    expect(world.hangUps.map(({ callSid }) => callSid)).toEqual([placed.callSid]);
    expectToldAgent(placed);
    const heardThen = audible(placed.phone).length;
    await world.run(300);
    expect(audible(placed.phone).length).toBe(heardThen);
  });

  story(
    'comes when it is told to hang up before either end is there',
    { agentReadyMs: 500 },
    async (world) => {
      const placed = await world.ring();
      await world.run(100);
      placed.call.tell({ type: 'call.hangUp', reason: 'drained', words: 'The server is being stopped.' });
      await world.run(100);
      expect(placed.call.state).toBe('closing');
      await isOver(world, placed);
      expect(placed.call.ending?.reason).toBe('drained');
    },
  );

  story("comes by Twilio's word that the call is completed", {}, async (world) => {
    const placed = await liveCall(world);
    await placed.complete();
    await isOver(world, placed);
    expect(placed.call.ending).toEqual({
      reason: 'callerHungUp',
      words: 'Twilio reports the call completed.',
    });
    expect(world.hangUps).toEqual([]);
    expectToldAgent(placed);
    expect(placed.phone.closedWith).toBe(1000);
  });

  story("comes by Twilio's word before the stream has come", { agentReadyMs: 300 }, async (world) => {
    const placed = await world.ring();
    await world.run(100);
    await placed.complete();
    await isOver(world, placed);
    expect(placed.call.ending?.reason).toBe('callerHungUp');
    expect(world.service.calls.map(({ joined }) => joined)).toEqual([false]);
  });

  story('comes when its time is over', { call: { sessionTtlMs: 1_200 } }, async (world) => {
    const placed = await liveCall(world);
    await isOver(world, placed);
    expect(placed.call.ending?.reason).toBe('timeToLive');
    expect(world.hangUps.length).toBe(1);
    expectToldAgent(placed);
  });

  story.virtualOnly('comes after 25 minutes, to the millisecond', {}, async (world) => {
    const openedAt = world.clock.now();
    const placed = await liveCall(world);
    placed.phone.hush();
    await world.run(1_499_999 - (world.clock.now() - openedAt));
    expect(placed.call.ending).toBeNull();
    expect(placed.call.state).toBe('streaming');
    expect(world.hangUps).toEqual([]);
    await world.run(1);
    expect(placed.call.ending?.reason).toBe('timeToLive');
    expect(world.hangUps.map(({ at }) => at - openedAt)).toEqual([1_500_000]);
  });

  story.virtualOnly('comes when Twilio never does, and ends the call at Vapi', {}, async (world) => {
    const placed = await world.ring();
    await world.run(29_999);
    expect(placed.call.ending).toBeNull();
    expect(world.service.live()).toBe(1);
    await world.run(1);
    await isOver(world, placed);
    expect(placed.call.ending?.reason).toBe('callerNeverCame');
    expect(world.service.calls[0]?.endedReason).toBe('manually-canceled');
  });

  for (const how of ['hangs up', 'drops'] as const) {
    story(
      `while Vapi is still being asked (the caller ${how}) also ends the call that Vapi then makes`,
      { agentReadyMs: 600 },
      async (world) => {
        const placed = await world.place();
        placed.phone.talk();
        await world.run(200);
        if (how === 'hangs up') placed.phone.hangUp();
        else placed.phone.dropLine();
        await world.run(100);
        expect(world.service.calls.length).toBe(0);
        expect(placed.call.state).toBe('closing');
        await isOver(world, placed);
        expect(world.service.calls.map(({ joined, endedReason }) => [joined, endedReason])).toEqual([
          [false, 'manually-canceled'],
        ]);
      },
    );
  }

  story('does not come by a late answer of the agent, whatever its message is called', {}, async (world) => {
    const placed = await liveCall(world);
    placed.agent.mind.line.sendMessage({ type: 'hang' });
    await world.run(300);
    expect(placed.call.state).toBe('streaming');
    const turn = createTurn(world, 1, 300);
    placed.agent.mind.say(turn.spoken);
    await agentIsDone(world, placed, 1_000);
    expectHeard(world, placed.phone, turn);
  });

  story('comes when the caller leaves in the middle of the last words', {}, async (world) => {
    const placed = await liveCall(world);
    placed.agent.mind.say(createTurn(world, 1, 3_000).spoken, 'at-once');
    await world.run(100);
    placed.agent.vapi.end('assistant-ended-call');
    await world.run(300);
    placed.phone.hangUp();
    await isOver(world, placed, 500);
    expect(world.hangUps).toEqual([]);
  });
});
