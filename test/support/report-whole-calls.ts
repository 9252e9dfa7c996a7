import { forgetCollected, reportCollected } from './whole-calls.ts';

/** Before all tests, what an earlier run left is forgotten; after them it is told what their calls have taken. */
export function setup(): void {
  forgetCollected();
}

export function teardown(): void {
  const lines = reportCollected();
  if (lines.length > 0) process.stdout.write(`\n${lines.join('\n')}\n`);
}
