import { createHash } from 'node:crypto';
import type { Clock, OpenCalls, RandomBytes } from '../ports.ts';
import { type OpenCallsFolder, openCallsFolder } from './open-calls.ts';

export interface OrphansOptions {
  clock: Clock;
  randomBytes: RandomBytes;
  folder: string;
  /** Whose the folder must be, if it matters. */
  uid?: number | undefined;
  /** Whose calls these are. Secret: only a hash of it is written down. */
  apiKey: string;
  /** Ends a call at Vapi. Whether that succeeded; never rejects. */
  end(vapiCallId: string, signal: AbortSignal): Promise<boolean>;
  /** What became of a call that was left behind. */
  counted(outcome: 'ended' | 'failed'): void;
  log: Record<'info' | 'warn', (fields: Record<string, unknown>, line: string) => void>;
}

/** The calls that are open at Vapi, written down, and those that were left open, which are ended. */
export interface Orphans extends OpenCalls {
  close(): Promise<void>;
}

/** For one request. */
const END_TIMEOUT_MS = 5_000;
/** Before the first attempt at a killed process's call: one that was only held up claims its calls meanwhile. */
const GRACE_MS = 10_000;
/** After each attempt that failed, before the next; then it is left to the next process, and to Vapi's own limits. */
const PAUSES_MS = [1_000, 5_000, 30_000, 120_000, 600_000];
/** From an end that failed to the first attempt here. */
const FIRST_PAUSE_MS = 1_000;

interface LeftCall {
  vapiCallId: string;
  attempts: number;
  settled(): void;
}

/**
 * Writes down which calls are open, and ends, one after the other and beside everything else, what killed processes have
 * left behind, and what this one tried to end in vain. Without a folder that can be used it says so and writes nothing
 * down: calls do not depend on it.
 */
export function createOrphans(options: OrphansOptions): Orphans {
  const { clock, log } = options;
  const left = new Map<string, LeftCall>();
  const due: LeftCall[] = [];
  let working = false;
  let closed = false;

  async function end(vapiCallId: string): Promise<boolean> {
    const giveUp = new AbortController();
    const timeout = clock.setTimeout(() => giveUp.abort(), END_TIMEOUT_MS);
    const ended = await options.end(vapiCallId, giveUp.signal);
    clock.clearTimeout(timeout);
    return ended;
  }

  function settle({ vapiCallId, settled }: LeftCall): void {
    left.delete(vapiCallId);
    settled();
  }

  async function attempt(call: LeftCall): Promise<void> {
    const { vapiCallId } = call;
    // It was ended meanwhile.
    if (!left.has(vapiCallId)) return;
    const open = await folder;
    if (await open?.isElsewhere(vapiCallId)) {
      log.warn({}, `[Orphans] Call ${vapiCallId} is left alone: its process was slow, and lives`);
      open?.ended(vapiCallId);
      return settle(call);
    }
    if (await end(vapiCallId)) {
      log.info({}, `[Orphans] Ended call ${vapiCallId} at Vapi, which had been left open`);
      options.counted('ended');
      open?.ended(vapiCallId);
      return settle(call);
    }
    const pauseMs = PAUSES_MS[call.attempts];
    if (pauseMs === undefined) {
      log.warn({}, `[Orphans] Call ${vapiCallId}, which had been left open, could not be ended at Vapi`);
      options.counted('failed');
      return settle(call);
    }
    call.attempts += 1;
    tryAfter(call, pauseMs);
  }

  async function work(): Promise<void> {
    working = true;
    for (let next = due.shift(); next && !closed; next = due.shift()) await attempt(next);
    working = false;
  }

  function tryAfter(call: LeftCall, ms: number): void {
    clock.setTimeout(() => {
      due.push(call);
      if (!working) void work();
    }, ms);
  }

  function take(vapiCallId: string, afterMs: number, settled: () => void): void {
    if (left.has(vapiCallId)) return;
    const call = { vapiCallId, attempts: 0, settled };
    left.set(vapiCallId, call);
    tryAfter(call, afterMs);
  }

  const warn = (words: string) => log.warn({}, `[Orphans] ${words}`);
  const folder: Promise<OpenCallsFolder | undefined> = openCallsFolder({
    clock,
    randomBytes: options.randomBytes,
    folder: options.folder,
    uid: options.uid,
    account: createHash('sha256').update(options.apiKey).digest('hex').slice(0, 8),
    orphaned: (vapiCallId) => take(vapiCallId, GRACE_MS, () => {}),
    failed: warn,
  }).catch((error: NodeJS.ErrnoException) => {
    warn(
      `Open calls are not written down: STATE_DIR cannot be used (${error.code ?? error.message}). If this process is killed, they stay open at Vapi until its own limits end them.`,
    );
    return undefined;
  });

  return {
    opened: (vapiCallId) => void folder.then((it) => it?.opened(vapiCallId)),
    ended(vapiCallId) {
      left.delete(vapiCallId);
      void folder.then((it) => it?.ended(vapiCallId));
    },
    notEnded: (vapiCallId, settled) => take(vapiCallId, FIRST_PAUSE_MS, settled),
    async close() {
      closed = true;
      await (await folder)?.close();
    },
  };
}
