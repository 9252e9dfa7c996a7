import { mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { admin, runProduction } from './production.ts';
import { killProgramsAfterEach, runBusyProgram, runProgram } from './program.ts';
import { ask, dial, eventually, newSid, PUBLIC_URL, sign } from './server-world.ts';

killProgramsAfterEach();

const CALLS = 20;
const BARE_START = '{"event":"start","start":{"streamSid":"test-123","callSid":"CA-test"}}';

/** A module that blocks the event loop of the program for as long as `SIGUSR2` toggles it on. */
const BLOCKING = `data:text/javascript,${encodeURIComponent(`
  let blocks = false;
  process.on('SIGUSR2', () => { blocks = !blocks; });
  setInterval(() => {
    if (!blocks) return;
    const until = process.hrtime.bigint() + 350_000_000n;
    while (process.hrtime.bigint() < until);
  }, 360);
`)}`;

const post = (port: number, path: string, form: Record<string, string>) =>
  ask(port, path, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      'x-twilio-signature': sign(PUBLIC_URL + path, form),
    },
    body: new URLSearchParams(form).toString(),
  });

describe('the program, asked to stop with twenty calls', () => {
  it('F47 serves them untouched to their own ends, turns new ones away in words, and leaves with 0', async () => {
    const { program, port, vapi, hungUp, call, close } = await runProduction();
    const phones: Array<ReturnType<typeof call>> = [];
    const begun = () => program.out.match(/\[Audio Buffer\]/g) ?? [];
    for (let count = 1; count <= CALLS; count += 1) {
      phones.push(call());
      await vi.waitFor(() => expect(begun()).toHaveLength(count), { timeout: 20_000, interval: 20 });
    }

    program.child.kill('SIGTERM');
    await program.says(`[Drain] No new calls; ${CALLS} still to finish`);
    const ready = await ask(port, '/ready');
    expect([ready.status, JSON.parse(ready.text).reason]).toEqual([503, 'draining']);
    const late = await post(port, '/webhook/twilio', { CallSid: newSid('CA'), From: '+12025550143' });
    expect([late.status, late.text]).toEqual([200, expect.stringContaining('<Say')]);
    expect(late.text).not.toContain('<Stream');
    expect(vapi.service.live()).toBe(CALLS);
    expect((await post(port, '/webhook/twilio/stream', { CallSid: newSid('CA') })).status).toBe(204);

    for (const { hangUp } of phones) hangUp();
    for (const { ended } of phones) {
      const { streams, violations, heard } = await ended;
      expect([streams, violations]).toEqual([1, []]);
      expect(heard.length).toBeGreaterThan(0);
    }
    expect(await program.exited).toBe(0);
    expect(hungUp).toEqual([]);
    expect(vapi.service.live()).toBe(0);
    await close();
  }, 150_000);
});

describe('the program, after a mistake outside of any call', () => {
  it('F56 finishes its calls also where it was a promise that nobody waited for, and leaves with 1', async () => {
    const mistake = "process.on('SIGUSR2', () => { Promise.reject(new Error('a forgotten promise')) })";
    const program = runProgram({}, [`data:text/javascript,${encodeURIComponent(mistake)}`]);
    const port = await program.port();
    const line = dial(`ws://127.0.0.1:${port}/media`);
    await line.opened;
    line.send(BARE_START);
    await program.says('[Session Start]');
    program.child.kill('SIGUSR2');
    await program.says('a forgotten promise');
    expect(JSON.parse((await ask(port, '/ready')).text).reason).toBe('draining');
    expect(line.ws.readyState).toBe(line.ws.OPEN);
    line.ws.close();
    expect(await program.exited).toBe(1);
  }, 60_000);
});

describe('the program, killed with three calls', () => {
  it('F49 leaves none of them open at Vapi for longer than it takes to start again', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'state-'));
    const { program, env, port, vapi, close } = await runProduction({ STATE_DIR: folder });
    // Calls that Vapi would not learn of by its socket: nobody has come for them yet.
    const forms = Array.from({ length: 3 }, () => ({ CallSid: newSid('CA'), From: '+12025550143' }));
    for (const form of forms) expect((await post(port, '/webhook/twilio', form)).text).toContain('<Stream');
    await eventually(() => expect(vapi.service.live()).toBe(3));
    await eventually(() => expect(readdirSync(folder, { recursive: true })).toHaveLength(4));
    const left = vapi.service.calls.map(({ id }) => id);
    program.child.kill('SIGKILL');
    await program.exited;

    const next = runProgram(env);
    const nextPort = await next.port();
    expect((await ask(nextPort, '/ready')).status).toBe(200);
    await next.says(`Ended call ${left.at(-1)} at Vapi`, 60_000);
    for (const id of left) await next.says(`Ended call ${id} at Vapi`, 60_000);
    expect(vapi.service.calls.map(({ state }) => state)).toEqual(['ended', 'ended', 'ended']);
    const metrics = await ask(nextPort, '/metrics', { headers: admin });
    expect(metrics.text).toContain('bridge_orphans_total{outcome="ended"} 3');
    await eventually(() => expect(readdirSync(folder, { recursive: true })).toHaveLength(1));

    next.child.kill('SIGTERM');
    expect(await next.exited).toBe(0);
    expect(readdirSync(folder)).toEqual([]);
    await close();
  }, 150_000);
});

describe('the program, with more to do than it can', () => {
  it('F52 says so, turns new callers away, goes on with those that it has, and recovers', async () => {
    const program = runBusyProgram({ LOG_FORMAT: 'pretty' }, [BLOCKING]);
    const port = await program.port();
    const line = dial(`ws://127.0.0.1:${port}/media`);
    expect(await line.opened).toBe('open');
    line.send(BARE_START);
    await eventually(() => expect(line.messages.length).toBeGreaterThan(0));

    program.child.kill('SIGUSR2');
    await program.says('[Strain] No new calls for now: lag', 30_000);
    const { status, text } = await ask(port, '/ready');
    expect([status, JSON.parse(text).reasons]).toEqual([503, ['lag']]);
    const late = await ask(port, '/webhook/twilio', {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: `CallSid=${newSid('CA')}&From=%2B12025550143`,
    });
    expect(late.text).toContain('All our lines are busy');
    expect(await dial(`ws://127.0.0.1:${port}/media`).opened).toBe(503);
    expect((await ask(port, '/health')).text).toContain('"sessions":1');
    expect(line.ws.readyState).toBe(line.ws.OPEN);

    program.child.kill('SIGUSR2');
    await program.says('[Strain] New calls are taken again', 300_000);
    expect((await ask(port, '/ready')).status).toBe(200);
    expect(line.ws.readyState).toBe(line.ws.OPEN);
    line.ws.close();
  }, 400_000);
});
