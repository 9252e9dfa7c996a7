import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCallerEncoder } from '../../src/audio/agent-format.ts';
import { createCallerRig } from './caller-rig.ts';
import { cut } from './measure.ts';
import { voice } from './voice.ts';

const frameLengths = fc.array(fc.integer({ min: 1, max: 500 }), { minLength: 1, maxLength: 12 });

describe('the caller on the way to the agent', () => {
  it('brings every byte, in order, whatever the frames, the release and the batches', () => {
    fc.assert(
      fc.property(
        frameLengths,
        fc.nat(60),
        fc.integer({ min: 1, max: 25 }),
        fc.constantFrom('mulaw' as const, 'pcm_s16le' as const),
        (lengths, releasedAt, framesPerSend, format) => {
          const said = voice(8_000);
          const rig = createCallerRig({ framesPerSend, format });
          cut(said, lengths).forEach((frame, i) => {
            if (i === releasedAt) rig.path.release();
            rig.path.take(frame, undefined);
          });
          rig.path.finish();
          expect(rig.sent().equals(createCallerEncoder(format).encode(said))).toBe(true);
          expect(rig.path.readings).toEqual({
            heldFrames: 0,
            droppedFrames: 0,
            gapFilledMs: 0,
            sentFrames: expect.closeTo(50, 6),
          });
        },
      ),
    );
  });

  it('puts as many frames into a message as it was told', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 25 }), fc.nat(40), (framesPerSend, releasedAt) => {
        const rig = createCallerRig({ framesPerSend });
        rig.speak(releasedAt);
        rig.path.release();
        rig.speak(60);
        const full = framesPerSend * 160;
        expect(rig.messages.every(({ bytes }) => bytes.length === full)).toBe(true);
        expect(rig.sent().length).toBe(rig.spoken().length - (rig.spoken().length % full));
      }),
    );
  });

  it('counts two frames that come as one as two', () => {
    const rig = createCallerRig({ framesPerSend: 4 });
    rig.path.release();
    for (let i = 0; i < 4; i += 1) rig.path.take(voice(320, i * 320), undefined);
    expect(rig.messages.map(({ bytes }) => bytes.length)).toEqual([640, 640]);
  });

  it('holds everything until it is released, then sends it at once and each frame as it comes', () => {
    const rig = createCallerRig();
    rig.speak(19);
    expect(rig.edgeTypes()).toEqual(['pipe.started']);
    rig.speak(11);
    expect(rig.edgeTypes()).toEqual(['pipe.started', 'pipe.primed']);
    expect(rig.path.readings.heldFrames).toBe(30);
    expect(rig.messages).toEqual([]);
    expect(rig.path.lastSentAt).toBeNull();
    rig.path.release();
    expect(rig.edges.at(-1)).toEqual({ type: 'caller.forwarded', frames: 30, ms: 600 });
    expect(new Set(rig.messages.map(({ atMs }) => atMs))).toEqual(new Set([600]));
    rig.speak(5);
    expect(rig.messages.slice(30).map(({ atMs }) => atMs)).toEqual([600, 620, 640, 660, 680]);
    expect(rig.path.lastSentAt).toBe(680);
    expect(rig.sent().equals(rig.spoken())).toBe(true);
  });

  it('drops the oldest beyond its room, and counts exactly', () => {
    fc.assert(
      fc.property(frameLengths, fc.integer({ min: 4, max: 45 }), (lengths, connectFrames) => {
        const said = voice(8_000);
        const rig = createCallerRig({ connectFrames });
        for (const frame of cut(said, lengths)) rig.path.take(frame, undefined);
        const { droppedFrames, heldFrames } = rig.path.readings;
        rig.path.release();
        expect(rig.sent().equals(said.subarray(-rig.sent().length))).toBe(true);
        expect(droppedFrames * 160 + rig.sent().length).toBeCloseTo(said.length, 6);
        expect(heldFrames * 160).toBeCloseTo(rig.sent().length, 6);
        // No more was dropped than had to be.
        expect(rig.sent().length).toBeLessThanOrEqual(connectFrames * 160);
        expect(rig.sent().length).toBeGreaterThan(connectFrames * 160 - Math.max(...lengths));
        expect(rig.edgeTypes().filter((type) => type === 'pipe.overflowed')).toHaveLength(1);
      }),
    );
  });

  it('begins anew after a flush', () => {
    const rig = createCallerRig({ framesPerSend: 8, connectFrames: 30 });
    rig.speak(40);
    rig.path.flush();
    expect(rig.path.readings.heldFrames).toBe(0);
    rig.speak(40);
    const cycle = ['pipe.started', 'pipe.primed', 'pipe.overflowed'];
    expect(rig.edgeTypes()).toEqual([...cycle, ...cycle]);
    rig.path.release();
    // 30 frames fill three messages of eight; the six that wait for a fourth are dropped too.
    rig.path.flush();
    const sentBefore = rig.messages.length;
    rig.speak(30);
    expect(rig.messages.length).toBe(sentBefore);
    rig.path.release();
    rig.path.finish();
    const [first, second] = [voice(24 * 160, 50 * 160), voice(30 * 160, 80 * 160)];
    expect(rig.sent().equals(Buffer.concat([first, second]))).toBe(true);
  });

  it('lets no sound from before a flush be heard after it', () => {
    const rig = createCallerRig({ format: 'pcm_s16le' });
    rig.path.release();
    rig.speak(5);
    rig.path.flush();
    rig.path.release();
    const before = rig.sent().length;
    rig.path.take(Buffer.alloc(160, 0xff), undefined);
    expect(
      rig
        .sent()
        .subarray(before)
        .every((byte) => byte === 0),
    ).toBe(true);
  });

  it('sends what it holds when the call ends before it was released, and keeps no timer', () => {
    const rig = createCallerRig();
    rig.path.open();
    rig.speak(7);
    rig.path.finish();
    rig.advance(1_000);
    expect(rig.sent().equals(rig.spoken())).toBe(true);
    expect(rig.armed).toBe(0);
  });
});

