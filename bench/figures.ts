import { availableParallelism, cpus, loadavg, release, type } from 'node:os';

/** Percentiles of some times, in ms. */
export interface Spread {
  p50: number;
  p95: number;
  p99: number;
  max: number;
  count: number;
}

/** All 0 where there is none. */
export function spreadOf(times: readonly number[]): Spread {
  const sorted = Float64Array.from(times).sort();
  const at = (part: number) => sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0;
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: sorted.at(-1) ?? 0, count: sorted.length };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}

/** The median of several runs, with the least and the most where they differ: `21.4 (19.8–24.0)`. */
export function told(values: readonly number[], digits = 1): string {
  const [middle, least, most] = [median(values), Math.min(...values), Math.max(...values)].map((value) =>
    value.toFixed(digits),
  );
  return least === most ? `${middle}` : `${middle} (${least}–${most})`;
}

/** A table in Markdown. */
export function table(head: readonly string[], rows: ReadonlyArray<readonly string[]>): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |\n`;
  return line(head) + line(head.map(() => '---')) + rows.map(line).join('');
}

/** The machine and what else it is doing, in a line. */
export function machineWords(): string {
  const load = loadavg()[0] ?? 0;
  const model = cpus()[0]?.model.trim() ?? 'an unknown processor';
  return `${availableParallelism()} cores of ${model}, Node ${process.version}, ${type()} ${release()}, load average ${load.toFixed(1)}`;
}

/** A whole number from 1 to `most`. Throws with the name of the option. */
export function wholeNumber(name: string, value: string, most: number): number {
  const number = Number(value);
  if (Number.isInteger(number) && number >= 1 && number <= most) return number;
  throw new Error(`${name} is no whole number from 1 to ${most}.`);
}

/** From such a share of a core on, a process is behind its work now and then, and delays are those of a queue. */
const SATURATED = 0.85;

/** A warning where server or generator had no time to spare in half of the stretches or more; empty otherwise. */
export function saturationWords(
  stretches: ReadonlyArray<{ cpuShare: number; generator: { cpuShare: number } }>,
): string {
  const busy = median(stretches.map(({ cpuShare, generator }) => Math.max(cpuShare, generator.cpuShare)));
  if (busy < SATURATED) return '';
  const share = (100 * busy).toFixed(0);
  return `**Saturated: the server or the generator took ${share} % of a core. Delays say nothing; try fewer calls.**\n\n`;
}
