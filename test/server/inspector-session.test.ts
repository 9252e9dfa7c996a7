import { describe, expect, it } from 'vitest';
import { ADMIN_TOKEN, FORM } from './inspector-world.ts';
import { ask, closeWorldsAfterEach, openWorld } from './server-world.ts';

closeWorldsAfterEach();

type World = Awaited<ReturnType<typeof openWorld>>;

const HTML = { accept: 'text/html,application/xhtml+xml' };

const signIn = ({ port }: World, token: string, headers: Record<string, string> = {}) =>
  ask(port, '/inspector/session', {
    method: 'POST',
    headers: { ...FORM, ...headers },
    body: new URLSearchParams({ token }).toString(),
  });

const open = (options = {}) => openWorld({ adminToken: ADMIN_TOKEN, ...options });

async function cookieOf(world: World): Promise<string> {
  const { headers } = await signIn(world, ADMIN_TOKEN);
  return String(headers['set-cookie']).split(';')[0] ?? '';
}

describe('signing in', () => {
  it('takes the token and gives a cookie that opens everything', async () => {
    const world = await open();
    const answer = await signIn(world, ADMIN_TOKEN, HTML);
    expect(answer.status).toBe(303);
    expect(answer.headers.location).toBe('/inspector');
    const [setCookie = ''] = answer.headers['set-cookie'] ?? [];
    expect(setCookie).toMatch(
      /^inspector_session=\d+\.[\w-]{43}; HttpOnly; SameSite=Strict; Path=\/; Max-Age=43200$/,
    );
    expect(setCookie).not.toContain(ADMIN_TOKEN);
    const cookie = setCookie.split(';')[0] ?? '';
    for (const path of ['/calls', '/metrics']) expect((await world.get(path, { cookie })).status).toBe(200);
    expect((await world.get('/calls', { cookie: `theme=dark; ${cookie}; other=1` })).status).toBe(200);
  });

  it('gives a cookie that ends after twelve hours', async () => {
    const world = await open();
    const cookie = await cookieOf(world);
    world.clock.advance(12 * 3_600_000 - 2_000);
    expect((await world.get('/calls', { cookie })).status).toBe(200);
    world.clock.advance(4_000);
    expect((await world.get('/calls', { cookie })).status).toBe(401);
  });

  it('gives a cookie that nobody can lengthen, and that means nothing to a server with another token', async () => {
    const world = await open();
    const cookie = await cookieOf(world);
    const longer = cookie.replace(/=\d+/, '=9999999999');
    expect((await world.get('/calls', { cookie: longer })).status).toBe(401);
    const other = await open({ adminToken: `${ADMIN_TOKEN}x` });
    expect((await other.get('/calls', { cookie })).status).toBe(401);
  });

  it.each([
    ['by https, as a proxy says', {}, { 'x-forwarded-proto': 'https' }, true],
    [
      'at a public address of https',
      { publicUrl: 'https://bridge.example.com' },
      { host: 'bridge.example.com' },
      true,
    ],
    ['on this machine', { publicUrl: 'https://bridge.example.com' }, {}, false],
    ['by http', {}, { host: 'bridge.lan' }, false],
  ])('makes the cookie fit for how the browser came: %s', async (_, options, headers, secure) => {
    const world = await open(options);
    const [setCookie = ''] = (await signIn(world, ADMIN_TOKEN, headers)).headers['set-cookie'] ?? [];
    expect(setCookie.endsWith('; Secure')).toBe(secure);
  });

  it.each(['', 'another', ADMIN_TOKEN.slice(0, -1), `${ADMIN_TOKEN}x`])('refuses "%s"', async (token) => {
    const answer = await signIn(await open(), token, HTML);
    expect(answer.status).toBe(401);
    expect(answer.headers['set-cookie']).toBeUndefined();
    expect(answer.text).toContain('That is not the token');
    expect(answer.text).not.toContain(ADMIN_TOKEN);
  });

  it('refuses after ten wrong tokens in a minute, also the right one', async () => {
    const world = await open();
    for (let n = 0; n < 10; n += 1) expect((await signIn(world, `wrong ${n}`)).status).toBe(401);
    const { status, headers } = await signIn(world, ADMIN_TOKEN);
    expect([status, headers['retry-after']]).toEqual([429, '60']);
    world.clock.advance(60_001);
    expect((await signIn(world, ADMIN_TOKEN)).status).toBe(204);
  });

  it('refuses pages of other sites', async () => {
    const world = await open();
    expect((await signIn(world, ADMIN_TOKEN, { origin: 'https://evil.example' })).status).toBe(403);
    expect((await signIn(world, ADMIN_TOKEN, { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    expect((await signIn(world, ADMIN_TOKEN, { origin: `http://127.0.0.1:${world.port}` })).status).toBe(204);
  });

  it('refuses more than a token', async () => {
    expect((await signIn(await open(), 'x'.repeat(5_000))).status).toBe(413);
  });

  it('ends when the viewer signs out', async () => {
    const world = await open();
    for (const [method, path] of [
      ['DELETE', '/inspector/session'],
      ['POST', '/inspector/sign-out'],
    ] as const) {
      const { status, headers } = await ask(world.port, path, { method });
      expect(status).toBe(204);
      expect(String(headers['set-cookie'])).toMatch(/^inspector_session=; .*Max-Age=0/);
    }
  });

  it('is not possible where there is no token', async () => {
    const world = await openWorld();
    const answer = await signIn(world, 'undefined', HTML);
    expect(answer.status).toBe(401);
    expect(answer.headers['set-cookie']).toBeUndefined();
  });
});

describe('the sign-in page', () => {
  it('is what a browser sees without the token, and a program sees plain words', async () => {
    const world = await open();
    const page = await world.get('/inspector', HTML);
    expect(page.status).toBe(401);
    expect(page.text).toMatch(/<form method="post" action="\/inspector\/session">/);
    const { status, text, headers } = await world.get('/inspector');
    expect([status, headers['www-authenticate']]).toEqual([401, 'Bearer']);
    expect(text).not.toContain('<');
  });

  it('needs no script, and lets none in', async () => {
    const { headers, text } = await (await open()).get('/inspector', HTML);
    expect(text).not.toMatch(/<script|javascript:|\son\w+=/);
    expect(headers['content-security-policy']).toMatch(
      /^default-src 'none'; style-src 'unsafe-inline'; form-action 'self'/,
    );
    expect(headers['cache-control']).toBe('no-store');
  });

  it('has no form where no token is set: it says what to do', async () => {
    const { status, text } = await (await openWorld()).get('/inspector', {
      ...HTML,
      host: 'bridge.example.com',
    });
    expect(status).toBe(401);
    expect(text).toContain('Set ADMIN_TOKEN');
    expect(text).not.toContain('<form');
  });
});
