import type { Attributes, Context, HrTime, Span, SpanKind, SpanStatusCode, Tracer } from '@opentelemetry/api';
import type { Clock } from '../ports.ts';
import { isBargeIn, lastBargeInOf } from './barge-ins.ts';
import type { ClosedCall } from './board.ts';
import type { Step } from './feed.ts';
import { createRedactor } from './redact.ts';

/** Where spans go. */
export interface TraceSink {
  tracer: Tracer;
  /** What the children of a span are begun in. */
  within(span: Span): Context;
}

export interface TracesOptions extends TraceSink {
  /** The clock of the calls, which dates the spans. */
  clock: Pick<Clock, 'now' | 'epochMs'>;
  /** Makes one word of a state value of the call's chart. */
  stateName(value: unknown): string;
}

export interface Traces {
  hear(step: Step): void;
  /** The call is over, and these are its figures. */
  closed(call: ClosedCall, figures: object): void;
}

/** A call under way. Times are counted from its start. */
interface Trace {
  root: Span;
  children: Context;
  /** The span of the state that the call is in, and its name. */
  state: Span | undefined;
  stateName: string;
  /** Of the call's start: by the clock of the calls, and since 1970. */
  openedAt: number;
  startEpochMs: number;
}

/** Steps of the call's chart that are told as events of the trace: who comes, who speaks, who goes. */
const MOMENTS = new Set([
  'twilio.started',
  'vapi.opened',
  'caller.forwarded',
  'vapi.callerStarted',
  'vapi.callerStopped',
  'agent.began',
  'agent.finished',
  'vapi.gone',
  'twilio.gone',
]);

/** Endings that are somebody's fault: those that ring an alert (deploy/prometheus/alerts.yml). */
const FAILURES = new Set([
  'agentLost',
  'agentUnavailable',
  'callerLost',
  'callerNeverCame',
  'callerRefused',
  'internalError',
]);

// The library's own names of these are there only where its packages are installed.
const SERVER = 1 satisfies SpanKind.SERVER;
const ERROR = 2 satisfies SpanStatusCode.ERROR;

/**
 * Makes one trace of each call: the call is the root, each state it is in a child, turns and interruptions are events of
 * the root, and the figures its attributes at the end. Names are those of the log and of `/calls/:callSid`. No number
 * and no word of the conversation is in it, whatever else is shown elsewhere.
 */
export function createTraces({ tracer, within, clock, stateName }: TracesOptions): Traces {
  const redactor = createRedactor({ transcripts: false });
  const traces = new Map<string, Trace>();

  function begin({ callId, at }: Step): Trace {
    const openedAt = clock.now() - at;
    const startEpochMs = clock.epochMs() - at;
    const root = tracer.startSpan('call', {
      root: true,
      kind: SERVER,
      startTime: hrTime(startEpochMs),
      attributes: { callId },
    });
    const trace = { root, children: within(root), state: undefined, stateName: '', openedAt, startEpochMs };
    traces.set(callId, trace);
    return trace;
  }

  /** The first step of a call's chart begins its trace; what is told after its end begins no other. */
  function traceOf(step: Step): Trace | undefined {
    return traces.get(step.callId) ?? (step.from === null ? begin(step) : undefined);
  }

  function enter(trace: Trace, { callId, event, to, context }: Step, time: HrTime): void {
    const name = stateName(to);
    if (name === trace.stateName) return;
    trace.stateName = name;
    trace.state?.end(time);
    trace.state = undefined;
    if (name === 'closed') return;
    const { callSid, streamSid } = context;
    const attributes = attributesOf(redactor.facts({ callId, callSid, streamSid }));
    attributes.event = redactor.words(event.type);
    trace.state = tracer.startSpan(name, { startTime: time, attributes }, trace.children);
  }

  function tellMoment({ root }: Trace, { event, context }: Step, time: HrTime): void {
    const { type, at: _, ...fields } = event;
    const isAnswer = type === 'agent.began' && typeof context.responseMs === 'number';
    const told = isAnswer ? { ...fields, responseMs: context.responseMs } : fields;
    root.addEvent(type, attributesOf(redactor.facts(told)), time);
  }

  return {
    hear(step) {
      if (step.actor !== 'call') return;
      const trace = traceOf(step);
      if (!trace) return;
      const { event, from, to } = step;
      const time = hrTime(trace.startEpochMs + step.at);
      if (isBargeIn(from) && !isBargeIn(to)) {
        trace.root.addEvent('interruption', attributesOf(redactor.facts(lastBargeInOf(step) ?? {})), time);
      }
      if (MOMENTS.has(event.type)) tellMoment(trace, step, time);
      if (from !== to) enter(trace, step, time);
    },
    closed({ callId, callSid, streamSid, ending }, figures) {
      const trace = traces.get(callId);
      if (!trace) return;
      traces.delete(callId);
      const { root, state, startEpochMs, openedAt } = trace;
      const time = hrTime(startEpochMs + clock.now() - openedAt);
      const reason = ending?.reason ?? 'internalError';
      root.setAttributes(attributesOf(redactor.facts({ ...figures, callSid, streamSid })));
      root.setAttribute('ending', redactor.words(reason));
      if ('bargeIns' in figures && Array.isArray(figures.bargeIns))
        root.setAttribute('bargeIns', figures.bargeIns.length);
      if (FAILURES.has(reason)) root.setStatus({ code: ERROR, message: redactor.words(ending?.words ?? '') });
      state?.end(time);
      root.end(time);
    },
  };
}

/** Milliseconds as OpenTelemetry's seconds and nanoseconds. Of a plain number it would guess what it counts from. */
function hrTime(ms: number): HrTime {
  const seconds = Math.floor(ms / 1_000);
  return [seconds, Math.floor((ms - seconds * 1_000) * 1_000_000)];
}

/** What an attribute can be: texts, numbers, yes or no, and lists of numbers. What is not known is left out. */
function attributesOf(facts: object): Attributes {
  const attributes: Attributes = {};
  for (const [name, fact] of Object.entries(facts)) {
    if (['string', 'number', 'boolean'].includes(typeof fact) || isNumbers(fact)) attributes[name] = fact;
  }
  return attributes;
}

function isNumbers(fact: unknown): boolean {
  return Array.isArray(fact) && fact.every((entry) => typeof entry === 'number');
}
