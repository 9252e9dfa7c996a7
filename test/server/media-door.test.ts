import { connect as connectTcp, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import {
  ACCOUNT_SID,
  AUTH_TOKEN,
  closeWorldsAfterEach,
  dial,
  eventually,
  media,
  newSid,
  openWorld,
  PUBLIC_URL,
  sign,
  start,
  streamOf,
} from './server-world.ts';

closeWorldsAfterEach();

const WSS = PUBLIC_URL.replace('https', 'wss');

/** A call that Twilio has asked for and whose stream has not come; its agent is there. */
async function promised() {
  const world = await openWorld({ signed: true });
  const callSid = newSid('CA');
  const stream = streamOf((await world.webhook(callSid)).text);
  await eventually(() => expect(world.steps.map(({ event }) => event.type)).toContain('vapi.opened'));
  return { world, callSid, ...stream, call: () => world.calls.find(callSid) };
}

describe('the upgrade of a signed server', () => {
  it('lets in a signed socket with a ticket, whichever of the two forms is signed', async () => {
    for (const slash of ['', '/']) {
      const { world, path } = await promised();
      const line = world.knock(path, { 'x-twilio-signature': sign(`${WSS}${path}${slash}`) });
      expect(await line.opened).toBe('open');
    }
  });

  it('lets in a socket that asks for the address with a slash at the end', async () => {
    const { world, path } = await promised();
    for (const signed of [path, `${path}/`]) {
      const line = world.knock(`${path}/`, { 'x-twilio-signature': sign(WSS + signed) });
      expect(await line.opened).toBe('open');
      line.ws.terminate();
    }
  });

  it.each<[string, (path: string) => string | undefined]>([
    ['no signature', () => undefined],
    ['an empty one', () => ''],
    ['one of another token', (path) => sign(WSS + path, {}, AUTH_TOKEN.replace('0', '1'))],
    ['one made with an empty token', (path) => sign(WSS + path, {}, '')],
    ['one of https', (path) => sign(PUBLIC_URL + path)],
    ['one of ws', (path) => sign(PUBLIC_URL.replace('https', 'ws') + path)],
    ['one of another host', (path) => sign(`wss://evil.example${path}`)],
    ['one of no ticket', () => sign(`${WSS}/media`)],
    ['one of another ticket', (path) => sign(`${WSS}${path}x`)],
  ])('refuses a socket with %s', async (_, signature) => {
    const { world, path } = await promised();
    const signed = signature(path);
    const headers = { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' };
    const line = dial(`ws://127.0.0.1:${world.port}${path}`, {
      ...headers,
      ...(signed === undefined ? {} : { 'x-twilio-signature': signed }),
    });
    expect(await line.opened).toBe(403);
    expect(world.refusals).toEqual(["a media socket without Twilio's signature"]);
  });

  it('refuses a signed socket with a query, which Twilio never sends', async () => {
    const { world, path } = await promised();
    expect(await world.knock(`${path}?x=1`).opened).toBe(404);
  });

  it.each(['/media', '/media/', '/media/nonsense', `/media/${'x'.repeat(43)}.${'x'.repeat(43)}`])(
    'refuses a signed socket without a ticket of ours: %s',
    async (path) => {
      const world = await openWorld({ signed: true });
      expect(await world.knock(path).opened).toBe(403);
      expect(world.calls.list()).toEqual([]);
    },
  );

  it.each(['/', '/inspect', '/mediax', '/media/a/b', '/media//', '//media', '/media%2fx', '/%6dedia'])(
    'has no socket at %s',
    async (path) => {
      const world = await openWorld({ signed: true });
      expect([403, 404]).toContain(await world.knock(path).opened);
      expect(world.calls.list()).toEqual([]);
    },
  );

  it('refuses a ticket that was tampered with, at whatever place', async () => {
    const { world, ticket } = await promised();
    for (const at of [0, 5, ticket.indexOf('.') - 1, ticket.indexOf('.') + 1, ticket.length - 1]) {
      const other = ticket[at] === 'A' ? 'B' : 'A';
      const forged = `/media/${ticket.slice(0, at)}${other}${ticket.slice(at + 1)}`;
      expect(await world.knock(forged).opened).toBe(403);
    }
  });

  it('lets the socket of a call that is over in only to close it, so that Twilio asks what follows', async () => {
    const { world, path, call } = await promised();
    world.clock.advance(30_000);
    expect(call()?.outcome).not.toBeNull();
    await eventually(() => expect(world.calls.live).toBe(0));
    const line = world.knock(path);
    expect(await line.opened).toBe('open');
    expect(await line.closed).toEqual({ code: 1000, words: 'this call is over' });
    expect(world.calls.live).toBe(0);
  });

  it('refuses a ticket after a minute, and not before', async () => {
    const { world, path } = await promised();
    world.clock.advance(59_999);
    const line = world.knock(path);
    expect(await line.opened).toBe('open');
    world.clock.advance(1);
    expect(await world.knock(path).opened).toBe(403);
    expect(world.refusals).toEqual(['a media socket with a ticket that is expired']);
  });

  it('refuses a ticket that was used, also when the call is over', async () => {
    const world = await openWorld({ signed: true });
    const { path, line, callSid } = await world.connect();
    expect(await world.knock(path).opened).toBe(403);
    line.send({ event: 'stop' });
    await eventually(() => expect(world.calls.live).toBe(0));
    expect(await world.knock(path).opened).toBe(403);
    expect(world.refusals).toContain('a media socket with a ticket that is used');
    expect(world.calls.list()).toMatchObject([{ callSid }]);
  });

  it('refuses a ticket of another server', async () => {
    const one = await openWorld({ signed: true });
    const { path } = await promised();
    expect(await one.knock(path).opened).toBe(403);
    expect(one.refusals).toEqual(['a media socket with a ticket that is forged']);
  });

  it('closes the line that it refuses, even if the far end keeps its half open', async () => {
    const { world } = await promised();
    const line = connectTcp({ host: '127.0.0.1', port: world.port, allowHalfOpen: true });
    const request = ['GET /media/x HTTP/1.1', 'Host: x', 'Connection: Upgrade', 'Upgrade: websocket', '', ''];
    line.write(request.join('\r\n'));
    let heard = '';
    line.on('data', (data) => {
      heard += data;
    });
    await eventually(() => expect(heard).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n/));
    // Only a line that is closed altogether answers with a reset.
    await eventually(() => expect(writeUntilReset(line)).toBe(true));
  });
});

function writeUntilReset(line: Socket): boolean {
  if (!line.destroyed) line.on('error', () => {}).write('more');
  return line.destroyed;
}

describe('the start of a stream', () => {
  it('goes through with the right proof', async () => {
    const { world, callSid, path, nonce } = await promised();
    const streamSid = newSid('MZ');
    const line = world.knock(path);
    await line.opened;
    line.send(start(callSid, streamSid, { customParameters: { nonce } }));
    await eventually(() => expect(world.calls.find(callSid)?.streamSid).toBe(streamSid));
  });

  it.each<[string, (proof: { callSid: string; nonce: string }) => Record<string, unknown>, string]>([
    ['no nonce', ({ callSid }) => start(callSid, 'MZ1'), 'wrongNonce'],
    [
      'a wrong nonce',
      ({ callSid }) => start(callSid, 'MZ1', { customParameters: { nonce: 'x' } }),
      'wrongNonce',
    ],
    ['another call', ({ nonce }) => start(newSid('CA'), 'MZ1', { customParameters: { nonce } }), 'otherCall'],
    [
      'another account',
      ({ callSid, nonce }) =>
        start(callSid, 'MZ1', { accountSid: `AC${'b'.repeat(32)}`, customParameters: { nonce } }),
      'another Twilio account',
    ],
  ])('is refused with %s, and the call waits on for the right one', async (_, message, why) => {
    const { world, callSid, path, nonce, call } = await promised();
    const wrong = world.knock(path);
    await wrong.opened;
    wrong.send(message({ callSid, nonce }));
    expect((await wrong.closed).code).toBe(1008);
    expect(world.refusals.join()).toContain(why);
    expect(call()).toMatchObject({ outcome: null, streamSid: null });

    const right = world.knock(path);
    await right.opened;
    right.send(start(callSid, 'MZ2', { customParameters: { nonce } }));
    await eventually(() => expect(call()?.streamSid).toBe('MZ2'));
    expect(world.vapi.service.calls).toHaveLength(1);
  });

  it('is refused in a format that cannot be carried', async () => {
    const { world, callSid, path, nonce, call } = await promised();
    const line = world.knock(path);
    await line.opened;
    const mediaFormat = { encoding: 'audio/l16', sampleRate: 16000, channels: 1 };
    line.send(start(callSid, 'MZ1', { mediaFormat, customParameters: { nonce } }));
    expect(await line.closed).toEqual({ code: 1008, words: 'the stream is not 8 kHz mono mu-law' });
    expect(call()?.streamSid).toBeNull();
  });

  it('is waited for five seconds, and the socket is closed', async () => {
    const { world, path, call } = await promised();
    const line = world.knock(path);
    await line.opened;
    line.send({ event: 'connected' });
    await eventually(() => expect(world.steps.map(({ event }) => event.type)).toContain('socket.attached'));
    world.clock.advance(4_999);
    expect(line.ws.readyState).toBe(line.ws.OPEN);
    world.clock.advance(1);
    expect(await line.closed).toEqual({ code: 1008, words: 'no start message came' });
    expect(call()?.outcome).toBeNull();
  });

  it('lets one of fifty through who race with the same ticket', async () => {
    const { world, callSid, path, nonce } = await promised();
    const lines = Array.from({ length: 50 }, () => world.knock(path));
    await Promise.all(
      lines.map(async (line) => {
        if ((await line.opened) === 'open')
          line.send(start(callSid, newSid('MZ'), { customParameters: { nonce } }));
      }),
    );
    await eventually(() => {
      expect(lines.filter(({ ws }) => ws.readyState === ws.CLOSED)).toHaveLength(49);
    });
    expect(world.calls.list()).toHaveLength(1);
    expect(world.calls.find(callSid)?.outcome).toBeNull();
    expect(world.vapi.service.calls).toHaveLength(1);
  });

  it('finds its call gone: a socket that comes while the call ends is closed, deaf to what it says', async () => {
    const world = await openWorld({ vapi: { createDelayMs: 60_000 } });
    const callSid = newSid('CA');
    const { path } = streamOf((await world.webhook(callSid)).text);
    world.calls.find(callSid)?.tell({ type: 'call.hangUp', reason: 'hungUp', words: 'Enough.' });
    expect(world.calls.find(callSid)?.ending).toBeNull();
    const line = world.knock(path);
    await line.opened;
    line.send('x'.repeat(60_000));
    expect(await line.closed).toEqual({ code: 1000, words: 'this call is over' });
  });
});

describe('a bare socket', () => {
  const bareStart = { event: 'start', start: { streamSid: 'test-123', callSid: 'CA-test' } };

  it('needs no more than a start with two ids, and the log has the line that people look for', async () => {
    const world = await openWorld();
    const line = world.knock('/media');
    expect(await line.opened).toBe('open');
    line.send('{"event":"start","start":{"streamSid":"test-123","callSid":"CA-test"}}');
    await eventually(() => expect(world.lines.join('')).toContain('[Session Start] test-123 → CA-test\n'));
    const json = world.lines.map((text) => (text.startsWith('{') ? JSON.parse(text).msg : ''));
    expect(json).toContain('[Session Start] test-123 → CA-test');
    expect(JSON.parse((await world.get('/calls/CA-test')).text)).toMatchObject({
      callSid: 'CA-test',
      streamSid: 'test-123',
    });
  });

  it('is spoken to by the agent', async () => {
    const world = await openWorld();
    const line = world.knock('/media/');
    await line.opened;
    line.send(bareStart);
    await eventually(() => {
      world.clock.advance(0);
      expect(world.minds).toHaveLength(1);
    });
    world.minds[0]?.say(Buffer.alloc(1_600, 0x10), 'at-once');
    await eventually(() => {
      world.clock.advance(20);
      expect(line.messages.map(({ event, streamSid }) => `${event} ${streamSid}`)).toContain(
        'media test-123',
      );
    });
  });

  it('asks for no agent before its start', async () => {
    const world = await openWorld();
    const line = world.knock('/media');
    await line.opened;
    line.send(media('test-123', 1));
    line.send({ event: 'connected' });
    expect((await world.get('/health')).text).toContain('"sessions":1');
    expect(world.vapi.service.calls).toEqual([]);
  });

  it('is not let in where Twilio’s credentials are set', async () => {
    const world = await openWorld({ signed: true });
    expect(await world.knock('/media').opened).toBe(403);
    expect(await dial(`ws://127.0.0.1:${world.port}/media`).opened).toBe(403);
    expect(world.calls.list()).toEqual([]);
  });

  it('is not let in while the house is full, or the server drains', async () => {
    const full = await openWorld({ maxCalls: 1 });
    await full.knock('/media').opened;
    expect(await full.knock('/media').opened).toBe(503);
    const draining = await openWorld();
    draining.server.drain();
    expect(await draining.knock('/media').opened).toBe(503);
  });

  it('is not let in from a page of another site', async () => {
    const world = await openWorld();
    for (const origin of ['https://evil.example', 'null', `http://localhost:${world.port + 1}`]) {
      expect(await world.knock('/media', { origin }).opened).toBe(403);
    }
    expect(await world.knock('/media', { origin: `http://127.0.0.1:${world.port}` }).opened).toBe('open');
  });

  it('S15 is not let in from any page, whatever ticket it has', async () => {
    const world = await openWorld();
    const { path } = streamOf((await world.webhook(newSid('CA'))).text);
    for (const origin of ['https://evil.example', `http://127.0.0.1:${world.port}`]) {
      expect(await world.knock(path, { origin }).opened).toBe(403);
    }
    expect(await world.knock(path).opened).toBe('open');
  });

  it('cannot take the place of a call of another account', async () => {
    const world = await openWorld({ accountSid: ACCOUNT_SID });
    const callSid = newSid('CA');
    const { path, nonce } = streamOf((await world.webhook(callSid)).text);
    const line = world.knock(path);
    await line.opened;
    line.send(start(callSid, 'MZ1', { accountSid: `AC${'b'.repeat(32)}`, customParameters: { nonce } }));
    expect((await line.closed).code).toBe(1008);
  });
});

describe('a server that is closed', () => {
  it('cuts the sockets that are open, and waits for none', async () => {
    const world = await openWorld();
    const line = world.knock('/media');
    await line.opened;
    await world.server.close();
    expect((await line.closed).code).toBe(1006);
  });
});
