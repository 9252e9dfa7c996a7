import { afterEach, describe, expect, it } from 'vitest';
import type { CallMoment } from '../../src/inspector/page/moment.ts';
import { createMoments } from '../../src/inspector/page/moment.ts';
import { MOST_VIEWERS } from '../../src/inspector/viewers.ts';
import { createMemoryWorld } from '../bridge/memory-world.ts';
import { createTurn, liveCall } from '../bridge/turns.ts';
import type { BridgeWorld, PlacedCall, WorldOptions } from '../bridge/world.ts';
import { createSeenLine, type SeenLine } from './viewer-line.ts';

const worlds: BridgeWorld[] = [];
afterEach(() => {
  for (const world of worlds.splice(0)) world.calls.hangUpAll('The test is over.');
});

function openWorld(options: WorldOptions = {}): BridgeWorld {
  const world = createMemoryWorld(options);
  worlds.push(world);
  return world;
}

/** A viewer that looks at one call, or at none. */
async function look(world: BridgeWorld, callId?: string) {
  const line = createSeenLine();
  const ear = world.watch.arrive(line);
  const watch = (id: string | null) => ear.heard(JSON.stringify({ type: 'watch', callId: id }));
  if (callId !== undefined) watch(callId);
  await world.run(30);
  return { line, ear, watch };
}

const recordsOf = (line: SeenLine, callId: string) => [
  ...line.of('journal').flatMap((message) => (message.callId === callId ? message.records : [])),
  ...line.of('records').flatMap((message) => (message.callId === callId ? message.records : [])),
];

function momentOf(line: SeenLine, callId: string): CallMoment {
  const moments = createMoments();
  moments.add(recordsOf(line, callId));
  return moments.latest();
}

/** A conversation with an interruption in it. */
async function converse(world: BridgeWorld, placed: PlacedCall): Promise<void> {
  placed.agent.mind.say(createTurn(world, 1, 3_000).spoken, 'at-once');
  await world.until('the caller hears the agent', () => placed.call.state === 'agentSpeaking');
  await world.run(500);
  placed.agent.mind.callerSpeech('started');
  placed.agent.mind.transcript('Wait a moment', 'partial');
  await world.run(100);
  placed.agent.mind.interrupt();
  await world.run(200);
}

