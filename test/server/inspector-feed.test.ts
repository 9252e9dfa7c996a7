import { describe, expect, it } from 'vitest';
import { ADMIN_TOKEN, BEARER, FORM, meanwhile, view, viewCall } from './inspector-world.ts';
import { ask, closeWorldsAfterEach, eventually, openWorld } from './server-world.ts';

closeWorldsAfterEach();

describe('the feed', () => {
  it('is for the bearer of the token', async () => {
    const world = await openWorld({ adminToken: ADMIN_TOKEN });
    const viewer = view(world, BEARER);
    expect(await viewer.opened).toBe('open');
    await eventually(() => expect(viewer.messages().map(({ type }) => type)).toEqual(['hello', 'rows']));
    expect(viewer.messages()[0]).toMatchObject({ acting: { allowed: true }, maxCalls: 10 });
  });

  it.each([
    ['nobody', {}],
    ['another token', { authorization: 'Bearer another' }],
    ['a cookie that somebody made up', { cookie: `inspector_session=9999999999.${'a'.repeat(43)}` }],
    ['the token as a cookie', { cookie: `inspector_session=${ADMIN_TOKEN}` }],
  ])('is not for %s', async (_, headers) => {
    const world = await openWorld({ adminToken: ADMIN_TOKEN });
    expect(await view(world, headers).opened).toBe(401);
    expect(world.refusals.join()).toMatch(/viewer/);
  });

  it('is for who has signed in, from this site', async () => {
    const world = await openWorld({ adminToken: ADMIN_TOKEN });
    const { headers } = await ask(world.port, '/inspector/session', {
      method: 'POST',
      headers: FORM,
      body: `token=${ADMIN_TOKEN}`,
    });
    const cookie = String(headers['set-cookie']).split(';')[0] ?? '';
    const origin = `http://127.0.0.1:${world.port}`;
    expect(await view(world, { cookie, origin }).opened).toBe('open');
    expect(await view(world, { cookie, origin: 'https://evil.example' }).opened).toBe(403);
    expect(await view(world, { cookie, origin: 'null' }).opened).toBe(403);
    expect(await view(world, { cookie, 'sec-fetch-site': 'cross-site' }).opened).toBe(403);
  });

  it('is for a page at the public address, whatever a proxy calls this server', async () => {
    const world = await openWorld({ adminToken: ADMIN_TOKEN, publicUrl: 'https://bridge.example.com' });
    expect(await view(world, { ...BEARER, origin: 'https://bridge.example.com' }).opened).toBe('open');
    expect(await view(world, { ...BEARER, origin: 'https://bridge.example.com.evil.example' }).opened).toBe(
      403,
    );
  });

  it('is, without a token, for this machine alone, and says that acting is not possible', async () => {
    const world = await openWorld();
    const viewer = view(world);
    expect(await viewer.opened).toBe('open');
    await eventually(() => expect(viewer.messages()[0]).toMatchObject({ acting: { allowed: false } }));
    expect(await view(world, { host: 'bridge.example.com' }).opened).toBe(401);
    expect(await view(world, { 'x-forwarded-for': '127.0.0.1' }).opened).toBe(401);
    expect(await view(world, { origin: 'http://evil.example' }).opened).toBe(403);
  });

  it('tells a late viewer all of a call, and then what happens, in order', async () => {
    const world = await openWorld({ adminToken: ADMIN_TOKEN });
    const { call, mind } = await world.connect();
    const viewer = await viewCall(world, call?.callId ?? '');
    mind.interrupt();
    const told = () =>
      viewer.records().map((record) => ('event' in record ? record.event.type : record.type));
    await meanwhile(world, () => expect(told()).toContain('vapi.interrupted'));
    const seqs = viewer.records().map(({ seq }) => seq);
    expect(seqs).toEqual(seqs.map((_, place) => place + 1));
    expect(told().slice(0, 2)).toEqual(['wire', '@xstate.actor']);
  });

  it('is closed to who says too much at once, or something that is not text', async () => {
    const world = await openWorld({ adminToken: ADMIN_TOKEN });
    const loud = view(world, BEARER);
    await loud.opened;
    loud.say('x'.repeat(17_000));
    expect((await loud.closed).code).toBe(1009);
    const odd = view(world, BEARER);
    await odd.opened;
    odd.ws.send(Buffer.from([1, 2, 3]));
    expect((await odd.closed).code).toBe(1003);
  });

  it('drops a viewer that reads nothing, while another goes on', async () => {
    const world = await openWorld({ adminToken: ADMIN_TOKEN });
    const { call } = await world.connect();
    const [slow, quick] = [
      await viewCall(world, call?.callId ?? ''),
      await viewCall(world, call?.callId ?? ''),
    ];
    slow.ws.pause();
    quick.ws.on('ping', () => {});
    // Neither reads nor answers: the second ping finds the first unanswered.
    for (let n = 0; n < 12; n += 1) {
      world.clock.advance(2_000);
      await new Promise((resolve) => setImmediate(resolve));
      await eventually(() => expect(quick.messages().length).toBeGreaterThan(2));
    }
    const before = quick.messages().length;
    await meanwhile(world, () => expect(quick.messages().length).toBeGreaterThan(before));
    slow.ws.resume();
    expect((await slow.closed).code).toBe(1013);
    expect(quick.ws.readyState).toBe(quick.ws.OPEN);
  });

  it('does not stand in the way of a server that closes', async () => {
    const world = await openWorld({ adminToken: ADMIN_TOKEN });
    const viewer = view(world, BEARER);
    await viewer.opened;
    await world.server.close();
    expect((await viewer.closed).code).toBe(1006);
  });
});
