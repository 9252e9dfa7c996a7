import { describe, expect, it } from 'vitest';
import { closeWorldsAfterEach, eventually, media, newSid, openWorld } from './server-world.ts';

closeWorldsAfterEach();

describe('GET /health', () => {
  it('says that the process lives, with its calls and its age in seconds', async () => {
    const { get } = await openWorld();
    const { status, headers, text } = await get('/health');
    expect(status).toBe(200);
    expect(headers['content-type']).toMatch(/^application\/json/);
    expect(text).toBe('{"status":"ok","sessions":0,"uptime":42.3}');
  });

  it('counts the calls that are alive', async () => {
    const world = await openWorld();
    const call = await world.connect();
    expect(JSON.parse((await world.get('/health')).text).sessions).toBe(1);
    call.line.send({ event: 'stop' });
    await eventually(async () => expect(JSON.parse((await world.get('/health')).text).sessions).toBe(0));
  });
});

describe('GET /ready', () => {
  const readiness = async (world: Awaited<ReturnType<typeof openWorld>>) => {
    const { status, text } = await world.get('/ready');
    return { status, ...JSON.parse(text) };
  };

  it('is 200 while another call can be taken', async () => {
    expect(await readiness(await openWorld())).toEqual({ status: 200, ready: true });
  });

  it('is 503 with the reason while the house is full, and 200 after', async () => {
    const world = await openWorld({ maxCalls: 1 });
    const { line } = await world.connect();
    expect(await readiness(world)).toEqual({ status: 503, ready: false, reason: 'full', reasons: ['full'] });
    line.send({ event: 'stop' });
    await eventually(async () => expect(await readiness(world)).toEqual({ status: 200, ready: true }));
  });

  it('is 503 with the reason while the server drains, and /health stays 200', async () => {
    const world = await openWorld();
    await world.connect();
    world.server.drain();
    const draining = { status: 503, ready: false, reason: 'draining', reasons: ['draining'] };
    expect(await readiness(world)).toEqual(draining);
    expect((await world.get('/health')).status).toBe(200);
  });

  it.each(['keyRefused', 'unpaid'])('is 503 while Vapi has no agent for us (%s)', async (trouble) => {
    const world = await openWorld({ agentTrouble: () => trouble });
    expect(await readiness(world)).toEqual({
      status: 503,
      ready: false,
      reason: trouble,
      reasons: [trouble],
    });
  });

  it.each([
    ['a person is dialled instead', 'keyRefused', '+12025550100'],
    ['Vapi fails, as it does for every other server', 'failing', undefined],
  ])('is 200 while there is no agent, but %s', async (_what, trouble, fallbackNumber) => {
    const world = await openWorld({ agentTrouble: () => trouble, fallbackNumber });
    expect(await readiness(world)).toEqual({ status: 200, ready: true });
  });

  it('is 503 with every reason that there is, the weightiest first', async () => {
    const now = { lag: true, memory: false, fileHandles: true };
    const world = await openWorld({ maxCalls: 1 });
    const strained = await openWorld({ strain: { now } });
    expect(await readiness(strained)).toMatchObject({ status: 503, reasons: ['lag', 'fileHandles'] });
    await world.connect();
    world.server.drain();
    expect(await readiness(world)).toMatchObject({ reason: 'draining', reasons: ['draining', 'full'] });
  });
});

