import { describe, expect, it } from 'vitest';
import { watchStrain } from '../../src/server/strain.ts';
import { createVirtualClock } from '../support/virtual-clock.ts';
import { closeWorldsAfterEach, dial, media, newSid, openWorld } from './server-world.ts';

closeWorldsAfterEach();

const EASE = { lag: false, memory: false, fileHandles: false };

/** A process whose gauges are set by hand. */
function createProcess() {
  const clock = createVirtualClock();
  const read = {
    lagMs: 0,
    heap: 0,
    files: { open: 30, most: 1_000 } as { open: number; most: number } | undefined,
  };
  const told: string[] = [];
  const strain = watchStrain({
    clock,
    gauges: {
      loopLagMs: () => read.lagMs,
      heap: () => ({ usedBytes: read.heap * 700, limitBytes: 700 }),
      files: () => read.files,
    },
    told: (words) => void told.push(words),
  });
  /** Sets gauges, and waits for the next look. */
  function becomes(next: Partial<typeof read>) {
    Object.assign(read, next);
    clock.advance(5_000);
    return strain.now;
  }
  return { clock, strain, told, becomes };
}

describe('a process that watches its load', () => {
  it('is at ease at first, and stays so', () => {
    const { strain, becomes, told } = createProcess();
    expect(strain.now).toEqual(EASE);
    expect(becomes({ lagMs: 199, heap: 0.79, files: { open: 899, most: 1_000 } })).toEqual(EASE);
    expect(told).toEqual([]);
  });

  it('F52 takes no new calls from two looks with a lag of 200 ms on, and again below 100', () => {
    const { strain, becomes, told } = createProcess();
    expect(becomes({ lagMs: 200 })).toEqual(EASE);
    expect(becomes({ lagMs: 200 })).toEqual({ ...EASE, lag: true });
    expect(strain.loopLagMs).toBe(200);
    expect(becomes({ lagMs: 100 })).toEqual({ ...EASE, lag: true });
    expect(becomes({ lagMs: 99.9 })).toEqual(EASE);
    expect(told).toEqual(['No new calls for now: lag', 'New calls are taken again']);
  });

  it('bears one stall, however long, and another later', () => {
    const { becomes, told } = createProcess();
    for (const lagMs of [4_000, 10, 4_000, 199, 4_000]) becomes({ lagMs });
    expect(told).toEqual([]);
  });

  it('F54 takes no new calls with four fifths of its heap in use, and again below seven tenths', () => {
    const { becomes } = createProcess();
    expect(becomes({ heap: 0.8 })).toEqual({ ...EASE, memory: true });
    expect(becomes({ heap: 0.7 })).toEqual({ ...EASE, memory: true });
    expect(becomes({ heap: 0.69 })).toEqual(EASE);
  });

  it('F57 takes no new calls with nine tenths of its file handles in use, and again below eight', () => {
    const { becomes } = createProcess();
    expect(becomes({ files: { open: 900, most: 1_000 } })).toEqual({ ...EASE, fileHandles: true });
    expect(becomes({ files: { open: 800, most: 1_000 } })).toEqual({ ...EASE, fileHandles: true });
    expect(becomes({ files: { open: 799, most: 1_000 } })).toEqual(EASE);
  });

  it('knows of no shortage of file handles where the system does not tell', () => {
    expect(createProcess().becomes({ files: undefined })).toEqual(EASE);
  });

  it('does not flap while a gauge swings between its two limits', () => {
    const { becomes, told } = createProcess();
    for (const lagMs of [220, 220, 110, 199, 100, 220, 110]) becomes({ lagMs });
    expect(told).toEqual(['No new calls for now: lag']);
    for (const lagMs of [90, 110, 199, 100, 90]) becomes({ lagMs });
    expect(told).toEqual(['No new calls for now: lag', 'New calls are taken again']);
  });

  it('names all that it has too little of', () => {
    const { becomes, told } = createProcess();
    becomes({ lagMs: 280 });
    becomes({ heap: 0.9 });
    becomes({ lagMs: 0 });
    expect(told).toEqual(['No new calls for now: lag, memory', 'No new calls for now: memory']);
  });

  it('leaves no timer behind when it stops', () => {
    const { strain, clock } = createProcess();
    strain.stop();
    expect(clock.armed).toBe(0);
  });
});

describe('a server that is strained', () => {
  const strained = (more = {}) => {
    const strain = { now: { ...EASE } };
    return openWorld({ strain, ...more }).then((world) => Object.assign(world, { strain }));
  };

  it.each([
    ['dials on for', { fallbackNumber: '+12025550199' }, /<Dial[^>]*>.*\+12025550199/s],
    ['apologises to', {}, /All our lines are busy.*<Hangup/s],
  ])('F52 %s a new caller, and speaks on with those that it has', async (_, more, twiml) => {
    const world = await strained(more);
    const { line, streamSid, mind, call } = await world.connect();
    world.strain.now.lag = true;
    const turnedAway = await world.webhook(newSid('CA'));
    expect([turnedAway.status, turnedAway.text]).toEqual([200, expect.stringMatching(twiml)]);
    expect(turnedAway.text).not.toContain('<Stream');
    expect(world.calls.live).toBe(1);

    for (let chunk = 1; chunk <= 5; chunk += 1) line.send(media(streamSid, chunk));
    await expect.poll(() => mind.line).toMatchObject({ heardBytes: 800 });
    expect(call?.ending).toBeNull();

    world.strain.now.lag = false;
    expect((await world.webhook(newSid('CA'))).text).toContain('<Stream');
  });

  it('lets in the caller whom it has promised an agent, and no socket that comes unannounced', async () => {
    const world = await strained();
    const callSid = newSid('CA');
    const promised = await world.webhook(callSid);
    world.strain.now.memory = true;
    expect((await world.webhook(callSid)).text).toBe(promised.text);
    expect(await dial(`ws://127.0.0.1:${world.port}/media`).opened).toBe(503);
    expect(await world.knock(/\/media\/[^"]+/.exec(promised.text)?.[0] ?? '').opened).toBe('open');
  });
});
