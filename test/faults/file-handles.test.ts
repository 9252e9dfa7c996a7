import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { ask, dial, eventually } from '../server/server-world.ts';

/** Some 30 are in use before anybody comes. */
const HANDLES = 80;
const STRANGERS = 150;

let child: ChildProcess | undefined;
const lines: Socket[] = [];
afterEach(() => {
  for (const line of lines.splice(0)) line.destroy();
  child?.kill('SIGKILL');
});

/** The program with few file handles; its port. */
async function runWithFewHandles(): Promise<number> {
  const limited = `ulimit -n ${HANDLES} && exec "$0" "$@"`;
  const program = [process.execPath, '--import', import.meta.resolve('tsx'), resolve('src/main.ts')];
  const started = spawn('sh', ['-c', limited, ...program], {
    cwd: mkdtempSync(join(tmpdir(), 'bridge-')),
    env: { PATH: process.env.PATH ?? '', PORT: '0', HOST: '127.0.0.1', LOG_FORMAT: 'pretty' },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  child = started;
  let out = '';
  started.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  return eventually(() => {
    const port = Number(/listens on http:\/\/[\w.]+:(\d+)/.exec(out)?.[1]);
    if (!port) throw new Error(`It does not listen yet: ${out}`);
    return port;
  });
}

it('F57 a live call is spoken to while no file handle is left, and others are heard again afterwards', async () => {
  const port = await runWithFewHandles();
  const line = dial(`ws://127.0.0.1:${port}/media`);
  expect(await line.opened).toBe('open');
  line.send('{"event":"start","start":{"streamSid":"test-123","callSid":"CA-test"}}');
  await eventually(() => expect(line.messages.length).toBeGreaterThan(0));

  let turnedAway = 0;
  for (let stranger = 0; stranger < STRANGERS; stranger += 1) {
    const silent = connect({ host: '127.0.0.1', port });
    silent.on('error', () => {}).on('close', () => (turnedAway += 1));
    lines.push(silent);
  }
  // Who is let in and says nothing is cut after 5 s; who finds no handle, at once.
  await vi.waitFor(() => expect(turnedAway).toBeGreaterThan(STRANGERS - HANDLES), 4_000);
  const before = line.messages.length;
  await eventually(() => expect(line.messages.length).toBeGreaterThan(before + 10));
  expect(line.ws.readyState).toBe(line.ws.OPEN);

  for (const stranger of lines.splice(0)) stranger.destroy();
  await eventually(async () => expect((await ask(port, '/health')).text).toContain('"sessions":1'));
  expect(child?.exitCode).toBeNull();
}, 40_000);
