import { closeSync, openSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createProcessGauges } from '../src/process-gauges.ts';
import { realClock } from '../src/real-clock.ts';

const turns = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

function block(ms: number): void {
  const until = process.hrtime.bigint() + BigInt(ms) * 1_000_000n;
  while (process.hrtime.bigint() < until);
}

describe('the gauges of a process', () => {
  it('tell how late the event loop was since they were last asked', async () => {
    const gauges = createProcessGauges(realClock.now);
    await turns(50);
    gauges.loopLagMs();
    await turns(50);
    block(400);
    await turns(50);
    expect(gauges.loopLagMs()).toBeGreaterThan(300);
    await turns(200);
    expect(gauges.loopLagMs()).toBeLessThan(300);
  });

  it('know a loop that stands still all the time', async () => {
    const gauges = createProcessGauges(realClock.now);
    for (let look = 0; look < 3; look += 1) {
      block(300);
      await new Promise((resolve) => setImmediate(resolve));
      expect(gauges.loopLagMs()).toBeGreaterThan(250);
    }
  });

  it('tell nothing below 0, also when nothing has happened since', () => {
    const gauges = createProcessGauges(realClock.now);
    gauges.loopLagMs();
    expect(gauges.loopLagMs()).toBe(0);
  });

  it('tell how much of the heap is in use', () => {
    const { usedBytes, limitBytes } = createProcessGauges(realClock.now).heap();
    expect(usedBytes).toBeGreaterThan(1_000_000);
    expect(usedBytes).toBeLessThan(limitBytes);
  });

  it.runIf(process.platform === 'linux')('count open files, and know how many there can be', () => {
    const gauges = createProcessGauges(realClock.now);
    const before = gauges.files();
    const handles = Array.from({ length: 10 }, () => openSync('/dev/null', 'r'));
    const after = gauges.files();
    for (const handle of handles) closeSync(handle);
    expect((after?.open ?? 0) - (before?.open ?? 0)).toBe(10);
    expect(after?.most).toBeGreaterThan(after?.open ?? 0);
  });
});
