import { isBargeIn, lastBargeInOf } from './barge-ins.ts';
import type { Step } from './feed.ts';
import { isReplacement, replacementsOf } from './replacements.ts';

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
  switch (event.type) {
    case 'twilio.started':
      sink.info(idsOf(step), `[Session Start] ${context.streamSid} → ${context.callSid}`);
      return;
    case 'caller.forwarded':
      sink.info(
        idsOf(step),
        `[Audio Buffer] ${event.frames} chunks buffered (${Math.round(Number(event.ms))}ms)`,
      );
      return;
    case 'agent.began':
      if (isBargeIn(step.from)) writeResumed(step, sink);
      if (typeof context.responseMs !== 'number') return;
      sink.info(idsOf(step), `[VAPI Response] Received in ${Math.round(context.responseMs)}ms`);
      return;
    case 'agent.flushed':
      if (!isBargeIn(step.to)) return;
      sink.info(
        idsOf(step),
        `[Barge-in] Flushed buffer for ${context.streamSid} (${event.chunks} chunks dropped)`,
      );
      return;
    case 'vapi.gone':
      if (event.cause === 'ended') sink.info(idsOf(step), `[VAPI] ${event.words}`);
      else sink.warn(idsOf(step), `[VAPI] ${event.words}`);
      if (isReplacement(step)) writeReplacement(step, sink);
      return;
    case 'twilio.gone':
      if (event.cause === 'stopped') sink.info(idsOf(step), `[Twilio] ${event.words}`);
      else sink.warn(idsOf(step), `[Twilio] ${event.words}`);
      return;
  }
}

function writeReplacement(step: Step, sink: LineSink): void {
  const { streamSid } = step.context;
  const whose = streamSid === null ? '' : ` for ${streamSid}`;
  sink.warn(idsOf(step), `[Agent Lost] Asking for another${whose} (replacement ${replacementsOf(step)})`);
}

function writeResumed(step: Step, sink: LineSink): void {
  const { outcome, gapMs, repeatedMs } = lastBargeInOf(step) ?? {};
  if (outcome !== 'resumed') return;
  const words = `${Math.round(Number(gapMs))}ms of silence, ${Math.round(Number(repeatedMs ?? 0))}ms said again`;
  sink.info(idsOf(step), `[Barge-in] Resumed for ${step.context.streamSid} (${words})`);
}
