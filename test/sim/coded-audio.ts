/**
 * Sound that says what it is. Every 8 bytes of µ-law (one millisecond) begin with a byte that nothing else holds and go
 * on with whose sound it is and where in it they stand, in digits that are all loud: so it can be told of any piece of
 * it, however it was cut, where it comes from, and the bridge takes every frame of it for speech.
 */
const HEAD = 0xa0;
const DIGIT = 0x80;
const UNIT_BYTES = 8;

/** Where a piece of sound stands: which call, which turn of the agent (or 0), and how many bytes into it. */
export interface Place {
  call: number;
  turn: number;
  offset: number;
}

/** `ms` of sound of a call, from millisecond `fromMs` of its turn. */
export function codedAudio(call: number, turn: number, fromMs: number, ms: number): Buffer {
  const bytes = Buffer.allocUnsafe(ms * UNIT_BYTES);
  for (let i = 0; i < ms; i += 1) {
    const at = i * UNIT_BYTES;
    const unit = fromMs + i;
    bytes[at] = HEAD;
    bytes[at + 1] = DIGIT | (call & 15);
    bytes[at + 2] = DIGIT | ((turn >> 4) & 15);
    bytes[at + 3] = DIGIT | (turn & 15);
    bytes[at + 4] = DIGIT | ((unit >> 15) & 31);
    bytes[at + 5] = DIGIT | ((unit >> 10) & 31);
    bytes[at + 6] = DIGIT | ((unit >> 5) & 31);
    bytes[at + 7] = DIGIT | (unit & 31);
  }
  return bytes;
}

/** Where the first byte of `bytes` stands; nothing if no whole unit is in them. */
export function placeOf(bytes: Buffer, from = 0): Place | undefined {
  const at = bytes.indexOf(HEAD, from);
  if (at < 0 || at + UNIT_BYTES > bytes.length) return undefined;
  const digit = (n: number, mask: number) => (bytes[at + n] as number) & mask;
  const unit = (digit(4, 31) << 15) | (digit(5, 31) << 10) | (digit(6, 31) << 5) | digit(7, 31);
  return {
    call: digit(1, 15),
    turn: (digit(2, 15) << 4) | digit(3, 15),
    offset: unit * UNIT_BYTES - (at - from),
  };
}

/** What is loud in such sound, and what stands for it in sound that is as loud as the hiss of a line. */
const HUSHED = new Map<number, number>([[HEAD, 0xef]]);
for (let digit = 0; digit < 32; digit += 1)
  HUSHED.set(DIGIT | digit, (digit < 16 ? 0x7f : 0xff) - (digit & 15));
const RAISED = new Map([...HUSHED].map(([loud, quiet]) => [quiet, loud]));

/** The same sound, hardly to be heard. */
export function hushed(coded: Buffer): Buffer {
  return Buffer.from(coded.map((byte) => HUSHED.get(byte) ?? byte));
}

/** The sound that was hushed; what was not is as it was. */
export function raised(sound: Buffer): Buffer {
  if (sound[0] !== 0xef) return sound;
  return Buffer.from(sound.map((byte) => RAISED.get(byte) ?? byte));
}
