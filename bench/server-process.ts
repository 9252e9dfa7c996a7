import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { cp, mkdir, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** What the server has beside its code. */
const SOUNDS = ['src/simulation/speech', 'src/clips'];
const START_TIMEOUT_MS = 15_000;
const STOP_TIMEOUT_MS = 15_000;
const LOOK_EVERY_MS = 50;

/** The servers, compiled as `npm run build` compiles them, into a directory of this run's own. */
export interface Build {
  bridge: string;
  relay: string;
  /** Where they are run: nobody's `.env` is there. */
  directory: string;
  remove(): void;
}

/** What the server says of itself. */
export interface Reading {
  cpuSeconds: number;
  rssBytes: number;
  heapBytes: number;
  /** What keeps the process alive, by kind: timers, sockets. */
  resources: ReadonlyMap<string, number>;
}

/** A server of its own process, on 127.0.0.1. */
export interface ServerProcess {
  pid: number;
  httpUrl: string;
  mediaUrl: string;
  read(): Promise<Reading>;
  sessions(): Promise<number>;
  signal(name: NodeJS.Signals): void;
  /** Its exit code, or the signal that ended it, once it has ended. */
  readonly exited: Promise<number | string>;
  /** Ends it as an operator would, and in the end for certain. */
  stop(): Promise<void>;
}

/**
 * Compiles once, so that neither a compiler nor a change of the sources gets into the figures. `also` are files that a
 * benchmark's own servers are made of.
 */
export async function buildServers(also: readonly string[] = []): Promise<Build> {
  // Inside node_modules, so that the packages are found from there.
  const directory = `${ROOT}node_modules/.cache/bench-${process.pid}`;
  const remove = () => rmSync(directory, { recursive: true, force: true });
  // Whoever stops a benchmark stops its servers too: they end, and the directory goes, with this process.
  process.once('exit', remove);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  await mkdir(directory, { recursive: true });
  await writeFile(`${directory}/package.json`, '{"type":"module"}');
  await writeFile(
    `${directory}/tsconfig.json`,
    JSON.stringify({
      extends: `${ROOT}tsconfig.build.json`,
      compilerOptions: { rootDir: ROOT, outDir: directory, noCheck: true, sourceMap: false },
      include: ['src', 'machines', 'bench/relay.ts', ...also].map((path) => ROOT + path),
    }),
  );
  await promisify(execFile)(process.execPath, [`${ROOT}node_modules/typescript/bin/tsc`, '-p', directory]);
  for (const sounds of SOUNDS) await cp(ROOT + sounds, `${directory}/${sounds}`, { recursive: true });
  return {
    bridge: `${directory}/src/main.js`,
    relay: `${directory}/bench/relay.js`,
    directory,
    remove,
  };
}

/** Starts `script` with these settings and no others, on `core` alone if told, and waits until it answers. */
export async function startServer(
  build: Build,
  script: string,
  settings: Record<string, string>,
  nodeOptions: readonly string[] = [],
  core?: number,
): Promise<ServerProcess> {
  const port = await freePort();
  const command = [process.execPath, ...nodeOptions, script];
  const [program = '', ...args] = core === undefined ? command : ['taskset', '-c', String(core), ...command];
  const child = spawn(program, args, {
    cwd: build.directory,
    env: {
      PATH: process.env.PATH,
      HOST: '127.0.0.1',
      PORT: String(port),
      LOG_FORMAT: 'json',
      // What a server that was killed has left is not for the next.
      STATE_DIR: `${build.directory}/state-${port}`,
      ...settings,
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  const httpUrl = `http://127.0.0.1:${port}`;

  const server: ServerProcess = {
    pid: child.pid ?? 0,
    httpUrl,
    mediaUrl: `ws://127.0.0.1:${port}/media`,
    async read() {
      return readingOf(await get(`${httpUrl}/metrics`));
    },
    async sessions() {
      return JSON.parse(await get(`${httpUrl}/health`)).sessions;
    },
    signal: (name) => child.kill(name),
    exited: new Promise((resolve) =>
      child.once('exit', (code, signal) => resolve(code ?? signal ?? 'unknown')),
    ),
    async stop() {
      child.kill('SIGTERM');
      if (!(await ends(child, STOP_TIMEOUT_MS))) kill();
      process.off('exit', kill);
    },
  };
  await answers(server, child);
  return server;
}

async function answers(server: ServerProcess, child: ChildProcess): Promise<void> {
  for (let waitedMs = 0; waitedMs < START_TIMEOUT_MS; waitedMs += LOOK_EVERY_MS) {
    if (child.exitCode !== null) break;
    try {
      await server.sessions();
      return;
    } catch {
      await sleep(LOOK_EVERY_MS);
    }
  }
  child.kill('SIGKILL');
  throw new Error('The server did not start. What it said is above.');
}

function ends(child: ChildProcess, withinMs: number): Promise<boolean> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(true);
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), withinMs);
    child.once('exit', () => {
      clearTimeout(timer);
      resolve(true);
    });
  });
}

function readingOf(metrics: string): Reading {
  const value = (name: string) =>
    Number(new RegExp(`^(?:bridge_)?${name} (\\S+)`, 'm').exec(metrics)?.[1] ?? 0);
  const resources = [...metrics.matchAll(/^bridge_nodejs_active_resources\{type="(\w+)"\} (\d+)/gm)];
  return {
    cpuSeconds: value('process_cpu_seconds_total'),
    rssBytes: value('process_resident_memory_bytes'),
    heapBytes: value('nodejs_heap_size_used_bytes'),
    resources: new Map(resources.map(([, type, count]) => [type ?? '', Number(count)])),
  };
}

async function get(url: string): Promise<string> {
  // A connection that is kept alive would be counted among the server's.
  const response = await fetch(url, { headers: { connection: 'close' } });
  return response.text();
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Does it again, so many times at most, when it did not come off because the machine was busy with something else. */
export async function tried<Result>(
  times: number,
  run: () => Promise<Result>,
  failed: (words: string) => void,
): Promise<Result> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await run();
    } catch (error) {
      if (tries === times) throw error;
      failed(error instanceof Error ? error.message : String(error));
    }
  }
}
