import {
  access,
  lstat,
  mkdir,
  readdir,
  rename,
  rmdir,
  stat,
  unlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock, OpenCalls, RandomBytes } from '../ports.ts';

export interface OpenCallsFolderOptions {
  clock: Clock;
  randomBytes: RandomBytes;
  /** Shared with other processes, if there are any. */
  folder: string;
  /** Whose the folder must be, where others could have made it before: in a place that all may write to. */
  uid?: number | undefined;
  /** Whose calls these are; those of others in the same folder are left alone. Letters and digits. */
  account: string;
  /** A call that a killed process has left open. It stands among this process's own from now on. */
  orphaned(vapiCallId: string): void;
  /** Something could not be written down or read, for the log. */
  failed(words: string): void;
}

export interface OpenCallsFolder extends Pick<OpenCalls, 'opened' | 'ended'> {
  /**
   * Whether another process has this call among its own. One that was only held up, and taken for dead, writes its calls
   * down again with its next beat.
   */
  isElsewhere(vapiCallId: string): Promise<boolean>;
  /** Writes what is still to be written, and takes the folder away if no call is left in it. */
  close(): Promise<void>;
}

/** How often a process shows that it lives, ms. */
const BEAT_MS = 2_000;
/** So many beats that are missing, and it is dead: a stall of the event loop or of the disk costs fewer. */
const BEATS_TO_DEATH = 5;

/** What an id must be to name a file. Vapi's are UUIDs. */
const ID = /^[\w-]{1,64}$/;

/** In words, without the path. */
const wordsOf = (error: unknown) => (error as NodeJS.ErrnoException).code ?? 'unknown error';

/**
 * Keeps the open calls of this process on disk: a folder of its own, in it an empty file for each call, named by the
 * call's id. That holds no secret, cannot be half written, and outlives a `kill -9`. Not a loss of power: nothing is
 * forced to the disk, since a machine that is gone has no sockets at Vapi either, and media must not wait for a disk.
 *
 * A process lives as long as its folder is touched. Who looks on compares a folder's time with what it was when he looked
 * last, and never with his own clock: clocks differ, and are set. A process id would tell nothing: in a container each is 1.
 * The folder is on a disk of the machine: what a network's file system tells of times may be a minute old.
 *
 * Rejects if the folder cannot be used.
 */
export async function openCallsFolder(options: OpenCallsFolderOptions): Promise<OpenCallsFolder> {
  const { clock, folder, account, orphaned } = options;
  const newName = () => `${account}-${options.randomBytes(8).toString('hex')}`;
  const name = newName();
  const own = join(folder, name);
  const open = new Set<string>();
  /** When each other process's folder was touched last, as seen at the last look. */
  let touched = new Map<string, number>();
  let beats = 0;
  let isFailing = false;
  let toldOfLeftovers = false;
  let closed = false;

  await mkdir(folder, { recursive: true, mode: 0o700 });
  // Not followed, should it be a link: the link has an owner, too.
  if (options.uid !== undefined && (await lstat(folder)).uid !== options.uid)
    throw new Error('that folder belongs to another user');
  await mkdir(own, { mode: 0o700 });

  // One after the other: a call that ends at once must not be struck out before it is written down.
  let queue: Promise<void> = Promise.resolve();
  function inTurn(task: () => Promise<void>): Promise<void> {
    queue = queue.then(task).then(
      () => {
        isFailing = false;
      },
      (error) => {
        if (!isFailing) options.failed(`The open calls cannot be written down (${wordsOf(error)}).`);
        isFailing = true;
      },
    );
    return queue;
  }

  const write = (vapiCallId: string) => writeFile(join(own, vapiCallId), '', { mode: 0o600 });

  async function beat(): Promise<void> {
    const now = new Date(clock.epochMs());
    try {
      await utimes(own, now, now);
    } catch (error) {
      if (wordsOf(error) !== 'ENOENT') throw error;
      // Taken away by whoever cleans up, or by another process that took this one for dead.
      await mkdir(own, { recursive: true, mode: 0o700 });
      await Promise.all([...open].map(write));
    }
  }

  /** Takes the calls of a dead process over; of several who do, one gets them. */
  async function inherit(dead: string): Promise<void> {
    // All of it at once: a process that wakes up now must see that its folder is gone, to claim its calls.
    const taken = join(folder, newName());
    await rename(join(folder, dead), taken);
    for (const vapiCallId of await readdir(taken)) {
      if (!ID.test(vapiCallId)) continue;
      await rename(join(taken, vapiCallId), join(own, vapiCallId));
      open.add(vapiCallId);
      orphaned(vapiCallId);
    }
    await rmdir(taken);
  }

  const readOthers = async () =>
    (await readdir(folder)).filter((it) => it.startsWith(`${account}-`) && it !== name);

  async function look(): Promise<void> {
    const seen = new Map<string, number>();
    for (const other of await readOthers()) {
      try {
        const { mtimeMs } = await stat(join(folder, other));
        if (touched.get(other) === mtimeMs) await inherit(other);
        else seen.set(other, mtimeMs);
      } catch (error) {
        // Gone meanwhile: it has left in order, or another was quicker to inherit.
        if (wordsOf(error) === 'ENOENT' || toldOfLeftovers) continue;
        toldOfLeftovers = true;
        options.failed(
          `A folder in STATE_DIR, left by a killed process, cannot be taken over (${wordsOf(error)}): make it writable, or take it away.`,
        );
      }
    }
    touched = seen;
  }

  let timer: unknown;
  async function tick(): Promise<void> {
    await inTurn(beat);
    if (beats % BEATS_TO_DEATH === 0) await inTurn(look);
    beats += 1;
    if (!closed) timer = clock.setTimeout(tick, BEAT_MS);
  }
  void tick();

  return {
    opened(vapiCallId) {
      if (closed || !ID.test(vapiCallId)) return;
      open.add(vapiCallId);
      void inTurn(() => write(vapiCallId));
    },
    ended(vapiCallId) {
      if (!open.delete(vapiCallId)) return;
      void inTurn(() => unlink(join(own, vapiCallId)));
    },
    async isElsewhere(vapiCallId) {
      const others = await readOthers().catch(() => []);
      const found = others.map((other) => access(join(folder, other, vapiCallId)));
      return Promise.any(found).then(
        () => true,
        () => false,
      );
    },
    async close() {
      closed = true;
      clock.clearTimeout(timer);
      await queue;
      // What is not over is for the next process.
      await rmdir(own).catch(() => {});
    },
  };
}
