import { describe, expect, it } from 'vitest';
import { ask, closeWorldsAfterEach, dial, newSid, openWorld } from './server-world.ts';

closeWorldsAfterEach();

const ADMIN_TOKEN = 'admin-token-canary-77aa31';
const INSIDE = ['/metrics', '/calls', '/calls/CA123', '/inspector', '/nothing'];
const OUTSIDE = ['/health', '/ready'];

describe('with ADMIN_TOKEN', () => {
  const enter = async (path: string, headers: Record<string, string> = {}) => {
    const { get } = await openWorld({ adminToken: ADMIN_TOKEN });
    return get(path, headers);
  };

  it.each(INSIDE)('keeps %s from who bears no token, even from this machine', async (path) => {
    const { status, headers, text } = await enter(path);
    expect(status).toBe(401);
    expect(headers['www-authenticate']).toBe('Bearer');
    expect(text).toMatch(/ADMIN_TOKEN/);
  });

  it.each([
    ['another', 'Bearer another'],
    ['one that begins alike', `Bearer ${ADMIN_TOKEN.slice(0, -1)}`],
    ['a longer one', `Bearer ${ADMIN_TOKEN}x`],
    ['another case', `Bearer ${ADMIN_TOKEN.toUpperCase()}`],
    ['an empty one', 'Bearer '],
    ['none behind the word', 'Bearer'],
    ['the token alone', ADMIN_TOKEN],
    ['another scheme', `Basic ${Buffer.from(`admin:${ADMIN_TOKEN}`).toString('base64')}`],
    ['two', `Bearer ${ADMIN_TOKEN}, Bearer ${ADMIN_TOKEN}`],
  ])('refuses %s', async (_, authorization) => {
    const { status, text } = await enter('/calls', { authorization });
    expect(status).toBe(401);
    expect(text).not.toContain(ADMIN_TOKEN);
  });

  it.each([`/calls?token=${ADMIN_TOKEN}`, `/calls?access_token=${ADMIN_TOKEN}`])(
    'refuses the token in the address: it would stand in the logs of whoever is between',
    async (path) => {
      expect((await enter(path)).status).toBe(401);
    },
  );

  it('refuses the token in a cookie or another header', async () => {
    const headers = { cookie: `token=${ADMIN_TOKEN}`, 'x-admin-token': ADMIN_TOKEN };
    expect((await enter('/calls', headers)).status).toBe(401);
  });

  it.each(['Bearer', 'bearer', 'BEARER'])('lets in who bears it, with the scheme as "%s"', async (scheme) => {
    expect((await enter('/calls', { authorization: `${scheme} ${ADMIN_TOKEN}` })).status).toBe(200);
  });

  it('lets in who bears it through a tunnel', async () => {
    const headers = {
      authorization: `Bearer ${ADMIN_TOKEN}`,
      host: 'bridge.example.com',
      'x-forwarded-for': '203.0.113.9',
    };
    expect((await enter('/metrics', headers)).status).toBe(200);
  });

  it.each(OUTSIDE)('leaves %s to everybody', async (path) => {
    expect((await enter(path)).status).toBe(200);
  });

  it('F69 lets an address try ten tokens a minute, wherever it shows them, and then not even the right one', async () => {
    const world = await openWorld({ adminToken: ADMIN_TOKEN });
    const show = (token: string, path = '/calls') => world.get(path, { authorization: `Bearer ${token}` });
    const signIn = (token: string) =>
      ask(world.port, '/inspector/session', {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams({ token }).toString(),
      });
    const feed = (token: string) =>
      dial(`ws://127.0.0.1:${world.port}/inspector/feed`, { authorization: `Bearer ${token}` }).opened;
    const cookie = String((await signIn(ADMIN_TOKEN)).headers['set-cookie']).split(';')[0] ?? '';

    for (let guess = 0; guess < 3; guess += 1) {
      expect((await show(`guess ${guess}`)).status).toBe(401);
      expect((await signIn(`guess ${guess}`)).status).toBe(401);
      expect(await feed(`guess ${guess}`)).toBe(401);
    }
    expect((await show(ADMIN_TOKEN)).status).toBe(200);
    world.clock.advance(20_000);
    expect((await show('the tenth', '/metrics')).status).toBe(401);

    const answers = await Promise.all([show('the next'), show(ADMIN_TOKEN), signIn(ADMIN_TOKEN)]);
    for (const { status, headers, text } of answers) {
      expect([status, headers['retry-after']]).toEqual([429, '40']);
      expect(text).not.toContain(ADMIN_TOKEN);
    }
    expect(await feed(ADMIN_TOKEN)).toBe(429);
    expect((await world.get('/calls')).status).toBe(401);
    // Who has signed in before is no guesser, and Twilio's and the probes' paths ask for no token.
    expect((await world.get('/calls', { cookie })).status).toBe(200);
    expect((await world.get('/health')).status).toBe(200);
    expect((await world.webhook(newSid('CA'))).text).toContain('<Stream');

    world.clock.advance(40_000);
    expect((await show(ADMIN_TOKEN)).status).toBe(200);
  });

  it('does not count who shows no token, or always the right one', async () => {
    const { get } = await openWorld({ adminToken: ADMIN_TOKEN });
    for (let times = 0; times < 12; times += 1) {
      expect((await get('/calls')).status).toBe(401);
      expect((await get('/calls', { cookie: 'inspector_session=1.x' })).status).toBe(401);
    }
    expect((await get('/calls', { authorization: `Bearer ${ADMIN_TOKEN}` })).status).toBe(200);
  });
});

