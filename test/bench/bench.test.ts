import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildContenders, CONTENDERS, type ContenderBuild } from '../../bench/contenders.ts';
import { keptResults, pageOf } from '../../bench/page.ts';
import type { BenchResults, Step } from '../../bench/results.ts';
import { measureSteps } from '../../bench/steps.ts';

/** A step as it is measured, with figures that are made up. */
function stepOf(server: string): Step {
  const times = { p50: 1, p95: 2, p99: 3, max: 4, count: 100 };
  const counts = { received: 100, flushed: 0, lost: 0, duplicated: 0, outOfOrder: 0, stale: 0, foreign: 0 };
  return {
    server,
    calls: 2,
    round: 1,
    awake: false,
    idleRssBytes: 1e8,
    callsLost: 0,
    frames: 200,
    framesPerSecond: 200,
    cpuShare: 0.01,
    usPerFrame: 50,
    rssBytes: 1.1e8,
    toAgent: times,
    toCaller: times,
    turnStart: times,
    clears: times,
    clearsHeard: 1,
    missedClears: 0,
    needlessClears: 0,
    setUps: times,
    counts,
    generator: { cpuShare: 0.1, late: times, lag: times },
    disturbed: false,
    loadAverage: 0,
  };
}

/** Both of the agent's formats and the tutorial's; the compiled server as it is, and both that are made up for the benchmark. */
const SERVERS = ['bridge-pcm', 'relay-pcm', 'tutorial', 'frames-as-events'];
const contenders = CONTENDERS.filter(({ name }) => SERVERS.includes(name));
const page = await readFile(new URL('../../docs/performance.md', import.meta.url), 'utf8');

describe('a short run of the benchmark', () => {
  let build: ContenderBuild;
  let steps: Step[] = [];

  beforeAll(async () => {
    build = await buildContenders();
  }, 60_000);
  afterAll(() => build.remove());

  // How soon anything comes is not asked: on a machine that is busy with all other tests, nothing is sure.
  it('carries two calls through each server without losing a frame', {
    timeout: 60_000,
    retry: 2,
  }, async () => {
    const shared = { build, loads: [2], seconds: 2, round: 1, awake: false, cores: undefined, measured() {} };
    steps = (await Promise.all(contenders.map((contender) => measureSteps({ ...shared, contender })))).flat();
    expect(steps.map(({ server }) => server)).toEqual(SERVERS);
    for (const { server, counts, frames, callsLost, disturbed } of steps) {
      expect(frames).toBeGreaterThan(50);
      // Of a run that is not valid nothing is known.
      if (disturbed) continue;
      const { received, flushed, ...wrong } = counts;
      const none = { lost: 0, duplicated: 0, outOfOrder: 0, stale: 0, foreign: 0 };
      expect({ server, ...wrong, callsLost }).toEqual({ server, ...none, callsLost: 0 });
      expect(received).toBeGreaterThan(50);
    }
  });

  it('knows of each server what a frame cost, how late it was, and how the generator fared', () => {
    for (const { usPerFrame, rssBytes, toAgent, toCaller, setUps, generator, disturbed } of steps) {
      expect(generator.lag.count).toBeGreaterThan(0);
      if (disturbed) continue;
      for (const value of [usPerFrame, rssBytes, toAgent.p99, toCaller.p50, setUps.p50, generator.cpuShare])
        expect(value).toBeGreaterThan(0);
      expect(setUps.count).toBe(2);
      expect(toAgent.p50).toBeLessThanOrEqual(toAgent.p99);
    }
  });

  it('makes a page with tables and pictures, or says that it is not valid', () => {
    const results: BenchResults = {
      day: '2024-01-01',
      machine: 'a machine',
      loadBefore: 0,
      pinned: false,
      seconds: 1,
      rounds: 1,
      loads: [2],
      steps: SERVERS.map((server) => ({ ...stepOf(server), disturbed: server === 'tutorial' })),
      profile: { server: 'bridge', calls: 2, shares: [{ category: 'ours', share: 1 }] },
    };
    const made = pageOf(results, page);
    expect(made.page).toContain('Not valid, and left out: 1 of 4 steps (tutorial at 2 calls)');
    expect(made.page).toContain('| 2 | the bridge, PCM 16 kHz |');
    expect(made.page).not.toContain("| 2 | the tutorial's server |");
    expect(made.page.split('## What was tried and not kept')[1]).toBe(
      page.split('## What was tried and not kept')[1],
    );
    for (const svg of made.pictures.values()) expect(svg).not.toMatch(/NaN|undefined|Infinity/);
  });
});

describe('docs/performance.md', () => {
  it('shows the figures that are kept; if not, run npm run docs:performance', async () => {
    const made = pageOf(await keptResults(), page);
    expect(page).toBe(made.page);
    for (const [file, svg] of made.pictures) {
      const url = new URL(`../../docs/pictures/performance/${file}`, import.meta.url);
      expect(await readFile(url, 'utf8')).toBe(svg);
    }
  });
});