describe('a viewer', () => {
  it('is told first what there is to be seen, and then of every call', async () => {
    const world = openWorld();
    const placed = await liveCall(world);
    const { line } = await look(world);
    const [hello] = line.of('hello');
    expect(JSON.parse(line.texts[0] ?? '')[0].type).toBe('hello');
    expect(hello).toMatchObject({
      version: 1,
      now: expect.any(Number),
      acting: { allowed: false, words: expect.stringMatching(/ADMIN_TOKEN/) },
      shows: { numbers: false, transcripts: false },
    });
    expect(hello?.machines.map(({ machine }) => machine)).toEqual([
      'call',
      'twilio-socket',
      'vapi-socket',
      'jitter-buffer',
    ]);
    expect(line.of('rows')[0]?.rows).toMatchObject([
      {
        callId: placed.call.callId,
        callSid: placed.callSid,
        streamSid: placed.streamSid,
        state: 'streaming',
      },
    ]);
  });

  it('that comes late has every record of a call, from the first on, without a hole', async () => {
    const world = openWorld();
    const placed = await liveCall(world);
    await converse(world, placed);
    const { callId } = placed.call;
    const { line } = await look(world, callId);
    await converse(world, placed);
    await world.run(100);
    const records = recordsOf(line, callId);
    expect(records.length).toBeGreaterThan(60);
    expect(records.map(({ seq }) => seq)).toEqual(records.map((_, place) => place + 1));
    const ats = records.map(({ at }) => at);
    expect(ats).toEqual(ats.toSorted((one, other) => one - other));
    expect(line.of('journal')).toHaveLength(1);
    expect(line.of('records').length).toBeGreaterThan(3);
  });

  it('knows from the records what each machine is and knows', async () => {
    const world = openWorld();
    const placed = await liveCall(world);
    const { callId } = placed.call;
    const { line } = await look(world, callId);
    await converse(world, placed);
    await world.run(50);
    const { actors } = momentOf(line, callId);
    const lastOf = (actor: string) => world.steps.findLast((step) => step.actor === actor);
    for (const actor of ['call', 'twilioSocket', 'vapiSocket', 'callerBuffer', 'agentBuffer'] as const) {
      expect(actors[actor]?.value, actor).toEqual(lastOf(actor)?.to);
      expect(actors[actor]?.timers.map(({ delay }) => delay).sort(), actor).toEqual(
        lastOf(actor)
          ?.timers.map(({ delay }) => delay)
          .sort(),
      );
    }
    const { callSid, streamSid } = placed;
    expect(actors.call?.context).toMatchObject({
      callSid,
      streamSid,
      figures: { bargeIns: [{ outcome: 'flushed' }] },
    });
  });

  it('sees the edges that were taken', async () => {
    const world = openWorld();
    const placed = await liveCall(world);
    const { callId } = placed.call;
    const { line } = await look(world, callId);
    await converse(world, placed);
    await world.run(50);
    const [hello] = line.of('hello');
    const names = hello?.machines
      .find(({ machine }) => machine === 'call')
      ?.transitions.map(({ name }) => name);
    const taken = recordsOf(line, callId).flatMap((record) =>
      record.type === '@xstate.transition' && record.actor === 'call'
        ? record.edges.map((edge) => names?.[edge])
        : [],
    );
    expect(taken).toContain('call.live.buffering ─ caller.forwarded');
    expect(taken.filter((name) => name === undefined)).toEqual([]);
    // The cause stands before what it brings about.
    const records = recordsOf(line, callId);
    const at = (actor: string, type: string) =>
      records.findIndex(
        (record) =>
          record.type === '@xstate.transition' && record.actor === actor && record.event.type === type,
      );
    expect(at('twilioSocket', 'twilio.started')).toBeGreaterThan(0);
    expect(at('twilioSocket', 'twilio.started')).toBeLessThan(at('call', 'twilio.started'));
  });

  it('is told of a change of a row within a tenth of a second, and of nothing that stayed as it was', async () => {
    const world = openWorld();
    const placed = await liveCall(world);
    const quiet = await world.place();
    await world.run(1_000);
    const { line } = await look(world);
    // Before the silence of the other line is examined.
    await world.run(500);
    const before = line.of('rows').length;
    placed.agent.mind.say(createTurn(world, 1, 1_000).spoken);
    await world.until('the caller hears the agent', () => placed.call.state === 'agentSpeaking');
    await world.run(100);
    const told = line
      .of('rows')
      .slice(before)
      .flatMap(({ rows }) => rows);
    expect(told.map(({ state }) => state)).toContain('agentSpeaking');
    expect(told.map(({ callId }) => callId)).not.toContain(quiet.call.callId);
  });

  it('hears something every five seconds at least', async () => {
    const world = openWorld();
    const { line, ear } = await look(world);
    for (let n = 0; n < 12; n += 1) {
      await world.run(5_000);
      ear.ponged();
    }
    expect(line.of('rows').length).toBeGreaterThanOrEqual(12);
    expect(line.of('rows').length).toBeLessThan(16);
  });

  it('has the gauges of the call it looks at ten times a second, and their levels are kept for the next one', async () => {
    const world = openWorld();
    const placed = await liveCall(world);
    const { callId } = placed.call;
    const { line, watch } = await look(world, callId);
    placed.phone.say(createTurn(world, 5, 2_000).heard);
    await world.run(1_000);
    const gauges = line.of('gauges');
    expect(gauges.length).toBeGreaterThanOrEqual(10);
    expect(gauges.length).toBeLessThanOrEqual(12);
    expect(gauges.at(-1)).toMatchObject({
      callId,
      gauges: { agentDb: -90, heldFrames: 0 },
      figures: { prerollMs: 400 },
    });
    expect(gauges.at(-1)?.gauges.callerDb).toBeGreaterThan(-40);
    watch(null);
    await world.run(1_000);
    expect(line.of('gauges').length).toBe(gauges.length);
    const next = await look(world, callId);
    expect(next.line.of('journal')[0]?.levels.length).toBe(gauges.length);
  });

  it('has the levels of the calls whose rows it shows, five times a second', async () => {
    const world = openWorld();
    const placed = await liveCall(world);
    const { line, ear } = await look(world);
    ear.heard(JSON.stringify({ type: 'meter', callIds: [placed.call.callId, 'nobody'] }));
    await world.run(1_000);
    const levels = line.of('levels');
    expect(levels.length).toBeGreaterThanOrEqual(4);
    expect(levels.length).toBeLessThanOrEqual(6);
    expect(levels[0]?.of).toEqual([[placed.call.callId, expect.any(Number), expect.any(Number)]]);
  });

  it('sees a call that is over: its journal, its last figures, its row', async () => {
    const world = openWorld();
    const placed = await liveCall(world);
    const { callId } = placed.call;
    placed.phone.hangUp();
    await world.until('the call is over', () => world.calls.live === 0);
    const { line } = await look(world, callId);
    await world.run(1_000);
    expect(line.of('gauges')).toMatchObject([{ figures: { prerollMs: 400 } }]);
    expect(line.of('rows')[0]?.rows).toMatchObject([
      {
        callId,
        state: 'closed',
        endedAt: expect.any(Number),
        ending: { reason: 'callerHungUp' },
        warnings: [],
      },
    ]);
    const last = recordsOf(line, callId).findLast((record) => 'actor' in record && record.actor === 'call');
    expect(last).toMatchObject({ status: 'done', value: 'closed' });
  });

  it('sees a call come to its end, with the last word of each machine', async () => {
    const world = openWorld();
    const placed = await liveCall(world);
    const { callId } = placed.call;
    const { line } = await look(world, callId);
    placed.phone.hangUp();
    await world.until('the call is over', () => world.calls.live === 0);
    await world.run(200);
    expect(momentOf(line, callId).actors.call).toMatchObject({ value: 'closed', status: 'done', timers: [] });
    expect(line.of('rows').at(-1)?.rows).toMatchObject([{ callId, state: 'closed' }]);
  });

  it('is told when ended calls are forgotten', async () => {
    const world = openWorld();
    const { line } = await look(world);
    const first = await world.place();
    const firstId = first.call.callId;
    first.phone.hangUp();
    await world.until('the first is over', () => world.calls.live === 0);
    for (let n = 0; n < 50; n += 1) {
      const { phone } = await world.place();
      phone.hangUp();
      await world.until('it is over', () => world.calls.live === 0);
    }
    await world.run(200);
    expect(line.of('forgotten')).toEqual([{ type: 'forgotten', callIds: [firstId] }]);
    const next = await look(world, firstId);
    expect(next.line.of('rows')[0]?.rows).toHaveLength(50);
    expect(next.line.of('refused')).toHaveLength(1);
  }, 60_000);
});

