import { fromCallback } from 'xstate';
import type { Direction, PipeEdge, PipeNews, PipeOrder } from '../../machines/jitter-buffer.ts';
import type { CallParts } from './call-parts.ts';

/** Who hears the edges of each path. */
export type PipeTellers = Record<Direction, (edge: PipeEdge | PipeNews) => void>;

/** Joins a direction's audio path to its `jitter-buffer` machine. */
export function createPipe(partsOf: (callId: string) => CallParts) {
  return fromCallback<PipeOrder, { callId: string; direction: Direction }>(({ input, sendBack, receive }) => {
    const { tellers, callerPath, playout, clips } = partsOf(input.callId);
    const tell: (edge: PipeEdge | PipeNews) => void = sendBack;
    tellers[input.direction] = tell;
    receive(input.direction === 'caller' ? orderCallerPath : orderPlayout);

    function orderCallerPath(order: PipeOrder): void {
      switch (order.type) {
        case 'pipe.open':
          callerPath.open();
          return;
        case 'pipe.hold':
          callerPath.hold();
          return;
        case 'pipe.release':
          callerPath.release();
          return;
        case 'pipe.flush':
          callerPath.flush();
          return;
        case 'pipe.finish':
          callerPath.finish();
          return;
      }
    }

    function orderPlayout(order: PipeOrder): void {
      switch (order.type) {
        case 'pipe.release':
          playout.release();
          return;
        case 'pipe.pause':
          playout.pause();
          return;
        case 'pipe.resume':
          playout.resume();
          return;
        case 'pipe.flush':
          playout.flush(order.refuse);
          return;
        case 'pipe.accept':
          playout.accept();
          return;
        case 'pipe.play':
          clips.play(order.clip);
          return;
        case 'pipe.finish':
          clips.end();
          playout.finish();
          return;
      }
    }
  });
}
