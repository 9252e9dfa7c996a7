/**
 * µ-law as the telephone network speaks it: ITU-T G.711, with the two tables of the reference code in ITU-T G.191.
 * One byte is one sample at 8 kHz; decoded it is a signed 16-bit sample, 14 bits of which carry anything.
 */

/** The code of silence. (0x00 is the greatest negative sample: a pad of zeros is a loud pop.) */
export const MULAW_SILENCE = 0xff;

/** The greatest magnitude, of 32768, that `isQuiet` calls quiet: the two steps next to zero, about -66 dBFS. */
const QUIET_MAGNITUDE = 16;

/** The sample (-32124…32124) that each of the 256 codes stands for. */
export const MULAW_TO_PCM: Int16Array = Int16Array.from({ length: 256 }, (_, code) => {
  const bits = ~code & 0xff;
  const segment = (bits >> 4) & 7;
  const magnitude = ((((bits & 15) << 3) + 0x84) << segment) - 0x84;
  return bits & 0x80 ? -magnitude : magnitude;
});

/** The code of each of the 65,536 samples, indexed by `sample & 0xffff`. */
export const PCM_TO_MULAW: Uint8Array = Uint8Array.from({ length: 65_536 }, (_, index) => {
  const sample = (index << 16) >> 16;
  // G.191 takes the one's complement of a negative sample, not its negation: the two differ at segment borders.
  const biased = Math.min(((sample < 0 ? ~sample : sample) >> 2) + 33, 0x1fff);
  const segment = 32 - Math.clz32(biased >> 6) + 1;
  const code = ((8 - segment) << 4) | (15 - ((biased >> segment) & 15));
  return sample < 0 ? code : code | 0x80;
});

const LOUD: Uint8Array = Uint8Array.from(MULAW_TO_PCM, (sample) =>
  Math.abs(sample) > QUIET_MAGNITUDE ? 1 : 0,
);

/** Decodes all of `bytes` to the front of `into`, which is at least as long. */
export function decodeMulaw(bytes: Uint8Array, into: Int16Array): void {
  for (let i = 0; i < bytes.length; i += 1) into[i] = MULAW_TO_PCM[bytes[i] as number] as number;
}

/** Encodes all of `samples` to the front of `into`, which is at least as long. */
export function encodeMulaw(samples: Int16Array, into: Uint8Array): void {
  for (let i = 0; i < samples.length; i += 1) {
    into[i] = PCM_TO_MULAW[(samples[i] as number) & 0xffff] as number;
  }
}

/**
 * Whether `bytes` from `start` up to `end` are digital silence or all but: no sample's magnitude is above 16 of 32768.
 * Stops at the first louder sample. No bytes at all are quiet.
 */
export function isQuiet(bytes: Uint8Array, start = 0, end = bytes.length): boolean {
  for (let i = start; i < end; i += 1) {
    if (LOUD[bytes[i] as number] === 1) return false;
  }
  return true;
}

/** How many bytes at the end of `bytes` are quiet, as `isQuiet` has it; all of them where none is louder. */
export function quietTail(bytes: Uint8Array): number {
  let end = bytes.length;
  while (end > 0 && LOUD[bytes[end - 1] as number] === 0) end -= 1;
  return bytes.length - end;
}

/** A copy of `bytes` whose first `count` samples rise evenly from almost nothing to their own strength. */
export function fadedIn(bytes: Uint8Array, count: number): Buffer {
  const faded = Buffer.from(bytes);
  for (let i = 0; i < count && i < faded.length; i += 1) {
    const sample = MULAW_TO_PCM[faded[i] as number] as number;
    faded[i] = PCM_TO_MULAW[Math.round((sample * (i + 1)) / (count + 1)) & 0xffff] as number;
  }
  return faded;
}