describe('GET /metrics', () => {
  it('tells Prometheus what calls were like, without naming one', async () => {
    const world = await openWorld();
    const { callSid, streamSid, line } = await world.connect();
    line.send({ event: 'stop' });
    await eventually(() => expect(world.calls.live).toBe(0));
    const { status, headers, text } = await world.get('/metrics');
    expect(status).toBe(200);
    expect(headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(text).toContain('\nbridge_calls_live 0\n');
    expect(text).toContain('\nbridge_calls_total{ending="callerHungUp"} 1\n');
    expect(text).toContain('\nbridge_calls_total{ending="internalError"} 0\n');
    expect(text).toContain('\nbridge_agent_ready_seconds_count 1\n');
    expect(text).not.toContain(callSid);
    expect(text).not.toContain(streamSid);
  });
});

describe('GET /calls', () => {
  it('is an empty list at first', async () => {
    const { get } = await openWorld();
    expect((await get('/calls')).text).toBe('[]');
  });

  it('tells what each call does, the newest first, and null for an ending that has not come', async () => {
    const world = await openWorld();
    const first = await world.connect();
    const second = await world.connect();
    const { status, headers, text } = await world.get('/calls');
    expect(status).toBe(200);
    expect(headers['content-type']).toMatch(/^application\/json/);
    expect(JSON.parse(text)).toMatchObject([
      {
        callSid: second.callSid,
        streamSid: second.streamSid,
        state: 'buffering',
        startedAt: '2026-01-01T14:23:01.234Z',
        ending: null,
      },
      { callSid: first.callSid, ending: null },
    ]);
  });

  it('says of a call that is over how it ended', async () => {
    const world = await openWorld();
    const { callSid, line } = await world.connect();
    line.send({ event: 'stop' });
    await eventually(() => expect(world.calls.live).toBe(0));
    expect(JSON.parse((await world.get('/calls')).text)).toMatchObject([
      { callSid, state: 'closed', ending: { reason: 'callerHungUp', words: 'The caller hung up.' } },
    ]);
  });
});

describe('GET /calls/:callSid', () => {
  it('adds the timeline and the figures', async () => {
    const world = await openWorld();
    const { callSid, streamSid, line, mind } = await world.connect();
    for (let chunk = 1; chunk <= 5; chunk += 1) line.send(media(streamSid, chunk));
    await eventually(() => expect(mind.line).toMatchObject({ heardBytes: 800 }));
    world.clock.advance(340.6);
    mind.say(Buffer.alloc(1_600, 0x10), 'at-once');
    await eventually(() => expect(world.calls.find(callSid)?.state).toBe('agentSpeaking'));

    const { status, text } = await world.get(`/calls/${callSid}`);
    expect(status).toBe(200);
    const call = JSON.parse(text);
    expect(call).toMatchObject({ callSid, streamSid, state: 'agentSpeaking', ending: null });
    expect(call.timeline).toEqual([
      { at: 0, event: 'xstate.init', from: '', to: 'connecting' },
      {
        at: 0,
        event: expect.stringMatching(/^(vapi\.opened|twilio\.started)$/),
        from: 'connecting',
        to: 'buffering',
      },
      { at: 0, event: 'caller.forwarded', from: 'buffering', to: 'streaming' },
      { at: 341, event: 'agent.began', from: 'streaming', to: 'agentSpeaking' },
    ]);
    expect(call.figures).toMatchObject({
      agentReadyMs: 0,
      firstResponseMs: 341,
      bargeIns: [],
      prerollMs: 100,
      droppedFrames: 0,
      gapFilledMs: expect.any(Number),
      talkOverMs: 0,
    });
  });

  it('tells of an interruption: when, how long until silence, what was dropped, what was heard', async () => {
    const world = await openWorld();
    const { callSid, streamSid, line, mind } = await world.connect();
    for (let chunk = 1; chunk <= 5; chunk += 1) line.send(media(streamSid, chunk));
    mind.say(Buffer.alloc(16_000, 0x10), 'at-once');
    await eventually(() => expect(world.calls.find(callSid)?.state).toBe('agentSpeaking'));
    mind.interrupt();
    await eventually(() => expect(line.messages.map(({ event }) => event)).toContain('clear'));
    const { figures, state } = JSON.parse((await world.get(`/calls/${callSid}`)).text);
    expect(state).toBe('bargeIn.flushed');
    expect(figures.bargeIns).toEqual([
      {
        atMs: expect.any(Number),
        cause: 'verdict',
        onsetMs: null,
        clearAfterMs: 0,
        flushedMs: 2_000,
        heardMs: 0,
        outcome: 'flushed',
        gapMs: null,
        repeatedMs: null,
      },
    ]);
    expect((await world.get('/metrics')).text).toContain('bridge_audio_flushed_seconds_total 2');
  });

  it('is 404 for a call that is not known', async () => {
    const { get } = await openWorld();
    const { status, text } = await get(`/calls/${newSid('CA')}`);
    expect(status).toBe(404);
    expect(JSON.parse(text).error).toMatch(/No call/);
  });

  it.each([
    '/calls/..%2f..%2fetc%2fpasswd',
    '/calls/__proto__',
    '/calls/constructor',
    `/calls/${'x'.repeat(4_000)}`,
  ])('is 404 for %s', async (path) => {
    const { get } = await openWorld();
    expect((await get(path)).status).toBe(404);
  });

  it('is 400 for a path that cannot be read', async () => {
    const { get } = await openWorld();
    const { status, text } = await get('/calls/%E0%A4%A');
    expect(status).toBe(400);
    expect(text).toBe('The request was not handled: Bad Request.\n');
  });
});

describe('whatever goes wrong', () => {
  it('is 404 where there is nothing', async () => {
    const { get } = await openWorld();
    expect(await get('/nothing')).toMatchObject({ status: 404, text: 'There is nothing here.\n' });
  });

  it('is 500 without a word of the error, which the log gets', async () => {
    const secret = new Error('postgres://user:password@host');
    const { get, failures } = await openWorld({ metrics: () => Promise.reject(secret) });
    const { status, text } = await get('/metrics');
    expect(status).toBe(500);
    expect(text).toBe('The request was not handled: Internal Server Error.\n');
    expect(failures).toEqual([secret]);
  });

  it('says nothing of what it is made of', async () => {
    const { get } = await openWorld();
    for (const path of ['/health', '/nothing', '/calls/%E0%A4%A']) {
      const { headers, text } = await get(path);
      expect(headers['x-powered-by']).toBeUndefined();
      expect(headers.server).toBeUndefined();
      expect(text).not.toMatch(/node_modules|express|at \w+ \(/i);
    }
  });
});
