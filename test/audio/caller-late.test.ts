import { describe, expect, it } from 'vitest';
import { createCallerRig } from './caller-rig.ts';

/** A caller's path whose frames carry their numbers. */
function numberedRig() {
  const rig = createCallerRig();
  let said = 0;
  /** The caller's next frames, in real time. */
  function speak(count: number): void {
    for (let frame = 0; frame < count; frame += 1) {
      const mulaw = Buffer.alloc(160, 0x10);
      mulaw.writeUInt32BE(said);
      rig.path.take(mulaw, said * 20);
      said += 1;
      rig.advance(20);
    }
  }
  /** Which frames the agent has. */
  const heard = () => rig.messages.map(({ bytes }) => bytes.readUInt32BE());
  return { ...rig, speak, heard };
}

/** As that, live, on a line that is late from now on although its socket takes everything. */
function lateRig() {
  const rig = numberedRig();
  rig.path.release();
  rig.speak(10);
  rig.path.late(true);
  return rig;
}

const from = (first: number, count: number) => Array.from({ length: count }, (_, at) => first + at);

describe("a late agent's line", () => {
  it('is sent nothing until it answers, and then all that waits, in order', () => {
    const rig = lateRig();
    rig.speak(60);
    expect(rig.heard()).toEqual(from(0, 10));
    expect(rig.path.readings).toMatchObject({ heldFrames: 60, droppedFrames: 0 });
    rig.path.late(true);
    expect(rig.heard()).toEqual(from(0, 70));
    rig.speak(40);
    rig.path.late(false);
    rig.speak(1);
    expect(rig.heard()).toEqual(from(0, 111));
    expect(rig.path.readings).toMatchObject({ heldFrames: 0, droppedFrames: 0 });
    expect(rig.edgeTypes()).toEqual([
      'caller.forwarded',
      'pipe.stalled',
      ...['pipe.started', 'pipe.started'],
      'pipe.relieved',
    ]);
  });

  it('costs what is older than two seconds when it answers, counted exactly', () => {
    const rig = lateRig();
    rig.speak(130);
    expect(rig.path.readings).toMatchObject({ heldFrames: 100, droppedFrames: 30 });
    rig.path.late(false);
    rig.speak(10);
    expect(rig.heard()).toEqual([...from(0, 10), ...from(40, 110)]);
    expect(rig.path.readings).toMatchObject({ heldFrames: 0, droppedFrames: 30 });
  });

  it('is said to overflow once, however often, until it is in time again', () => {
    const rig = lateRig();
    const overflows = () => rig.edgeTypes().filter((type) => type === 'pipe.overflowed').length;
    for (let answer = 0; answer < 5; answer += 1) {
      rig.speak(130);
      rig.path.late(true);
    }
    expect(overflows()).toBe(1);
    rig.path.late(false);
    rig.speak(10);
    rig.path.late(true);
    rig.speak(130);
    expect(overflows()).toBe(2);
  });

  it('is sent every word in time with its answers where those come within two seconds, however late they are', () => {
    const rig = lateRig();
    for (let answer = 0; answer < 20; answer += 1) {
      rig.speak(95);
      rig.path.late(true);
    }
    expect(rig.heard()).toEqual(from(0, 10 + 20 * 95));
    expect(rig.path.readings.droppedFrames).toBe(0);
  });

  it('keeps to what its socket takes as well', () => {
    const rig = lateRig();
    rig.drain(0);
    rig.speak(40);
    rig.path.late(true);
    rig.speak(300);
    expect(rig.heard()).toEqual(from(0, 50));
    // 6,400 bytes wait in the socket, which is below what holds a late line back; 16,000 more are not.
    rig.path.late(true);
    rig.speak(40);
    rig.path.late(true);
    expect(rig.heard()).toHaveLength(150);
  });

  it('says nothing before the agent is there', () => {
    const rig = numberedRig();
    rig.path.late(true);
    rig.speak(30);
    expect(rig.edgeTypes()).toEqual(['pipe.started', 'pipe.primed']);
    rig.path.late(false);
    rig.path.release();
    rig.speak(5);
    expect(rig.heard()).toEqual(from(0, 35));
  });
});
