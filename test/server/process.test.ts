import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { ADMIN_TOKEN, admin, COMING_TOKEN, runProduction } from './production.ts';
import { killProgramsAfterEach, runProgram } from './program.ts';
import {
  ACCOUNT_SID,
  AUTH_TOKEN,
  ask,
  dial,
  eventually,
  newSid,
  PUBLIC_URL,
  sign,
  streamOf,
  VAPI_KEY,
} from './server-world.ts';

killProgramsAfterEach();

const BARE_START = '{"event":"start","start":{"streamSid":"test-123","callSid":"CA-test"}}';

describe('the program in production', () => {
  it('does not start without its secrets, and names all of them in one message', async () => {
    const program = runProgram({ NODE_ENV: 'production' });
    expect(await program.exited).toBe(1);
    expect(program.out).toBe('');
    expect(program.err).toBe(
      [
        'The bridge cannot start:',
        '',
        'PUBLIC_URL is missing. Set it to the https:// address by which Twilio reaches this server.',
        'VAPI_API_KEY is missing. Set it to the private key of the Vapi account.',
        'TWILIO_ACCOUNT_SID is missing. Set it to the id of the Twilio account, which begins with AC.',
        'TWILIO_AUTH_TOKEN is missing. Set it to the auth token of the Twilio account, which signatures are checked with.',
        'ADMIN_TOKEN is missing. Set it to a long random text, which the inspector, /calls and /metrics will ask for.',
        '',
      ].join('\n'),
    );
  });

  it('lets nobody in who cannot prove himself', async () => {
    const { program, port, close } = await runProduction();
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const callSid = newSid('CA');
    const form = { CallSid: callSid, From: '+12025550143' };
    const post = (signature?: string) =>
      ask(port, '/webhook/twilio', {
        method: 'POST',
        headers: { ...headers, ...(signature ? { 'x-twilio-signature': signature } : {}) },
        body: new URLSearchParams(form).toString(),
      });
    expect((await post()).status).toBe(403);
    expect((await post(sign(`http://127.0.0.1:${port}/webhook/twilio`, form))).status).toBe(403);
    expect((await post(sign(`${PUBLIC_URL}/webhook/twilio`, form, 'another'))).status).toBe(403);
    const { path } = streamOf((await post(sign(`${PUBLIC_URL}/webhook/twilio`, form))).text);
    // The account's token is being rotated: both are good.
    expect((await post(sign(`${PUBLIC_URL}/webhook/twilio`, form, COMING_TOKEN))).status).toBe(200);

    const knock = (to: string, signature = '') =>
      dial(`ws://127.0.0.1:${port}${to}`, { 'x-twilio-signature': signature }).opened;
    const wss = PUBLIC_URL.replace('https', 'wss');
    expect(await knock('/media')).toBe(403);
    expect(await knock('/media', sign(`${wss}/media`))).toBe(403);
    expect(await knock(path)).toBe(403);
    expect(await knock(path, sign(PUBLIC_URL + path))).toBe(403);
    expect(await knock(`${path}x`, sign(`${wss}${path}x`))).toBe(403);
    expect(await knock(path, sign(`${wss}${path}/`))).toBe('open');
    expect(await knock(path, sign(wss + path, {}, COMING_TOKEN))).toBe('open');

    expect((await ask(port, '/calls')).status).toBe(401);
    expect((await ask(port, `/metrics?token=${ADMIN_TOKEN}`)).status).toBe(401);
    expect(JSON.parse((await ask(port, '/calls', { headers: admin })).text)).toMatchObject([{ callSid }]);
    expect((await ask(port, '/health')).status).toBe(200);
    for (const secret of [VAPI_KEY, AUTH_TOKEN, ADMIN_TOKEN, path, '12025550143'])
      expect(program.out + program.err).not.toContain(secret);
    await close();
  });

  it('serves a signed call; asked to stop, lets it finish, and leaves', async () => {
    const { program, port, vapi, call, close } = await runProduction();
    const { ended, hangUp } = call();
    await program.says('[Session Start] MZ');
    await eventually(() => expect(vapi.service.live()).toBe(1));

    program.child.kill('SIGTERM');
    await program.says('[Drain] No new calls; 1 still to finish');
    const ready = await ask(port, '/ready');
    expect(ready.status).toBe(503);
    expect(JSON.parse(ready.text)).toMatchObject({ ready: false, reasons: ['draining'] });
    const late = await call().ended;
    expect(late.streams).toBe(0);
    expect(JSON.parse((await ask(port, '/calls', { headers: admin })).text)).toMatchObject([
      { ending: null },
    ]);

    hangUp();
    expect((await ended).violations).toEqual([]);
    expect(await program.exited).toBe(0);
    expect(program.out).toContain('[Cleanup] Session MZ');
    expect(program.out.trimEnd()).toMatch(/\[Drain\] The server has stopped"\}$/);
    expect(vapi.service.live()).toBe(0);
    await close();
  }, 30_000);

  it('asked twice to stop, hangs up at Twilio, and leaves', async () => {
    const { program, vapi, hungUp, call, close } = await runProduction();
    const { ended } = call();
    await program.says('[Session Start] MZ');
    program.child.kill('SIGTERM');
    await program.says('[Drain] No new calls');
    program.child.kill('SIGTERM');
    expect(await program.exited).toBe(0);
    const { callSid } = await ended;
    expect(hungUp).toEqual([`POST /2010-04-01/Accounts/${ACCOUNT_SID}/Calls/${callSid}.json`]);
    await eventually(() => expect(vapi.service.live()).toBe(0));
    await close();
  }, 30_000);
});

describe('the program with nothing configured', () => {
  it('speaks of its simulated agent, takes a bare client, and stops when asked', async () => {
    const program = runProgram({ LOG_FORMAT: 'pretty' });
    const port = await program.port();
    await program.says('SIMULATED');
    const line = dial(`ws://127.0.0.1:${port}/media`);
    await line.opened;
    line.send(BARE_START);
    await program.says('[Session Start] test-123 → CA-test\n');
    await eventually(() => expect(line.messages.length).toBeGreaterThan(0));
    expect(line.messages[0]).toMatchObject({ event: 'media', streamSid: 'test-123' });
    line.ws.close();
    await program.says('[Cleanup] Session test-123 removed\n');
    program.child.kill('SIGINT');
    expect(await program.exited).toBe(0);
    expect(program.err).toBe('');
  }, 30_000);

  it('says which port is taken, and what to do', async () => {
    const taken = createTcpServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { port } = taken.address() as AddressInfo;
    const program = runProgram({ PORT: `${port}` });
    expect(await program.exited).toBe(1);
    expect(program.err).toBe(
      `The bridge cannot start:\n\nPORT ${port} is taken. Set it to a free one, or stop what listens there.\n`,
    );
    taken.close();
  });

  it('takes no bare client when Twilio’s credentials are set', async () => {
    const program = runProgram({ TWILIO_ACCOUNT_SID: ACCOUNT_SID, TWILIO_AUTH_TOKEN: AUTH_TOKEN });
    expect(await dial(`ws://127.0.0.1:${await program.port()}/media`).opened).toBe(403);
  });

  it('finishes its calls after a mistake outside of any, and says by its code that it failed', async () => {
    const mistake = "process.on('SIGUSR2', () => { throw new Error('a mistake') })";
    const program = runProgram({}, [`data:text/javascript,${encodeURIComponent(mistake)}`]);
    const port = await program.port();
    const line = dial(`ws://127.0.0.1:${port}/media`);
    await line.opened;
    line.send(BARE_START);
    await program.says('[Session Start]');
    program.child.kill('SIGUSR2');
    await program.says('[Bug]');
    await program.says('a mistake');
    expect((await ask(port, '/ready')).status).toBe(503);
    expect(line.ws.readyState).toBe(line.ws.OPEN);
    line.ws.close();
    expect(await program.exited).toBe(1);
  }, 30_000);
});
