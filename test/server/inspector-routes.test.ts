import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { CallRecording } from '../../src/inspector/messages.ts';
import { ADMIN_TOKEN, BEARER } from './inspector-world.ts';
import { ask, closeWorldsAfterEach, eventually, newSid, openWorld } from './server-world.ts';

closeWorldsAfterEach();

const pageFolder = mkdtempSync(join(tmpdir(), 'inspector-page-'));
mkdirSync(join(pageFolder, 'assets'));
writeFileSync(join(pageFolder, 'index.html'), '<!doctype html><title>Inspector</title>');
writeFileSync(join(pageFolder, 'assets', 'main-1a2b.js'), 'export {};');
writeFileSync(join(pageFolder, 'secret.txt'), 'secret');
afterAll(() => rmSync(pageFolder, { recursive: true }));

const open = (options = {}) => openWorld({ adminToken: ADMIN_TOKEN, pageFolder, ...options });

describe('the inspector’s page', () => {
  it.each(['/inspector', '/inspector/'])(
    'is at %s, and may load what this server has and nothing else',
    async (path) => {
      const { status, headers, text } = await (await open()).get(path, BEARER);
      expect(status).toBe(200);
      expect(text).toContain('<title>Inspector</title>');
      expect(headers).toMatchObject({
        'content-type': expect.stringContaining('text/html'),
        'content-security-policy':
          "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; connect-src 'self'; font-src 'self'; worker-src 'self' blob:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'cache-control': 'no-store',
      });
    },
  );

  it('has files that stay the same for ever', async () => {
    const { status, headers } = await (await open()).get('/inspector/assets/main-1a2b.js', BEARER);
    expect(status).toBe(200);
    expect(headers['content-type']).toMatch(/javascript/);
    expect(headers['cache-control']).toBe('public, max-age=31536000, immutable');
    expect(headers['x-content-type-options']).toBe('nosniff');
  });

  it.each([
    '/inspector/assets/none.js',
    '/inspector/assets/',
    '/inspector/assets/../secret.txt',
    '/inspector/assets/..%2fsecret.txt',
    '/inspector/assets/%2e%2e/secret.txt',
    '/inspector/secret.txt',
  ])('has nothing at %s', async (path) => {
    const { status, text } = await (await open()).get(path, BEARER);
    expect([403, 404]).toContain(status);
    expect(text).not.toContain('secret');
  });

  it('is kept from who bears no token, with all its files', async () => {
    const world = await open();
    for (const path of ['/inspector', '/inspector/assets/main-1a2b.js', '/calls/CA1/recording']) {
      expect((await world.get(path)).status).toBe(401);
    }
  });

  it('says how it is built where it is not', async () => {
    const { status, text } = await (await open({ pageFolder: '/nowhere' })).get('/inspector', BEARER);
    expect(status).toBe(503);
    expect(text).toBe("The inspector's page is not built. Run: npm run build:inspector\n");
  });
});

describe('a call as a file', () => {
  it('has all that a viewer is told, under the CallSid or our own id', async () => {
    const world = await open();
    const { callSid, call } = await world.connect();
    for (const id of [callSid, call?.callId]) {
      const { status, headers, text } = await world.get(`/calls/${id}/recording`, BEARER);
      expect(status).toBe(200);
      expect(headers['content-disposition']).toMatch(
        new RegExp(
          `^attachment; filename="?call-${callSid}-\\d{4}-\\d\\d-\\d\\dT\\d\\d-\\d\\d-\\d\\d\\.json"?$`,
        ),
      );
      const recording: CallRecording = JSON.parse(text);
      expect(recording).toMatchObject({
        format: 'vapi-twilio-bridge.call',
        version: 1,
        row: { callSid, state: 'buffering' },
        figures: { droppedFrames: 0 },
        dropped: 0,
      });
      expect(recording.machines).toHaveLength(4);
      expect(recording.records.length).toBeGreaterThan(10);
    }
  });

  it('is there after the call, too', async () => {
    const world = await open();
    const { callSid, line } = await world.connect();
    line.send({ event: 'stop' });
    await eventually(() => {
      world.clock.advance(100);
      expect(world.calls.live).toBe(0);
    });
    const recording: CallRecording = JSON.parse(
      (await world.get(`/calls/${callSid}/recording`, BEARER)).text,
    );
    expect(recording.row).toMatchObject({ state: 'closed', ending: { reason: 'callerHungUp' } });
    const last = recording.records.findLast((record) => 'actor' in record && record.actor === 'call');
    expect(last).toMatchObject({ type: '@xstate.transition', value: 'closed', status: 'done' });
  });

  it('is not there of a call that nobody knows', async () => {
    expect((await (await open()).get('/calls/nobody/recording', BEARER)).status).toBe(404);
  });
});

