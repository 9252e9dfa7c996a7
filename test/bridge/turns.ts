import { expect } from 'vitest';
import { MULAW_SILENCE } from '../../src/audio/mulaw.ts';
import type { Phone } from './phone.ts';
import { agentTurn, atTheEar, BYTES_PER_MS } from './sounds.ts';
import type { BridgeWorld, PlacedCall } from './world.ts';

/** One turn of the agent: as it says it, and as the caller is to hear it. */
export interface Turn {
  spoken: Buffer;
  heard: Buffer;
  ms: number;
}

export function createTurn({ format }: BridgeWorld, seed: number, ms: number): Turn {
  const spoken = agentTurn(format, seed, ms);
  return { spoken, heard: atTheEar(format, spoken), ms };
}

/** A call whose pre-roll has gone to the agent and whose caller goes on being picked up. */
export async function liveCall(world: BridgeWorld): Promise<PlacedCall> {
  const placed = await world.place();
  placed.phone.talk();
  await world.until('the call is live', () => placed.call.state === 'streaming');
  return placed;
}

/** Waits until the agent has said all it had to say and the caller has heard it. */
export async function agentIsDone(world: BridgeWorld, placed: PlacedCall, withinMs: number): Promise<void> {
  const { agent, phone, call } = placed;
  const seemsDone = () => !agent.mind.speaking && !phone.stream.playing && call.state === 'streaming';
  await world.until('the agent is done', seemsDone, withinMs);
  // Where the agent stutters, it is done only if nothing more comes.
  await world.run(250);
  await world.until('the agent is done', seemsDone, withinMs);
}

/** What the caller heard, without the silence in it; the few bytes of an agent's turn that are silence count as such. */
export function audible(phone: Phone): Buffer {
  return withoutSilence(phone.stream.heard());
}

function withoutSilence(heard: Buffer): Buffer {
  return Buffer.from(heard.filter((byte) => byte !== MULAW_SILENCE));
}

/** The caller heard these turns, whole and in order, and nothing else. */
export function expectHeard(world: BridgeWorld, phone: Phone, ...turns: Turn[]): void {
  const whole = Buffer.concat(turns.map(({ heard }) => withoutSilence(heard)));
  expect(audible(phone).equals(whole)).toBe(true);
  // Where time is told, there is no stutter in them either.
  if (world.kind === 'memory')
    for (const { heard } of turns) expect(phone.stream.heard().includes(heard)).toBe(true);
}

/** The caller heard this much until the last `clear`. */
function heardUntilClear({ stream }: Phone): Buffer {
  const cleared = stream.clears.at(-1)?.atMs ?? 0;
  return withoutSilence(stream.heard().subarray(0, Math.ceil(cleared * BYTES_PER_MS)));
}

/**
 * The caller heard the beginning of `cut` up to the last `clear`, then silence, then `next` whole from its first byte.
 * Returns about how much of `cut` was heard, in ms.
 */
export function expectCut(phone: Phone, cut: Turn, next?: Turn): number {
  const before = heardUntilClear(phone);
  const whole = withoutSilence(cut.heard);
  expect(before.length).toBeGreaterThan(0);
  expect(before.length).toBeLessThan(whole.length);
  expect(before.equals(whole.subarray(0, before.length))).toBe(true);
  const after = audible(phone).subarray(before.length);
  expect(after.equals(next ? withoutSilence(next.heard) : Buffer.alloc(0))).toBe(true);
  return before.length / BYTES_PER_MS;
}

/** What is heard after a hole rises from silence for 10 ms. */
const FADE_BYTES = 80;

/**
 * The caller heard the whole of `turn`, with a hole in it after which it went on from at most `repeatMs` before.
 */
export function expectResumed(phone: Phone, turn: Turn, repeatMs: number): void {
  const whole = withoutSilence(turn.heard);
  const before = heardUntilClear(phone);
  expect(before.length).toBeLessThan(whole.length);
  expect(before.equals(whole.subarray(0, before.length))).toBe(true);
  const after = audible(phone).subarray(before.length);
  const repeated = before.length + after.length - whole.length;
  expect(repeated).toBeGreaterThanOrEqual(0);
  expect(repeated).toBeLessThanOrEqual(repeatMs * BYTES_PER_MS);
  const risen = after.subarray(FADE_BYTES);
  expect(risen.equals(whole.subarray(whole.length - risen.length))).toBe(true);
}
