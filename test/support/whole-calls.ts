import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { subjects } from '../model/subjects.ts';
import { type Coverage, createCoverage, transitionsOf } from '../model/transitions.ts';

/** Where a call was told: over real sockets, or in memory. */
export type Told = 'real' | 'memory';

/** Test files run in processes of their own; this is where they leave what their calls have taken. */
const folder = fileURLToPath(new URL('../../node_modules/.cache/whole-calls/', import.meta.url));

const collected: Record<Told, Coverage> = { real: createCoverage(), memory: createCoverage() };

/** The collector of a whole call's transitions, to be handed to its actors. */
export function collectorOf(told: Told): Coverage {
  return collected[told];
}

/** Leaves what this process has collected for the report. */
export function leaveCollected(name: string): void {
  mkdirSync(folder, { recursive: true });
  const left = { real: [...collected.real.taken], memory: [...collected.memory.taken] };
  writeFileSync(join(folder, `${name}.json`), JSON.stringify(left));
}

export function forgetCollected(): void {
  rmSync(folder, { recursive: true, force: true });
}

/** Which transitions whole calls have taken, machine by machine, and which only the model has. */
export function reportCollected(): string[] {
  const taken: Record<Told, Set<string>> = { real: new Set(), memory: new Set() };
  mkdirSync(folder, { recursive: true });
  for (const file of readdirSync(folder)) {
    const left: Record<Told, string[]> = JSON.parse(readFileSync(join(folder, file), 'utf8'));
    for (const name of left.real) taken.real.add(name);
    for (const name of left.memory) taken.memory.add(name);
  }
  if (taken.real.size + taken.memory.size === 0) return [];
  return Object.entries(subjects).flatMap(([machine, subject]) => {
    const names = transitionsOf(subject.machine).map(({ name }) => name);
    const inReal = names.filter((name) => taken.real.has(name)).length;
    const inAny = names.filter((name) => taken.real.has(name) || taken.memory.has(name));
    const modelOnly = names.filter((name) => !inAny.includes(name));
    return [
      `${machine} in whole calls: ${inReal}/${names.length} transitions over real sockets, ${inAny.length}/${names.length} with those in memory`,
      ...modelOnly.map((name) => `  only the model takes: ${name}`),
    ];
  });
}
