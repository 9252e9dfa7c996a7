import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, vi } from 'vitest';
import { AT_EASE } from '../support/at-ease.ts';

const MAIN = resolve('src/main.ts');
/** Somewhere without a `.env` file. */
const ELSEWHERE = mkdtempSync(join(tmpdir(), 'bridge-'));

const running: ChildProcess[] = [];

/** To be called in each test file that runs the program. */
export function killProgramsAfterEach(): void {
  afterEach(() => {
    for (const child of running.splice(0)) child.kill('SIGKILL');
  });
}

/** The program as a process of its own, with these variables and no others of its own, and at ease; `main` is it in another form. */
export function runProgram(env: Record<string, string>, imports: string[] = [], main = MAIN) {
  return runBusyProgram(env, [AT_EASE, ...imports], main);
}

/** The same, but that it notices how busy it and the machine are. */
export function runBusyProgram(env: Record<string, string>, imports: string[] = [], main = MAIN) {
  const preloaded = [import.meta.resolve('tsx'), ...imports].flatMap((url) => ['--import', url]);
  const child = spawn(process.execPath, [...preloaded, main], {
    cwd: ELSEWHERE,
    env: { PATH: process.env.PATH ?? '', PORT: '0', HOST: '127.0.0.1', STATE_DIR: ELSEWHERE, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.push(child);
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  const exited = new Promise<number | string>((settled) => {
    child.on('close', (code, signal) => settled(code ?? signal ?? 'unknown'));
  });

  return {
    child,
    exited,
    get out() {
      return out;
    },
    get err() {
      return err;
    },
    says: (words: string, timeout = 10_000) =>
      vi.waitFor(
        () => {
          if (!out.includes(words)) throw new Error(`It has not said "${words}": ${out}${err}`);
        },
        { timeout },
      ),
    /** The port that it listens on, once it does. */
    async port() {
      await this.says('The bridge listens on');
      return Number(/listens on http:\/\/[\w.]+:(\d+)/.exec(out)?.[1]);
    },
  };
}
