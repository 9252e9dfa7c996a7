import { type AudioFormat, createCallerEncoder } from '../../src/audio/agent-format.ts';
import {
  type CallerPathEdge,
  type CallerPathOptions,
  createCallerPath,
} from '../../src/audio/caller-path.ts';
import type { Clock } from '../../src/ports.ts';
import { createVirtualClock } from '../support/virtual-clock.ts';
import { voice } from './voice.ts';

const FRAME_MS = 20;

/** A caller's path on a virtual clock, with a socket that takes `drainBytesPerMs` and lets the rest wait. */
export function createCallerRig(over: Partial<CallerPathOptions> & { format?: AudioFormat } = {}) {
  const { format = 'mulaw', ...options } = over;
  const virtual = createVirtualClock();
  let stalledMs = 0;
  let timersSet = 0;
  const clock: Clock = {
    ...virtual,
    now: () => virtual.now() + stalledMs,
    setTimeout(fn, ms) {
      timersSet += 1;
      return virtual.setTimeout(fn, ms);
    },
  };

  const messages: { atMs: number; bytes: Buffer }[] = [];
  const edges: CallerPathEdge[] = [];
  let drainBytesPerMs = Number.POSITIVE_INFINITY;
  let waiting = 0;
  let drainedAt = 0;
  let taken = 0;

  function unsentBytes(): number {
    const elapsedMs = clock.now() - drainedAt;
    if (elapsedMs > 0) waiting = Math.max(0, waiting - elapsedMs * drainBytesPerMs);
    drainedAt = clock.now();
    return waiting;
  }

  const path = createCallerPath({
    clock,
    encoder: createCallerEncoder(format),
    send(bytes) {
      messages.push({ atMs: clock.now(), bytes });
      waiting = unsentBytes() + (drainBytesPerMs === Number.POSITIVE_INFINITY ? 0 : bytes.length);
    },
    unsentBytes,
    tell: (edge) => edges.push(edge),
    prerollFrames: 20,
    connectFrames: 500,
    backlogFrames: 50,
    framesPerSend: 1,
    ...options,
  });

  return {
    clock,
    path,
    messages,
    edges,
    /** Time passes; what is due happens. */
    advance: virtual.advance,
    /** Time passes, and this process is too busy to notice: timers fire late. */
    stall(ms: number) {
      stalledMs += ms;
    },
    /** From now on the agent's socket takes so much. */
    drain(bytesPerMs: number) {
      unsentBytes();
      drainBytesPerMs = bytesPerMs;
    },
    /** The caller's next frames, `count` of them in real time, each with the timestamp at which it is spoken. */
    speak(count: number, timestampMs: number | undefined = taken / 8) {
      for (let i = 0; i < count; i += 1) {
        path.take(voice(160, taken), timestampMs === undefined ? undefined : timestampMs + i * FRAME_MS);
        taken += 160;
        virtual.advance(FRAME_MS);
      }
    },
    /** Everything that went to the agent. */
    sent: () => Buffer.concat(messages.map(({ bytes }) => bytes)),
    /** The bytes of the caller that were taken by way of `speak`. */
    spoken: () => voice(taken),
    edgeTypes: () => edges.map(({ type }) => type),
    get timersSet() {
      return timersSet;
    },
    get armed() {
      return virtual.armed;
    },
  };
}
