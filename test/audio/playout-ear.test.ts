import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { codedAudio, placeOf } from '../sim/coded-audio.ts';
import { createRandom } from '../sim/random.ts';
import { createAgentRig, LEAD_MS } from './agent-rig.ts';

const BYTES_PER_MS = 8;
const FADE_BYTES = 80;
const REPLIES = 10;

/** How an agent speaks: everything at once, or 50 ms at a time with a hole of 300 ms here and there. */
const paces = fc.constantFrom('at once', 'in clumps' as const);

interface Reply {
  /** The ear as the playout has it, less the ear as it was when the `clear` got there, in ms. */
  aheadMs: number;
  /** What was truly heard twice, in ms; negative if some was never heard. */
  repeatedMs: number | null;
}

/** A call of ten replies, each of them interrupted: paused and taken up again, or flushed. */
function interruptedCall(seed: number, oneWayMs: number, jitterMs: number, pace: string) {
  const random = createRandom(seed);
  const rig = createAgentRig({ way: { oneWayMs, jitterMs, random: () => random.next() } });
  const replies: Reply[] = [];

  /** Says `said` until so many ms have passed. */
  function sayFor(said: Buffer, ms: number): Buffer {
    if (pace === 'at once') {
      rig.playout.take(said);
      rig.advance(ms);
      return Buffer.alloc(0);
    }
    let rest = said;
    for (const end = rig.now() + ms; rig.now() < end; ) {
      rig.playout.take(rest.subarray(0, 480));
      rest = rest.subarray(480);
      rig.advance(Math.min(end - rig.now(), random.chance(0.05) ? 300 : 60));
    }
    return rest;
  }

  rig.open();
  for (let turn = 1; turn <= REPLIES; turn += 1) {
    const before = rig.media.length;
    const said = codedAudio(1, turn, 0, 2_400);
    const rest = sayFor(said, random.int(200, 2_000));
    const queuedMs = rig.playout.readings.queuedMs;
    const sentMs = rig.media.slice(before).reduce((sum, { bytes }) => sum + bytes.length, 0) / BYTES_PER_MS;
    const pauses = random.chance(0.6);
    const clears = rig.clears;
    if (pauses) rig.pause();
    else rig.flush();
    // It had finished, or not begun.
    const nothingToClear = rig.clears === clears;
    const unheardMs =
      (pauses ? rig.told('agent.paused').at(-1)?.keptMs : rig.told('agent.flushed').at(-1)?.flushedMs) ?? 0;
    rig.advance(oneWayMs + jitterMs + random.int(1, 500));
    const droppedMs = nothingToClear ? 0 : (rig.cleared.at(-1) ?? 0);
    const reply: Reply = { aheadMs: droppedMs - (unheardMs - queuedMs), repeatedMs: null };
    if (pauses) {
      const resumedAt = rig.media.length;
      rig.resume();
      const first = rig.media[resumedAt]?.bytes ?? Buffer.alloc(0);
      const place = placeOf(first, FADE_BYTES);
      if (place) reply.repeatedMs = sentMs - droppedMs - (place.offset - FADE_BYTES) / BYTES_PER_MS;
      rig.playout.take(rest);
    }
    replies.push(reply);
    rig.advance(5_000);
  }
  return { rig, replies };
}

describe("the caller's ear", () => {
  for (const oneWayMs of [0, 40, 120]) {
    for (const jitterMs of [0, 10]) {
      it(`is known within 20 ms on every reply of a call, with ${oneWayMs} to ${oneWayMs + jitterMs} ms each way`, () => {
        fc.assert(
          fc.property(fc.nat(), paces, (seed, pace) => {
            const { rig, replies } = interruptedCall(seed, oneWayMs, jitterMs, pace);
            for (const { aheadMs, repeatedMs } of replies) {
              expect(Math.abs(aheadMs)).toBeLessThanOrEqual(20);
              if (repeatedMs === null) continue;
              expect(repeatedMs).toBeGreaterThanOrEqual(0);
              expect(repeatedMs).toBeLessThanOrEqual(280);
            }
            expect(replies.some(({ repeatedMs }) => repeatedMs !== null)).toBe(true);
            expect(rig.mostLeadMs).toBeLessThanOrEqual(LEAD_MS + jitterMs + 0.001);
          }),
          { numRuns: 15 },
        );
      });
    }
  }

  it('is known again after the line stood still for half a second in the middle of a turn', () => {
    for (const oneWayMs of [0, 40, 120]) {
      const rig = createAgentRig({ way: { oneWayMs, jitterMs: 0, random: () => 0 } });
      rig.open();
      rig.say(codedAudio(1, 1, 0, 1_000));
      rig.advance(3_000);
      rig.say(codedAudio(1, 2, 0, 6_000));
      rig.advance(500);
      rig.stall(500);
      rig.advance(300);
      rig.stall(0);
      rig.advance(2_000);
      const { queuedMs } = rig.playout.readings;
      rig.pause();
      const { keptMs = 0 } = rig.told('agent.paused')[0] ?? {};
      rig.advance(oneWayMs + 1);
      expect(rig.cleared[0]).toBeGreaterThan(0);
      expect(Math.abs((rig.cleared[0] ?? 0) - (keptMs - queuedMs))).toBeLessThanOrEqual(20);
    }
  });
});
