import { describe, expect, it } from 'vitest';
import { createFarTrack } from '../../src/audio/far-track.ts';
import { createVoiceOnset, type VoiceEdge } from '../../src/audio/voice-onset.ts';
import { createCallerMix, FRAME } from '../corpus/mix.ts';
import { createVirtualClock } from '../support/virtual-clock.ts';
import { corpus, listenTo, voices } from './voice-rig.ts';

/** A caller who says something at 2 s, and again at 5 s. */
function rig(id = 'u07') {
  const clock = createVirtualClock();
  const edges: (VoiceEdge & { at: number })[] = [];
  const onset = createVoiceOnset({
    clock,
    far: createFarTrack(),
    tell: (edge) => edges.push({ ...edge, at: clock.now() }),
  });
  const near = [2_000, 5_000].map((atMs) => ({ kind: 'utt', id, atMs }) as const);
  const mix = createCallerMix(corpus, { near });
  const frames = Array.from({ length: 400 }, () => mix.mulaw());
  const take = (from: number, to: number) => {
    for (const frame of frames.slice(from, to)) {
      clock.advance(20);
      onset.take(frame);
    }
  };
  return { clock, onset, frames, take, edges };
}

describe('the voice onset', () => {
  it('tells when a voice began and when it ended', () => {
    const { onset, take, edges } = rig();
    onset.arm();
    take(0, 250);
    expect(edges.map(({ type }) => type)).toEqual(['caller.voiced', 'caller.hushed']);
    const [voiced, hushed] = edges;
    const offset = 2_000 + (corpus.item('utt', 'u07').offsetMs ?? 0) - 40;
    expect(voiced?.type === 'caller.voiced' && voiced.onsetAt - 2_000).toBeLessThanOrEqual(40);
    expect(hushed?.type === 'caller.hushed' && Math.abs(hushed.voicedUntil - offset)).toBeLessThanOrEqual(60);
    expect(hushed?.type === 'caller.hushed' && hushed.voicedMs).toBeGreaterThan(400);
    expect(hushed?.type === 'caller.hushed' && hushed.at - hushed.voicedUntil).toBe(300);
  });

  it('tells nothing while disarmed', () => {
    const { take, edges } = rig();
    take(0, 400);
    expect(edges).toEqual([]);
  });

  it('forgets the spell when disarmed and hears the next voice as a new one', () => {
    const { onset, take, edges } = rig();
    onset.arm();
    take(0, 120);
    onset.disarm();
    take(120, 240);
    onset.arm();
    take(240, 400);
    expect(edges.map(({ type }) => type)).toEqual(['caller.voiced', 'caller.voiced', 'caller.hushed']);
    const [, second, hushed] = edges;
    expect(second?.type === 'caller.voiced' && second.onsetAt).toBeGreaterThanOrEqual(4_960);
    expect(hushed?.type === 'caller.hushed' && hushed.voicedMs).toBeLessThan(1_000);
  });

  it('takes one word to arm twice as one', () => {
    const { onset, take, edges } = rig();
    onset.arm();
    take(0, 120);
    onset.arm();
    take(120, 250);
    expect(edges.map(({ type }) => type)).toEqual(['caller.voiced', 'caller.hushed']);
  });

  it('hears the same whatever lengths the sound comes in', () => {
    const whole = rig();
    whole.onset.arm();
    whole.take(0, 400);
    const cut = rig();
    cut.onset.arm();
    const stream = Buffer.concat(cut.frames);
    let sent = 0;
    for (let frame = 1; frame <= 400; frame += 1) {
      cut.clock.advance(20);
      // The bytes of this frame that are due now, in two pieces that end nowhere in particular.
      const due = frame * FRAME;
      const middle = Math.min(due, sent + 1 + ((frame * 37) % FRAME));
      cut.onset.take(stream.subarray(sent, middle));
      cut.onset.take(stream.subarray(middle, due));
      sent = due;
    }
    expect(cut.edges).toEqual(whole.edges);
    expect(whole.edges.length).toBeGreaterThanOrEqual(4);
  });

  it('dates a voice by when it was spoken, though the network brings it in clumps', () => {
    const smooth = rig();
    smooth.onset.arm();
    smooth.take(0, 250);
    const clumped = rig();
    clumped.onset.arm();
    clumped.take(0, 95);
    for (let frame = 95; frame < 250; frame += 1) {
      clumped.clock.advance(20);
      if (frame % 3 !== 0) continue;
      for (const late of clumped.frames.slice(frame - 2, frame + 1)) clumped.onset.take(late);
    }
    const dates = (edges: VoiceEdge[]) =>
      edges.map((edge) => (edge.type === 'caller.voiced' ? edge.onsetAt : edge.voicedUntil));
    expect(clumped.edges).toHaveLength(2);
    dates(clumped.edges).forEach((date, index) => {
      expect(Math.abs(date - (dates(smooth.edges)[index] ?? 0))).toBeLessThanOrEqual(40);
    });
  });

  it('lets no time pass while the line sends nothing', () => {
    const { clock, onset, take, edges } = rig();
    onset.arm();
    take(0, 120);
    clock.advance(10_000);
    expect(edges.map(({ type }) => type)).toEqual(['caller.voiced']);
  });

  it('gets used to a tone that stays', () => {
    const clock = createVirtualClock();
    let told = 0;
    const onset = createVoiceOnset({ clock, far: createFarTrack(), tell: () => (told += 1) });
    onset.arm();
    const dtmf = corpus.item('event', 'dtmf').mulaw.subarray(640, 640 + FRAME);
    for (let frame = 0; frame < 100; frame += 1) {
      clock.advance(20);
      onset.take(dtmf);
    }
    const atFirst = told;
    for (let frame = 0; frame < 500; frame += 1) {
      clock.advance(20);
      onset.take(dtmf);
    }
    expect([atFirst <= 2, told - atFirst]).toEqual([true, 0]);
  });

  it('learns what is behind the caller before the agent speaks', () => {
    const tv = { ms: 8_000, noise: { bed: 'tv', levelDbfs: -45 } } as const;
    expect(voices(listenTo(tv))).toBeLessThanOrEqual(1);
  });

  it('allocates nothing as frames pass', () => {
    const { onset, frames, clock } = rig();
    onset.arm();
    const quiet = frames.slice(0, 90);
    const pass = (times: number) => {
      for (let i = 0; i < times; i += 1) for (const frame of quiet) onset.take(frame);
    };
    clock.advance(20);
    pass(50);
    const before = process.memoryUsage().heapUsed;
    pass(300);
    // 27,000 frames: 100 bytes a frame would be 2.7 MB.
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(2_700_000);
  });
});