describe('acting on a call', () => {
  const act = (
    { port }: { port: number },
    id: string,
    body: unknown,
    headers: Record<string, string> = BEARER,
  ) =>
    ask(port, `/calls/${id}/act`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });

  it('hangs up', async () => {
    const world = await open();
    const { callSid, call } = await world.connect();
    const { status, text } = await act(world, callSid, { action: 'hangUp' });
    expect([status, JSON.parse(text)]).toEqual([200, { ok: true }]);
    expect(call?.outcome?.reason).toBe('hungUp');
    await eventually(() => {
      world.clock.advance(100);
      expect(world.calls.live).toBe(0);
    });
    const again = await act(world, callSid, { action: 'hangUp' });
    expect([again.status, JSON.parse(again.text)]).toEqual([409, { ok: false, words: 'The call is over.' }]);
  });

  it('is not possible without the token, and without one set not at all', async () => {
    const world = await open();
    const { callSid, call } = await world.connect();
    expect((await act(world, callSid, { action: 'hangUp' }, {})).status).toBe(401);
    expect(call?.outcome).toBeNull();
    const free = await openWorld();
    const other = await free.connect();
    const { status, text } = await act(free, other.callSid, { action: 'hangUp' }, {});
    expect(status).toBe(403);
    expect(JSON.parse(text)).toEqual({ ok: false, words: expect.stringMatching(/set ADMIN_TOKEN/) });
    expect(other.call?.outcome).toBeNull();
  });

  it('is not for pages of other sites', async () => {
    const world = await open();
    const { callSid, call } = await world.connect();
    for (const headers of [{ origin: 'https://evil.example' }, { 'sec-fetch-site': 'same-site' }]) {
      expect((await act(world, callSid, { action: 'hangUp' }, { ...BEARER, ...headers })).status).toBe(403);
    }
    expect(call?.outcome).toBeNull();
  });

  it('of a call that nobody knows is not possible', async () => {
    expect((await act(await open(), newSid('CA'), { action: 'hangUp' })).status).toBe(404);
  });

  it.each([
    ['no JSON', '{', 400],
    ['a list', [], 400],
    ['nothing', 'null', 400],
    ['no action', {}, 400],
    ['an action that there is not', { action: 'constructor' }, 400],
    ['no text', { action: 'say' }, 400],
    ['an empty text', { action: 'say', text: ' ' }, 400],
    ['too long a text', { action: 'say', text: 'x'.repeat(1_001) }, 400],
    ['a text with a control character', { action: 'say', text: 'a\u0000b' }, 400],
    ['a text with a line feed', { action: 'say', text: 'a\nb' }, 400],
    ['no answer to whether to respond', { action: 'addMessage', text: 'a' }, 400],
    ['a field too many', { action: 'hangUp', text: 'a' }, 400],
    ['a time that is none', { action: 'extend', ms: '60000' }, 400],
    ['too long a time', { action: 'extend', ms: 3_600_001 }, 400],
    ['too much', { action: 'say', text: 'x'.repeat(9_000) }, 413],
  ])('refuses %s, with words that say what is wrong', async (_, body, expected) => {
    const world = await open();
    const { status, text } = await act(world, 'any', body);
    expect(status).toBe(expected);
    expect(JSON.parse(text)).toEqual({ ok: false, words: expect.stringMatching(/^(The|To) .*\.$/) });
  });

  it('takes JSON and nothing else: no form of another site can say it', async () => {
    const world = await open();
    const headers = { ...BEARER, 'content-type': 'text/plain' };
    expect((await act(world, 'any', '{"action":"hangUp"}', headers)).status).toBe(400);
  });
});
