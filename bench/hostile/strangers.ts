import { KINDS, openStranger } from './kinds.ts';

export interface StrangersOptions {
  port: number;
  /** From 0 to below 1. */
  random: () => number;
}

/** Strangers at the door of a server, who come again when they are cut. */
export interface Strangers {
  /** Has so many there from now on; they come a few at a time. */
  keep(count: number): void;
  readonly here: number;
  /** All leave, and none comes any more. How many there were of each kind. */
  leave(): Record<string, number>;
}

const COME_EVERY_MS = 20;
/** 1,000 strangers are there within 4 s; from then on, as many as 50 a second come again. */
const COME_AT_ONCE = 5;
const COME_AGAIN_AT_ONCE = 1;
/** Of those who have been let in and then send as much as they can, so many at once: each has a call of its own. */
const MOST_AT_ONCE: Readonly<Record<string, number>> = { 'F67 flood': 5 };
/** Whoever is not cut leaves after about this long, in ms, so that each kind goes on coming. */
const STAY_MS = 12_000;

/** Nobody comes until some are to be kept. */
export function openStrangers({ port, random }: StrangersOptions): Strangers {
  const kinds = Object.keys(KINDS);
  const came = new Map<string, number>(kinds.map((kind) => [kind, 0]));
  const here = new Map<{ leave(): void }, string>();
  let wanted = 0;
  let wereThere = false;

  const countOf = (kind: string) => [...here.values()].filter((one) => one === kind).length;

  function come(): void {
    const kind = kinds[Math.floor(random() * kinds.length)] ?? '';
    const most = MOST_AT_ONCE[kind];
    if (most !== undefined && countOf(kind) >= most) return;
    came.set(kind, (came.get(kind) ?? 0) + 1);
    const stranger = openStranger(kind, port, () => {
      clearTimeout(timer);
      here.delete(stranger);
    });
    const timer = setTimeout(stranger.leave, STAY_MS * (0.5 + random()));
    here.set(stranger, kind);
  }

  const timer = setInterval(() => {
    wereThere ||= here.size >= wanted;
    const atOnce = wereThere ? COME_AGAIN_AT_ONCE : COME_AT_ONCE;
    for (let n = 0; n < atOnce && here.size < wanted; n += 1) come();
  }, COME_EVERY_MS);

  return {
    keep(count) {
      wanted = count;
      wereThere = false;
    },
    get here() {
      return here.size;
    },
    leave() {
      clearInterval(timer);
      wanted = 0;
      for (const stranger of [...here.keys()]) stranger.leave();
      return Object.fromEntries([...came].sort(([a], [b]) => (a < b ? -1 : 1)));
    },
  };
}
