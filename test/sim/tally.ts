import { createHash } from 'node:crypto';
import { violationLine } from './invariants.ts';
import { FAULT_KINDS } from './plan.ts';
import type { WorldResult } from './world.ts';

/** Adds worlds up. What it writes depends on the worlds alone. */
export interface Tally {
  add(world: WorldResult): void;
  /** A line for each violation of a world, with the way to see it again. */
  faultsOf(world: WorldResult): string[];
  lines(): string[];
  readonly violations: number;
  /** A hash of all stories: two runs that tell the same have the same. */
  readonly digest: string;
}

export function createTally(): Tally {
  const hash = createHash('sha256');
  const fired = new Map<string, number>();
  const endings = new Map<string, number>();
  let worlds = 0;
  let calls = 0;
  let interruptions = 0;
  let ambiguous = 0;
  let violations = 0;
  let toldMs = 0;
  let digest = '';

  const addTo = (sums: Map<string, number>, name: string, count: number) =>
    sums.set(name, (sums.get(name) ?? 0) + count);

  return {
    add(world) {
      worlds += 1;
      calls += world.plan.calls;
      interruptions += world.interruptions;
      ambiguous += world.ambiguous;
      violations += world.violations.length;
      toldMs += world.toldMs;
      for (const [kind, count] of world.fired) addTo(fired, kind, count);
      for (const [reason, count] of world.endings) addTo(endings, reason, count);
      for (const line of world.story) hash.update(`${line}\n`);
    },
    faultsOf: ({ violations: found, plan: { seed, calls: count } }) =>
      found.map(
        (one) =>
          `${violationLine(one)}\n  again: npm run simulate -- --seed ${seed} --calls ${count} --story`,
      ),
    lines() {
      digest ||= hash.digest('hex');
      return [
        `calls            ${calls} in ${worlds} worlds, ${Math.round(toldMs / 1_000)} s of told time`,
        `faults fired     ${sum(fired)}`,
        ...FAULT_KINDS.map((kind) => `  ${kind.padEnd(22)} ${fired.get(kind) ?? 0}`),
        `endings          ${sum(endings)}`,
        ...[...endings].sort().map(([reason, count]) => `  ${reason.padEnd(22)} ${count}`),
        `interruptions    ${interruptions}`,
        `left to Vapi     ${ambiguous} calls whose creation nobody could know of, or whose end could not be told`,
        `violations       ${violations}`,
        `digest           ${digest}`,
      ];
    },
    get violations() {
      return violations;
    },
    get digest() {
      digest ||= hash.digest('hex');
      return digest;
    },
  };
}

function sum(counts: ReadonlyMap<string, number>): number {
  let all = 0;
  for (const count of counts.values()) all += count;
  return all;
}