describe('a thousand guesses', () => {
  it('are ten tries and no more', async () => {
    const world = await openWorld({ adminToken: ADMIN_TOKEN });
    const statuses: number[] = [];
    for (let guess = 0; guess < 1_000; guess += 50) {
      const fifty = Array.from({ length: 50 }, (_, n) =>
        world.get('/calls', { authorization: `Bearer ${guess + n}` }),
      );
      statuses.push(...(await Promise.all(fifty)).map(({ status }) => status));
    }
    expect(statuses.filter((status) => status === 401)).toHaveLength(10);
    expect(statuses.filter((status) => status === 429)).toHaveLength(990);
  }, 20_000);
});

describe('without ADMIN_TOKEN', () => {
  const enter = async (path: string, headers: Record<string, string> = {}) => {
    const { port } = await openWorld();
    return ask(port, path, { headers });
  };

  it.each(['/metrics', '/calls'])('shows %s to this machine', async (path) => {
    expect((await enter(path)).status).toBe(200);
  });

  it.each(['localhost:3000', 'localhost', 'LOCALHOST:3000', '127.0.0.1', '127.0.0.1:3000', '[::1]:3000'])(
    'knows itself as %s',
    async (host) => {
      expect((await enter('/calls', { host })).status).toBe(200);
    },
  );

  it.each([
    ['the address of the client', { 'x-forwarded-for': '127.0.0.1' }],
    ['the host', { 'x-forwarded-host': 'localhost' }],
    ['the scheme', { 'x-forwarded-proto': 'https' }],
    ['the standard header', { forwarded: 'for=127.0.0.1' }],
  ])('keeps out what a tunnel forwards: %s', async (_, headers) => {
    expect((await enter('/calls', headers)).status).toBe(401);
  });

  it.each([
    'bridge.example.com',
    'abc.ngrok.app:443',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'evil.example:127',
    'localhost@evil.example',
  ])('keeps out what was sent to the name "%s"', async (host) => {
    expect((await enter('/calls', { host })).status).toBe(401);
  });

  it('is not impressed by a token', async () => {
    const headers = { host: 'bridge.example.com', authorization: 'Bearer undefined' };
    expect((await enter('/calls', headers)).status).toBe(401);
  });

  it.each(OUTSIDE)('leaves %s to everybody', async (path) => {
    expect((await enter(path, { host: 'bridge.example.com' })).status).toBe(200);
  });
});