describe('viewers', () => {
  it('of the same call have the same records, whenever they came', async () => {
    const world = openWorld();
    const placed = await liveCall(world);
    const { callId } = placed.call;
    const one = await look(world, callId);
    const conversation = converse(world, placed);
    const other = await look(world, callId);
    await conversation;
    await world.run(100);
    expect(recordsOf(one.line, callId)).toEqual(recordsOf(other.line, callId));
  });

  it('cost nothing when there are none: no timer runs, and marks are not told', async () => {
    const world = openWorld();
    const placed = await liveCall(world);
    expect(world.watch.isWatched(placed.call.callId)).toBe(false);
    const armed = world.leaks().timers;
    const { ear } = await look(world, placed.call.callId);
    expect(world.watch.isWatched(placed.call.callId)).toBe(true);
    expect(world.leaks().timers).toBe(armed + 1);
    ear.gone();
    expect(world.watch.isWatched(placed.call.callId)).toBe(false);
    expect(world.leaks().timers).toBe(armed);
  });

  it('that take too little are dropped, and the others go on', async () => {
    const world = openWorld();
    const placed = await liveCall(world);
    const { callId } = placed.call;
    const slow = await look(world, callId);
    const quick = await look(world, callId);
    slow.line.unsent = 100_000;
    const before = slow.line.of('gauges').length;
    await world.run(1_000);
    // What is soon out of date is left out first.
    expect(slow.line.of('gauges').length).toBe(before);
    expect(slow.line.closedWith).toBeUndefined();
    slow.line.unsent = 5_000_000;
    await converse(world, placed);
    expect(slow.line.closedWith).toEqual({ code: 1013, words: expect.stringMatching(/too little/) });
    const told = slow.line.texts.length;
    await converse(world, placed);
    expect(slow.line.texts.length).toBe(told);
    expect(quick.line.closedWith).toBeUndefined();
    expect(momentOf(quick.line, callId).seq).toBeGreaterThan(40);
  });

  it('that do not answer a ping are dropped', async () => {
    const world = openWorld();
    const dead = await look(world);
    const alive = await look(world);
    await world.run(9_990);
    expect(dead.line.pings).toBe(1);
    alive.ear.ponged();
    await world.run(10_000);
    expect(dead.line.closedWith).toEqual({ code: 1013, words: expect.any(String) });
    expect(alive.line.closedWith).toBeUndefined();
  });

  it(`are ${MOST_VIEWERS} at most`, async () => {
    const world = openWorld();
    const lines = Array.from({ length: MOST_VIEWERS + 1 }, createSeenLine);
    const ears = lines.map(world.watch.arrive);
    expect(lines.map(({ closedWith }) => closedWith?.code)).toEqual([
      ...Array.from({ length: MOST_VIEWERS }, () => undefined),
      1013,
    ]);
    ears[0]?.gone();
    const next = createSeenLine();
    world.watch.arrive(next);
    expect(next.of('hello')).toHaveLength(1);
  });

  it.each([
    ['no JSON', 'watch it'],
    ['no object', '7'],
    ['nothing', 'null'],
    ['another type', '{"type":"hangUp"}'],
    ['no callId', '{"type":"watch"}'],
    ['a callId that is none', '{"type":"watch","callId":7}'],
    ['too long a callId', JSON.stringify({ type: 'watch', callId: 'x'.repeat(65) })],
    ['too many callIds', JSON.stringify({ type: 'meter', callIds: Array.from({ length: 101 }, String) })],
    ['a call that nobody knows', '{"type":"watch","callId":"nobody"}'],
  ])('that say %s are told that it means nothing', async (_, text) => {
    const world = openWorld();
    const { line, ear } = await look(world);
    ear.heard(text);
    await world.run(50);
    expect(line.of('refused')).toEqual([{ type: 'refused', words: expect.stringMatching(/^[A-Z].*\.$/) }]);
    expect(line.closedWith).toBeUndefined();
  });

  it('that say too much are dropped', async () => {
    const world = openWorld();
    const { line, watch } = await look(world);
    for (let n = 0; n < 200; n += 1) watch('nobody');
    await world.run(50);
    expect(line.closedWith?.code).toBe(1013);
  });
});
