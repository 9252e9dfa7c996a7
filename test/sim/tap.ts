import type { Socket } from '../../src/ports.ts';

/** What is told of everything that passes through one end of a socket, before it passes. */
export interface Taps {
  opened?(): void;
  heardText?(text: string): void;
  heardBinary?(bytes: Buffer): void;
  sentText?(text: string): void;
  sentBinary?(bytes: Uint8Array): void;
  /** This end begins to close, or cuts the line. */
  leaving?(how: 'close' | 'terminate'): void;
  closed?(code: number): void;
}

/** The same socket, overheard. */
export function tapped(socket: Socket, taps: Taps): Socket {
  return {
    listen(ear) {
      socket.listen({
        opened() {
          taps.opened?.();
          ear.opened?.();
        },
        text(text) {
          taps.heardText?.(text);
          ear.text(text);
        },
        binary(bytes) {
          taps.heardBinary?.(bytes);
          ear.binary(bytes);
        },
        ponged: (number) => ear.ponged(number),
        closed(code, words) {
          taps.closed?.(code);
          ear.closed(code, words);
        },
      });
    },
    sendText(text) {
      taps.sentText?.(text);
      socket.sendText(text);
    },
    sendBinary(bytes) {
      taps.sentBinary?.(bytes);
      socket.sendBinary(bytes);
    },
    ping: (number) => socket.ping(number),
    close(code, words) {
      taps.leaving?.('close');
      socket.close(code, words);
    },
    terminate() {
      taps.leaving?.('terminate');
      socket.terminate();
    },
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    get unsentBytes() {
      return socket.unsentBytes;
    },
  };
}
