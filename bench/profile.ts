import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

interface CallFrame {
  functionName: string;
  url: string;
}

interface CpuProfile {
  nodes: ReadonlyArray<{ id: number; callFrame: CallFrame }>;
  samples: readonly number[];
  timeDeltas: readonly number[];
}

/** What part of the time that is no idling a kind of work takes by itself, from 0 to 1. */
export interface CategoryShare {
  category: string;
  share: number;
}

/** V8 knows native functions of Node by name alone. */
const TEXT = /^(base64|utf8|latin1|ascii|hex|ucs2|byteLength|parse$|stringify$)/;
const SOCKETS = /^(write|readStart|readStop|shutdown|connect|open|close)/;

/** By the place of a function; the first that fits. */
const CATEGORIES: ReadonlyArray<readonly [string, (frame: CallFrame) => boolean]> = [
  ['idle', ({ functionName }) => functionName === '(idle)'],
  ['garbage collection', ({ functionName }) => functionName === '(garbage collector)'],
  ['kernel, libuv and V8 itself', ({ functionName }) => functionName === '(program)'],
  ['`ws`', ({ url }) => url.includes('/node_modules/ws/')],
  ['statecharts', ({ url }) => url.includes('/node_modules/xstate/') || url.includes('/machines/')],
  [
    'metrics, log and inspection',
    ({ url }) => /\/src\/(inspector|log)|\/node_modules\/(prom-client|pino|sonic-boom)\//.test(url),
  ],
  ['our audio', ({ url }) => url.includes('/src/audio/')],
  ['JSON and base64', ({ url, functionName }) => url.includes('/src/wire/') || isText(url, functionName)],
  ['the rest of ours', ({ url }) => url.includes('/src/')],
  ['timers', ({ url }) => /^node:(internal\/timers|timers)/.test(url)],
  [
    "Node's sockets and streams",
    ({ url, functionName }) => url.startsWith('node:') || (url === '' && SOCKETS.test(functionName)),
  ],
  ['anything else', () => true],
];

function isText(url: string, functionName: string): boolean {
  return (url === '' && TEXT.test(functionName)) || /^node:(buffer|internal\/buffer)/.test(url);
}

/** What the busy time of all `.cpuprofile` files of a directory goes into, most first. */
export async function categoriesOf(directory: string): Promise<CategoryShare[]> {
  const times = new Map<string, number>();
  for (const file of await readdir(directory)) {
    if (!file.endsWith('.cpuprofile')) continue;
    add(JSON.parse(await readFile(join(directory, file), 'utf8')) as CpuProfile, times);
  }
  times.delete('idle');
  const total = [...times.values()].reduce((sum, time) => sum + time, 0);
  return [...times]
    .map(([category, time]) => ({ category, share: time / total }))
    .sort((a, b) => b.share - a.share);
}

function add({ nodes, samples, timeDeltas }: CpuProfile, times: Map<string, number>): void {
  const categories = new Map(nodes.map(({ id, callFrame }) => [id, categoryOf(callFrame)]));
  samples.forEach((id, i) => {
    const category = categories.get(id) ?? 'anything else';
    times.set(category, (times.get(category) ?? 0) + (timeDeltas[i] ?? 0));
  });
}

function categoryOf(frame: CallFrame): string {
  return CATEGORIES.find(([, fits]) => fits(frame))?.[0] ?? 'anything else';
}
