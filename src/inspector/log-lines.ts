import { isBargeIn, lastBargeInOf } from './barge-ins.ts';
import type { Step } from './feed.ts';

/** Where lines go. */
export interface LineSink {
  info(fields: Record<string, unknown>, line: string): void;
  warn(fields: Record<string, unknown>, line: string): void;
}

/** What a line says beside its text, so that all lines of a call can be found by any of its names. */
function idsOf({ callId, context }: Step): Record<string, unknown> {
  return { callId, callSid: context.callSid, streamSid: context.streamSid };
}

/** Writes the lines that people grep for. Their text is fixed (docs/running.md, "The log"). */
export function createLogLines(sink: LineSink): (step: Step) => void {
  return (step) => {
    if (step.actor === 'call') writeCallLine(step, sink);
    else if (step.event.type === 'pipe.overflowed' && step.actor === 'callerBuffer') {
      const words = "The caller's audio no longer fits its buffer: the oldest is being dropped.";
      sink.warn({ callId: step.callId }, `[Audio Buffer] ${words}`);
    }
  };
}

function writeCallLine(step: Step, sink: LineSink): void {
  const { event, context } = step;
  const ids = idsOf(step);
  switch (event.type) {
    case 'twilio.started':
      sink.info(ids, `[Session Start] ${context.streamSid} → ${context.callSid}`);
      return;
    case 'caller.forwarded':
      sink.info(ids, `[Audio Buffer] ${event.frames} chunks buffered (${Math.round(Number(event.ms))}ms)`);
      return;
    case 'agent.began':
      if (isBargeIn(step.from)) writeResumed(step, sink, ids);
      if (typeof context.responseMs !== 'number') return;
      sink.info(ids, `[VAPI Response] Received in ${Math.round(context.responseMs)}ms`);
      return;
    case 'agent.flushed':
      if (!isBargeIn(step.to)) return;
      sink.info(ids, `[Barge-in] Flushed buffer for ${context.streamSid} (${event.chunks} chunks dropped)`);
      return;
    case 'vapi.gone':
      if (event.cause === 'ended') sink.info(ids, `[VAPI] ${event.words}`);
      else sink.warn(ids, `[VAPI] ${event.words}`);
      return;
    case 'twilio.gone':
      if (event.cause === 'stopped') sink.info(ids, `[Twilio] ${event.words}`);
      else sink.warn(ids, `[Twilio] ${event.words}`);
      return;
  }
}

function writeResumed(step: Step, sink: LineSink, ids: Record<string, unknown>): void {
  const { outcome, gapMs, repeatedMs } = lastBargeInOf(step) ?? {};
  if (outcome !== 'resumed') return;
  const words = `${Math.round(Number(gapMs))}ms of silence, ${Math.round(Number(repeatedMs ?? 0))}ms said again`;
  sink.info(ids, `[Barge-in] Resumed for ${step.context.streamSid} (${words})`);
}
