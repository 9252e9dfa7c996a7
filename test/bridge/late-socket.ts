import type { Clock, Socket, SocketEar } from '../../src/ports.ts';

/** A socket whose far end takes `delayMs` to be there: it is dialled only then. */
export function dialLater(clock: Clock, delayMs: number, dial: () => Socket): Socket {
  if (delayMs === 0) return dial();
  let ear: SocketEar | undefined;
  let dialled: Socket | undefined;
  const timer = clock.setTimeout(() => {
    dialled = dial();
    if (ear) dialled.listen(ear);
  }, delayMs);

  function giveUp(): void {
    if (dialled) return;
    clock.clearTimeout(timer);
    ear?.closed(1006, 'closed before it opened');
    ear = undefined;
  }

  return {
    listen(on) {
      ear = on;
      dialled?.listen(on);
    },
    sendText: (text) => dialled?.sendText(text),
    sendBinary: (bytes) => dialled?.sendBinary(bytes),
    ping: (number) => dialled?.ping(number),
    close(code, words) {
      dialled?.close(code, words);
      giveUp();
    },
    terminate() {
      dialled?.terminate();
      giveUp();
    },
    pause: () => dialled?.pause(),
    resume: () => dialled?.resume(),
    get unsentBytes() {
      return dialled?.unsentBytes ?? 0;
    },
  };
}
