import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { realClock } from '../src/real-clock.ts';

it('tells the time of day, and measures on a clock that only moves forward', () => {
  expect(Math.abs(realClock.epochMs() - Date.now())).toBeLessThan(1_000);
  const before = realClock.now();
  expect(realClock.now()).toBeGreaterThanOrEqual(before);
});

it('measures from one origin in all processes of a machine', () => {
  const clock = fileURLToPath(new URL('../src/real-clock.ts', import.meta.url));
  const script = `import { realClock } from ${JSON.stringify(clock)}; process.stdout.write(String(realClock.now()));`;
  const before = realClock.now();
  const there = execFileSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script]);
  expect(Number(there)).toBeGreaterThan(before);
  expect(Number(there)).toBeLessThan(realClock.now());
});

it('fires a timer, not one that was cleared, and not one that is longer than Node can count', async () => {
  const fired: string[] = [];
  realClock.clearTimeout(realClock.setTimeout(() => fired.push('cleared'), 1));
  const longest = realClock.setTimeout(() => fired.push('a month early'), 31 * 24 * 3_600_000);
  await new Promise<void>((resolve) => realClock.setTimeout(resolve, 20));
  realClock.clearTimeout(longest);
  realClock.clearTimeout(undefined);
  expect(fired).toEqual([]);
});
