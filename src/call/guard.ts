import type { Socket, SocketEar } from '../ports.ts';

/** Told of a mistake of ours that was made while a call heard something, or woke up. */
export type Failed = (error: unknown) => void;

/** Does as `act`, and tells `failed` what it throws: what is thrown into the event loop ends the process. */
export function guarded<Args extends unknown[]>(act: (...args: Args) => void, failed: Failed) {
  return (...args: Args): void => {
    try {
      act(...args);
    } catch (error) {
      failed(error);
    }
  };
}

/** `socket`, whose ear's mistakes are told to `failed`. */
export function guardedSocket(socket: Socket, failed: Failed): Socket {
  const listen = (ear: SocketEar): void =>
    socket.listen({
      opened: guarded(() => ear.opened?.(), failed),
      text: guarded(ear.text, failed),
      binary: guarded(ear.binary, failed),
      ponged: guarded(ear.ponged, failed),
      closed: guarded(ear.closed, failed),
    });
  return Object.assign(Object.create(socket) as Socket, { listen });
}
