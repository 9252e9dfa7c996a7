import type { Clock } from '../../src/ports.ts';
import { createMemoryNetwork, type MemoryNetwork } from '../support/memory-network.ts';
import type { Random } from './random.ts';

/** The latency by which a journey is told from the other timers of a memory network. */
const JOURNEY_MS = 0.125;

export interface LineOptions {
  clock: Clock;
  random: Random;
  latencyMs: number;
  jitterMs: number;
  /** Told when something arrives. */
  arrived?(): void;
}

/** A memory network whose every message takes its own time, and none overtakes another. */
export function createLines({ clock, random, latencyMs, jitterMs, arrived }: LineOptions): MemoryNetwork {
  let lastArrival = 0;
  const journeys: Clock = {
    ...clock,
    setTimeout(fn, ms) {
      if (ms !== JOURNEY_MS) return clock.setTimeout(fn, ms);
      const due = clock.now() + latencyMs + (jitterMs === 0 ? 0 : random.int(0, jitterMs));
      lastArrival = Math.max(due, lastArrival);
      return clock.setTimeout(arrived ? () => arrive(fn) : fn, lastArrival - clock.now());
    },
  };

  function arrive(fn: () => void): void {
    arrived?.();
    fn();
  }

  return createMemoryNetwork({ clock: journeys, latencyMs: JOURNEY_MS });
}
