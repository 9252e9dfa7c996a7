const LENGTH = 1_000_000;

/** `count` bytes of µ-law that are all audible, without a short period, from byte `from` of always the same sound. */
export function voice(count: number, from = 0): Buffer {
  if (from + count > LENGTH) throw new Error(`The voice ends after ${LENGTH} bytes.`);
  return Buffer.from(SOUND.subarray(from, from + count));
}

/** `bytes` without the codes of digital silence. */
export function withoutSilence(bytes: Buffer): Buffer {
  return Buffer.from(bytes.filter((code) => code !== 0xff));
}

/** Digital silence of `count` bytes. */
export function silence(count: number): Buffer {
  return Buffer.alloc(count, 0xff);
}

/** One of 64 loud codes of either sign. */
function codeAt(i: number): number {
  const mixed = (Math.imul(i + 1, 0x9e3779b1) >>> 13) & 0x7f;
  return (mixed & 0x3f) | ((mixed & 0x40) << 1);
}

const SOUND = Buffer.from(Uint8Array.from({ length: LENGTH }, (_, i) => codeAt(i)));
