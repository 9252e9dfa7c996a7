import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { table } from './figures.ts';

interface CpuProfile {
  nodes: ReadonlyArray<{
    id: number;
    callFrame: { functionName: string; url: string; lineNumber: number };
  }>;
  samples: readonly number[];
  timeDeltas: readonly number[];
}

const SHOWN = 30;
/** What V8 says of time in which no JavaScript ran. */
const IDLE = '(idle)';

/** The functions that took most time themselves, over all `.cpuprofile` files of a directory, as a table. */
export async function busiestFunctions(directory: string): Promise<string> {
  const files = (await readdir(directory)).filter((name) => name.endsWith('.cpuprofile'));
  const times = new Map<string, number>();
  for (const file of files) {
    add(JSON.parse(await readFile(join(directory, file), 'utf8')) as CpuProfile, times);
  }
  times.delete(IDLE);
  const total = [...times.values()].reduce((sum, time) => sum + time, 0);
  const busiest = [...times].sort(([, a], [, b]) => b - a).slice(0, SHOWN);
  const rows = busiest.map(([name, time]) => [((100 * time) / total).toFixed(1), name]);
  return `\n## Where the bridge's busy time goes\n\n${table(['% self', 'function'], rows)}`;
}

function add({ nodes, samples, timeDeltas }: CpuProfile, times: Map<string, number>): void {
  const names = new Map(nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]));
  samples.forEach((id, i) => {
    const name = names.get(id) ?? '(unknown)';
    times.set(name, (times.get(name) ?? 0) + (timeDeltas[i] ?? 0));
  });
}

function nameOf({ functionName, url, lineNumber }: CpuProfile['nodes'][number]['callFrame']): string {
  const name = functionName === '' ? '(anonymous)' : functionName;
  return url === '' ? name : `${name} ${basename(url)}:${lineNumber + 1}`;
}
