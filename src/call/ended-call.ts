import type { Call } from './open-call.ts';

const OVER = 'The call is over.';

/** What is remembered of a call that has ended: all that it told of itself, and nothing of what it held. */
export function endedCall({ ...told }: Call): Call {
  const handover = told.handover();
  return {
    ...told,
    handover: () => handover,
    attach(socket) {
      socket.listen({ text() {}, binary() {}, ponged() {}, closed() {} });
      socket.close(1000, 'this call is over');
    },
    tell() {},
    act: () => ({ ok: false, words: OVER }),
  };
}
