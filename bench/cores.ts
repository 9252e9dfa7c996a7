import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Which core the server has to itself, and which the generator; `undefined` where there are no two, or no `taskset`. */
export interface Cores {
  server: number;
  generator: number;
}

/** The first and the last core that this process may use: on most machines these two share nothing. */
export function coresHere(): Cores | undefined {
  try {
    execFileSync('taskset', ['--version'], { stdio: 'ignore' });
    const list = /^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
    const numbers = (list ?? '').split(/[-,]/).map(Number);
    const [server = 0, generator = 0] = [numbers[0], numbers.at(-1)];
    return server === generator ? undefined : { server, generator };
  } catch {
    return undefined;
  }
}

/** Puts this process, with all its threads, on one core. */
export function stayOn(core: number): void {
  execFileSync('taskset', ['-a', '-c', '-p', String(core), String(process.pid)], { stdio: 'ignore' });
}

/** Has no core rest, and gives way to whoever has work: what a machine that never idles is like. Returns what ends it. */
export function keepAwake({ server, generator }: Cores): () => void {
  const spinners = [server, generator].map(
    (core): ChildProcess =>
      spawn('taskset', ['-c', String(core), 'chrt', '--idle', '0', process.execPath, '-e', 'for (;;);'], {
        stdio: 'ignore',
      }),
  );
  const end = () => {
    for (const spinner of spinners) spinner.kill('SIGKILL');
    process.off('exit', end);
  };
  process.once('exit', end);
  return end;
}
