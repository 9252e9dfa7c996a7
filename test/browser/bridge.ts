import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { AT_EASE } from '../support/at-ease.ts';

const TSX = import.meta.resolve('tsx');
const START_TIMEOUT_MS = 20_000;
const LOOK_EVERY_MS = 100;

/** The server as a process of its own, with the simulated agent, on a port that stays the same when it is started anew. */
export interface Bridge {
  readonly url: string;
  readonly mediaUrl: string;
  /** Starts it, with more settings than the first ones if any are given. */
  start(settings?: Record<string, string>): Promise<void>;
  /** Kills it as a failing machine would. */
  kill(): Promise<void>;
}

/** Builds the page if that was not done, as an install does. */
export async function buildPage(): Promise<void> {
  await promisify(execFile)(process.execPath, ['--import', TSX, resolve('src/inspector/page/build-page.ts')]);
}

export async function createBridge(settings: Record<string, string> = {}): Promise<Bridge> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const elsewhere = mkdtempSync(join(tmpdir(), 'bridge-'));
  let child: ChildProcess | undefined;

  return {
    url,
    mediaUrl: `ws://127.0.0.1:${port}/media`,
    async start(more = {}) {
      child = spawn(process.execPath, ['--import', TSX, '--import', AT_EASE, resolve('src/main.ts')], {
        cwd: elsewhere,
        env: {
          PATH: process.env.PATH,
          HOST: '127.0.0.1',
          PORT: String(port),
          LOG_FORMAT: 'json',
          ...settings,
          ...more,
        },
        stdio: ['ignore', 'ignore', 'inherit'],
      });
      // Whoever stops a run stops its server too.
      process.once('exit', () => child?.kill('SIGKILL'));
      await answers(`${url}/health`);
    },
    async kill() {
      const gone = child;
      child = undefined;
      if (!gone || gone.exitCode !== null) return;
      const over = new Promise((ended) => gone.once('exit', ended));
      gone.kill('SIGKILL');
      await over;
    },
  };
}

async function answers(url: string): Promise<void> {
  for (let waitedMs = 0; waitedMs < START_TIMEOUT_MS; waitedMs += LOOK_EVERY_MS) {
    const response = await fetch(url).catch(() => undefined);
    if (response?.ok) return;
    await pause(LOOK_EVERY_MS);
  }
  throw new Error(`Nothing answers at ${url}.`);
}

function freePort(): Promise<number> {
  return new Promise((settle, fail) => {
    const server = createServer();
    server.once('error', fail);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => settle(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

/** Real time passes: browsers and processes have no other. */
export function pause(ms: number): Promise<void> {
  return new Promise((settle) => setTimeout(settle, ms));
}
