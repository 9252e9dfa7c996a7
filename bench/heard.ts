import type { Heard } from './talker.ts';
import type { Samples, Track, TrackCount } from './track.ts';

/** Where all that is measured of a load goes. */
export function nothingHeard(): Heard {
  const samples = (): Samples => ({
    open: false,
    steady: [],
    turnStarts: [],
    missedClears: 0,
    needlessClears: 0,
  });
  return {
    open: false,
    toAgent: samples(),
    toCaller: samples(),
    late: [],
    clears: [],
    clearsHeard: 0,
    setUps: [],
  };
}

/** Drops all times that were taken. */
export function forget(heard: Heard): void {
  heard.late.length = heard.clears.length = heard.clearsHeard = 0;
  for (const { steady, turnStarts } of [heard.toAgent, heard.toCaller]) steady.length = turnStarts.length = 0;
}

/** Begins to take times, and ends it. */
export function takeTimes(heard: Heard, taking: boolean): void {
  heard.open = heard.toAgent.open = heard.toCaller.open = taking;
}

/** How many frames went in. */
export function sentOf(tracks: readonly Track[]): number {
  return tracks.reduce((sum, { sent }) => sum + sent, 0);
}

const NOTHING: TrackCount = {
  received: 0,
  flushed: 0,
  lost: 0,
  duplicated: 0,
  outOfOrder: 0,
  stale: 0,
  foreign: 0,
};
const NAMES = Object.keys(NOTHING) as Array<keyof TrackCount>;

/** All of them together. */
export function sumOf(counts: readonly TrackCount[]): TrackCount {
  const sum = { ...NOTHING };
  for (const count of counts) for (const name of NAMES) sum[name] += count[name];
  return sum;
}

/** What was added since `before`. */
export function lessBy(count: TrackCount, before: TrackCount): TrackCount {
  const less = { ...NOTHING };
  for (const name of NAMES) less[name] = count[name] - before[name];
  return less;
}