describe('an agent whose socket pushes back', () => {
  it('loses nothing as long as there is room, and tells of it once', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), fc.constantFrom(1, 3, 20), (frames, framesPerSend) => {
        const rig = createCallerRig({ framesPerSend });
        rig.path.release();
        rig.drain(0);
        while (!rig.edgeTypes().includes('pipe.stalled')) rig.speak(1);
        const sentBefore = rig.messages.length;
        rig.speak(frames - 1);
        expect(rig.messages.length).toBe(sentBefore);
        expect(rig.path.readings.heldFrames).toBe(frames);
        rig.drain(10_000);
        rig.advance(20);
        rig.speak(1);
        rig.path.finish();
        expect(rig.path.readings.droppedFrames).toBe(0);
        expect(rig.sent().equals(rig.spoken())).toBe(true);
        expect(rig.edgeTypes().filter((type) => type === 'pipe.stalled')).toHaveLength(1);
        expect(rig.edgeTypes().filter((type) => type === 'pipe.relieved')).toHaveLength(1);
      }),
    );
  });

  it('pushes back from 32 KB on, and is free again at 8 KB', () => {
    const rig = createCallerRig();
    rig.path.release();
    rig.drain(0);
    // 205 frames are 32,800 bytes.
    rig.speak(205);
    expect(rig.edgeTypes()).not.toContain('pipe.stalled');
    rig.speak(1);
    expect(rig.edgeTypes()).toContain('pipe.stalled');
    rig.drain(24_500 / 20);
    rig.advance(20);
    rig.drain(0);
    rig.speak(1);
    expect(rig.edgeTypes()).not.toContain('pipe.relieved');
    rig.drain(10);
    rig.speak(10);
    expect(rig.edgeTypes().slice(-3)).toEqual(['pipe.stalled', 'pipe.started', 'pipe.relieved']);
    expect(rig.sent().equals(rig.spoken())).toBe(true);
  });

  it('costs the oldest frames beyond the room for that, counted exactly', () => {
    const rig = createCallerRig();
    rig.path.release();
    rig.drain(0);
    rig.speak(205 + 80);
    expect(rig.path.readings).toMatchObject({ heldFrames: 50, droppedFrames: 30 });
    rig.drain(10_000);
    rig.advance(20);
    rig.speak(1);
    expect(rig.path.readings).toMatchObject({ heldFrames: 0, droppedFrames: 30 });
    const [head, tail] = [rig.spoken().subarray(0, 205 * 160), rig.spoken().subarray(-51 * 160)];
    expect(rig.sent().equals(Buffer.concat([head, tail]))).toBe(true);
    // The same happens again, and is told again.
    rig.advance(1_000);
    rig.drain(0);
    rig.speak(205 + 80);
    expect(rig.edgeTypes().filter((type) => type === 'pipe.overflowed')).toHaveLength(2);
  });

  it('is not taken for one because of our own burst', () => {
    const rig = createCallerRig({ format: 'pcm_s16le' });
    rig.speak(500);
    // 320 KB at 64 bytes a millisecond, of which the live frames take half.
    rig.drain(64);
    rig.path.release();
    rig.speak(1_000);
    expect(rig.edgeTypes()).not.toContain('pipe.stalled');
    expect(rig.sent().equals(createCallerEncoder('pcm_s16le').encode(rig.spoken()))).toBe(true);
  });

  it('is noticed behind a burst as soon as another 32 KB have piled up', () => {
    const rig = createCallerRig();
    rig.speak(500);
    rig.drain(20);
    rig.path.release();
    // Half of the burst leaves, then nothing more.
    rig.speak(150);
    rig.drain(0);
    rig.speak(204);
    expect(rig.edgeTypes()).not.toContain('pipe.stalled');
    rig.speak(3);
    expect(rig.edgeTypes()).toContain('pipe.stalled');
  });

  it('is not taken for one because of a long gap that was filled', () => {
    const rig = createCallerRig({ format: 'pcm_s16le' });
    rig.path.release();
    rig.speak(10);
    rig.drain(64);
    rig.path.take(voice(160), 10_000);
    rig.speak(50, 10_020);
    expect(rig.edgeTypes()).not.toContain('pipe.stalled');
    expect(rig.path.readings).toMatchObject({ gapFilledMs: 9_800, droppedFrames: 0, heldFrames: 0 });
  });

  it('cannot make the socket pile up while silence stands in for the caller', () => {
    const rig = createCallerRig();
    rig.path.open();
    rig.path.release();
    rig.drain(0);
    rig.advance(60_000);
    // 32 KB, the last step on top of them, and no more than as much again for steps that began below.
    expect(rig.sent().length).toBeLessThan(2 * 32_768 + 1_000);
    expect(rig.edgeTypes()).toContain('pipe.stalled');
  });
});
