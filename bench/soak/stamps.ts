import { FRAME_BYTES } from '../track.ts';

/** The frames of one direction of one call, each of which says in its samples which it is. */
export interface Stamps {
  /** The next frame; it counts as sent now. */
  next(now: number): Buffer;
  /** How long each frame in `mulaw` was under way, in ms; nothing for what is no frame of these, or came before. */
  read(mulaw: Buffer, now: number): number[];
}

/** A frame's place is in the lowest bits of its second half; the first may be faded in. */
const BITS_AT = FRAME_BYTES / 2;
const PLACE_BITS = 24;
const OWNER_BITS = 16;
const TONE = Buffer.from(Array.from({ length: FRAME_BYTES }, (_, i) => (i % 8 < 4 ? 0x90 : 0x10)));

function write(frame: Buffer, at: number, bits: number, value: number): void {
  for (let bit = 0; bit < bits; bit += 1)
    frame[at + bit] = ((frame[at + bit] ?? 0) & 0xfe) | ((value >>> bit) & 1);
}

function read(frame: Buffer, at: number, bits: number): number {
  let value = 0;
  for (let bit = 0; bit < bits; bit += 1) value |= ((frame[at + bit] ?? 0) & 1) << bit;
  return value;
}

/** Makes the stamps of the call `owner`, with a tone as their sound unless told. */
export function createStamps(owner: number, sound: (place: number) => Uint8Array = () => TONE): Stamps {
  const mine = owner % 2 ** OWNER_BITS;
  const sentAt = new Map<number, number>();
  let sent = 0;
  return {
    next(now) {
      const frame = Buffer.from(sound(sent));
      write(frame, BITS_AT, OWNER_BITS, mine);
      write(frame, BITS_AT + OWNER_BITS, PLACE_BITS, sent);
      sentAt.set(sent, now);
      sent += 1;
      return frame;
    },
    read(mulaw, now) {
      const delays: number[] = [];
      for (let at = 0; at + FRAME_BYTES <= mulaw.length; at += FRAME_BYTES) {
        const frame = mulaw.subarray(at, at + FRAME_BYTES);
        if (read(frame, BITS_AT, OWNER_BITS) !== mine) continue;
        const place = read(frame, BITS_AT + OWNER_BITS, PLACE_BITS);
        const from = sentAt.get(place);
        if (from === undefined) continue;
        sentAt.delete(place);
        delays.push(now - from);
      }
      return delays;
    },
  };
}
