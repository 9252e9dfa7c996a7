import { createWatch as createWholeWatch, type Watch, type WatchOptions } from '../../src/inspector/watch.ts';

/** As much of a watch as a call does without: nobody hears what its statecharts do, or listens at its wires. */
type BlindWatch = Omit<Watch, 'opened' | 'overheard'> & { opened(): undefined; overheard: undefined };

/** What stands in for the watch of calls in the server that is measured with inspection off. */
export function createWatch(options: WatchOptions): BlindWatch {
  return { ...createWholeWatch(options), opened: () => undefined, overheard: undefined };
}
