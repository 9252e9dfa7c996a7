/**
 * What makes a line bad, for as long as it is on:
 *
 * - `latency`: everything is `ms` longer under way
 * - `jitter`: each piece is up to `ms` longer under way; the order is kept, as TCP keeps it
 * - `throttle`: so many bytes a second get through. The rest waits in the middle, and the sender notices nothing
 * - `slowRead`: so many bytes a second are taken. The rest stays with the sender, whose buffers fill
 * - `blackhole`: nothing gets through, not even that an end is gone; both ends stay open. What was sent comes once it
 *   is off, as TCP sends again what was lost
 * - `corrupt`: about one byte in `oneIn` is another
 */
export type Toxic =
  | { kind: 'latency'; ms: number }
  | { kind: 'jitter'; ms: number }
  | { kind: 'throttle'; bytesPerSecond: number }
  | { kind: 'slowRead'; bytesPerSecond: number }
  | { kind: 'blackhole' }
  | { kind: 'corrupt'; oneIn: number };

/** How much longer the next piece is under way, in ms. */
export function delayOf(toxics: ReadonlySet<Toxic>, random: () => number): number {
  let ms = 0;
  for (const toxic of toxics) {
    if (toxic.kind === 'latency') ms += toxic.ms;
    if (toxic.kind === 'jitter') ms += random() * toxic.ms;
  }
  return ms;
}

/** Bytes a second, by the slowest of this kind; infinite without one. */
export function leastRate(toxics: ReadonlySet<Toxic>, kind: 'throttle' | 'slowRead'): number {
  let least = Number.POSITIVE_INFINITY;
  for (const toxic of toxics) if (toxic.kind === kind) least = Math.min(least, toxic.bytesPerSecond);
  return least;
}

export function isBlackHole(toxics: ReadonlySet<Toxic>): boolean {
  return [...toxics].some(({ kind }) => kind === 'blackhole');
}

/** `bytes` as they come out: themselves where nothing corrupts them, else a copy. */
export function corrupted(toxics: ReadonlySet<Toxic>, bytes: Buffer, random: () => number): Buffer {
  let spoilt = bytes;
  for (const toxic of toxics) {
    if (toxic.kind !== 'corrupt') continue;
    spoilt = Buffer.from(spoilt);
    for (let at = 0; at < spoilt.length; at += 1)
      if (random() * toxic.oneIn < 1) spoilt[at] = (spoilt[at] ?? 0) ^ (1 + Math.floor(random() * 255));
  }
  return spoilt;
}
