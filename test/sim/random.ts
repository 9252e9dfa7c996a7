/** Chance from one seed: the same seed draws the same numbers, on every machine. */
export interface Random {
  /** At least 0 and below 1. */
  next(): number;
  /** A whole number, both ends included. */
  int(least: number, most: number): number;
  /** True in `share` of all cases. */
  chance(share: number): boolean;
  pick<T>(from: readonly [T, ...T[]]): T;
  bytes(count: number): Buffer;
  /** Another source, whose numbers do not depend on how many were drawn here since. */
  fork(name: number): Random;
}

/** Makes a source of chance: sfc32 by Chris Doty-Humphrey, warmed up with the seed. */
export function createRandom(seed: number): Random {
  let a = seed >>> 0;
  let b = Math.imul(seed, 0x9e3779b1) >>> 0;
  let c = 0x243f6a88;
  let counter = 1;

  function draw(): number {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + sum) | 0;
    return sum >>> 0;
  }

  for (let i = 0; i < 12; i += 1) draw();
  const next = () => draw() / 4_294_967_296;

  return {
    next,
    int: (least, most) => least + Math.floor(next() * (most - least + 1)),
    chance: (share) => next() < share,
    pick: (from) => from[Math.floor(next() * from.length)] ?? from[0],
    bytes(count) {
      const bytes = Buffer.alloc(count);
      for (let i = 0; i < count; i += 1) bytes[i] = draw() & 0xff;
      return bytes;
    },
    fork: (name) =>
      createRandom((Math.imul(seed ^ 0x51ed270b, 0x85ebca6b) + Math.imul(name + 1, 0xc2b2ae35)) >>> 0),
  };
}
