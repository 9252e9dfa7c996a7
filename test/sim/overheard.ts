import { isQuiet } from '../../src/audio/mulaw.ts';
import type { Socket } from '../../src/ports.ts';
import { tapped } from './tap.ts';

/** The audio in a `media` message of the bridge; nothing for any other message. */
export function payloadOf(text: string): Buffer | undefined {
  if (!text.startsWith('{"event":"media"')) return undefined;
  return Buffer.from(text.slice(text.indexOf('"payload":"') + 11, -3), 'base64');
}

/** From which to which ms of `payload` it is audible, by whole frames; null for silence. */
export function audiblePart(payload: Buffer): { from: number; to: number } | null {
  const frames = payload.length / 160;
  let first = 0;
  while (first < frames && isQuiet(payload, first * 160, first * 160 + 160)) first += 1;
  if (first === frames) return null;
  let last = frames;
  while (isQuiet(payload, last * 160 - 160, last * 160)) last -= 1;
  return { from: first * 20, to: last * 20 };
}

/** A socket that loses the marks which are sent on it. */
export function withoutMarks(socket: Socket, lost: () => void) {
  return Object.assign(tapped(socket, {}), {
    sendText(text: string) {
      if (text.includes('"event":"mark"')) lost();
      else socket.sendText(text);
    },
  });
}
