import { createActor } from 'xstate';
import { callMachine } from '../../machines/call.ts';
import { jitterBufferMachine } from '../../machines/jitter-buffer.ts';
import { twilioSocketMachine } from '../../machines/twilio-socket.ts';
import { vapiSocketMachine } from '../../machines/vapi-socket.ts';
import { chartOptions } from '../../src/call/call-options.ts';
import { createDefinitions } from '../../src/inspector/definitions.ts';
import { createFeed } from '../../src/inspector/feed.ts';
import { createNotebook } from '../../src/inspector/notebook.ts';
import { createRedactor } from '../../src/inspector/redact.ts';
import { createVirtualClock } from '../support/virtual-clock.ts';

const OPTIONS = {
  format: 'mulaw',
  bargeIn: 'reversible',
  prerollFrames: 20,
  maxFrames: 50,
  connectFrames: 500,
  framesPerSend: 1,
  sessionTtlMs: 1_500_000,
  heartbeatIntervalMs: 10_000,
  mediaTimeoutMs: 2_000,
} as const;

/** The real statecharts, with nothing at the far ends, and the real feed of what they do. */
export function createRealCalls() {
  const clock = createVirtualClock();
  const definitions = createDefinitions([
    callMachine,
    twilioSocketMachine,
    vapiSocketMachine,
    jitterBufferMachine,
  ]);
  const feed = createFeed(
    clock.now,
    (error) => {
      throw error;
    },
    definitions.placeOf,
  );
  const notebook = createNotebook({
    redactor: createRedactor({ transcripts: false }),
    placeOf: feed.placeOf,
    machines: definitions.machines,
  });
  feed.listen(notebook.step);

  return {
    clock,
    windowFeed: notebook.windowFeed,
    /** A phone rings. */
    ring(callId: string) {
      notebook.opened(callId);
      const actor = createActor(callMachine, {
        clock,
        inspect: feed.observe({ callId, openedAt: clock.now() }),
        input: {
          callId,
          callSid: 'CA456',
          summonsAgentAtOnce: true,
          agentGivesVerdicts: true,
          agentTakesOrders: true,
          continues: false,
          replacedBefore: 0,
          ...chartOptions(OPTIONS, { creates: false, ticketed: true, jitterMs: 0 }),
        },
      });
      const closed = () => {
        notebook.closed(callId);
        feed.forget(callId);
      };
      actor.subscribe({ error: closed, complete: closed });
      actor.start();
      return actor;
    },
  };
}

/** The caller is heard, hears the agent, and interrupts it. */
export const CONVERSATION = [
  { type: 'twilio.started', at: 500, streamSid: 'MZ123', callSid: 'CA456' },
  { type: 'vapi.opened', at: 800 },
  { type: 'caller.forwarded', at: 1_200, frames: 20, ms: 400 },
  { type: 'agent.began', at: 2_000, receivedAt: 1_990, lastForwardedAt: 1_980 },
  { type: 'vapi.interrupted', at: 3_000 },
] as const;
