import type { Socket } from 'node:net';
import { corrupted, delayOf, isBlackHole, leastRate, type Toxic } from './toxics.ts';

/** One direction of a line. */
export interface ToxicPipe {
  poison(toxic: Toxic): () => void;
  cure(): void;
  /** Tells the receiver that nothing more comes, now; what still comes is thrown away. */
  finish(): void;
  /** Nothing is carried any more, and no timer is left. */
  stop(): void;
  readonly carried: number;
}

export interface ToxicPipeOptions {
  from: Socket;
  to: Socket;
  random: () => number;
  /** Is shown the first piece before anything is done with it. */
  first?: (bytes: Buffer) => void;
}

/** How an end went: it has finished what it said, or it is gone. */
type Farewell = 'finished' | 'gone' | 'reset';

interface Waiting {
  what: Buffer | Farewell;
  dueAt: number;
}

/** So many bytes wait in the middle, then the sender is held back. */
const MOST_WAITING_BYTES = 4 * 1024 * 1024;

/** Carries what `from` says to `to`, well until it is poisoned. */
export function createToxicPipe({ from, to, random, first }: ToxicPipeOptions): ToxicPipe {
  const toxics = new Set<Toxic>();
  const waiting: Waiting[] = [];
  let waitingBytes = 0;
  let lastDueAt = 0;
  let throttledUntil = 0;
  let readAgainAt = 0;
  let carried = 0;
  let finished = false;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let readTimer: NodeJS.Timeout | undefined;

  function dueAt(bytes: number): number {
    const now = performance.now();
    const slowest = leastRate(toxics, 'throttle');
    throttledUntil = slowest === Number.POSITIVE_INFINITY ? 0 : Math.max(throttledUntil, now);
    if (throttledUntil > 0) throttledUntil += (1_000 * bytes) / slowest;
    lastDueAt = Math.max(lastDueAt, now + delayOf(toxics, random), throttledUntil);
    return lastDueAt;
  }

  function take(what: Buffer | Farewell): void {
    if (stopped) return;
    if (typeof what === 'string') waiting.push({ what, dueAt: dueAt(0) });
    else takeBytes(what);
    carry();
  }

  /** What is throttled goes on in pieces of a twentieth of a second. */
  function takeBytes(bytes: Buffer): void {
    const most = Math.max(1, Math.min(bytes.length, Math.floor(leastRate(toxics, 'throttle') / 20)));
    waitingBytes += bytes.length;
    for (let at = 0; at < bytes.length; at += most) {
      const piece = bytes.subarray(at, at + most);
      waiting.push({ what: piece, dueAt: dueAt(piece.length) });
    }
  }

  /** Hands on what is due. Holds the sender back where it must be. */
  function carry(): void {
    clearTimeout(timer);
    while (!isBlackHole(toxics)) {
      const next = waiting[0];
      if (!next) break;
      const early = next.dueAt - performance.now();
      if (early >= 1) {
        timer = setTimeout(carry, early);
        break;
      }
      if (typeof next.what !== 'string' && to.writableNeedDrain) break;
      waiting.shift();
      handOn(next.what);
    }
    read();
  }

  function handOn(what: Buffer | Farewell): void {
    if (typeof what !== 'string') {
      waitingBytes -= what.length;
      if (finished || to.destroyed) return;
      carried += what.length;
      to.write(what);
    } else if (what === 'finished') finish();
    else if (what === 'gone') to.destroy();
    else to.resetAndDestroy();
  }

  function read(): void {
    clearTimeout(readTimer);
    if (stopped) return;
    const full = waitingBytes > MOST_WAITING_BYTES || (to.writableNeedDrain && !to.destroyed);
    const early = readAgainAt - performance.now();
    if (early > 0) readTimer = setTimeout(read, early);
    if (full || early > 0 || isBlackHole(toxics)) from.pause();
    else from.resume();
  }

  function finish(): void {
    finished = true;
    if (!to.destroyed) to.end();
  }

  function changed(): void {
    // What was delayed keeps its order, not its delay.
    if (toxics.size === 0) {
      lastDueAt = throttledUntil = readAgainAt = 0;
      for (const each of waiting) each.dueAt = 0;
    }
    carry();
  }

  let showFirst = first;
  from.on('data', (bytes: Buffer) => {
    showFirst?.(bytes);
    showFirst = undefined;
    const slowest = leastRate(toxics, 'slowRead');
    if (slowest !== Number.POSITIVE_INFINITY)
      readAgainAt = performance.now() + (1_000 * bytes.length) / slowest;
    take(corrupted(toxics, bytes, random));
  });
  from.on('end', () => take('finished'));
  let broken = false;
  from.on('error', () => {
    broken = true;
  });
  from.on('close', () => {
    if (broken) take('reset');
    else if (!from.readableEnded) take('gone');
  });
  to.on('drain', carry);

  return {
    poison(toxic) {
      toxics.add(toxic);
      changed();
      return () => {
        if (toxics.delete(toxic)) changed();
      };
    },
    cure() {
      toxics.clear();
      changed();
    },
    finish,
    stop() {
      stopped = true;
      clearTimeout(timer);
      clearTimeout(readTimer);
    },
    get carried() {
      return carried;
    },
  };
}
