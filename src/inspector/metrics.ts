import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { isBargeIn, lastBargeInOf } from './barge-ins.ts';
import type { Step } from './feed.ts';

export interface Metrics {
  hear(step: Step): void;
  ended(reason: string): void;
  /** The metrics in Prometheus' text form, and its content type. */
  read(): Promise<{ text: string; contentType: string }>;
}

const SECONDS = [0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5, 10];

/** Counts over all calls, for Prometheus. No metric carries a call's name: there would be one series for each. */
export function createMetrics(liveCalls: () => number): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: 'bridge_' });
  const registers = [registry];

  new Gauge({
    name: 'bridge_calls_live',
    help: 'Calls that are alive.',
    registers,
    collect() {
      this.set(liveCalls());
    },
  });
  const calls = new Counter({
    name: 'bridge_calls_total',
    help: 'Calls that have ended, by why.',
    labelNames: ['ending'],
    registers,
  });
  const responses = new Histogram({
    name: 'bridge_turn_latency_seconds',
    help: "From the caller's last speech to the agent's audio.",
    buckets: SECONDS,
    registers,
  });
  const setUp = new Histogram({
    name: 'bridge_agent_ready_seconds',
    help: "From the call's start until the agent's socket was open.",
    buckets: SECONDS,
    registers,
  });
  const bargeIns = new Counter({
    name: 'bridge_barge_ins_total',
    help: 'Interruptions, by what became of the agent and by what they were noticed.',
    labelNames: ['outcome', 'cause'],
    registers,
  });
  const clears = new Histogram({
    name: 'bridge_barge_in_clear_seconds',
    help: "From the onset of the caller's voice, where our own ear heard it, until Twilio was told to fall silent.",
    buckets: [0.06, 0.08, 0.1, 0.12, 0.15, 0.2, 0.25, 0.3, 0.5, 1],
    registers,
  });
  const gaps = new Histogram({
    name: 'bridge_barge_in_gap_seconds',
    help: 'How long the caller heard nothing of an agent that went on after a pause.',
    buckets: SECONDS,
    registers,
  });
  const flushed = new Counter({
    name: 'bridge_audio_flushed_seconds_total',
    help: "The agent's audio that was dropped unheard after an interruption.",
    registers,
  });
  const overflows = new Counter({
    name: 'bridge_buffer_overflows_total',
    help: 'Times that a jitter buffer had no more room.',
    labelNames: ['direction'],
    registers,
  });

  function countBargeIn(last: Readonly<Record<string, unknown>> | undefined): void {
    if (!last) return;
    bargeIns.inc({ outcome: String(last.outcome), cause: String(last.cause) });
    if (typeof last.onsetMs === 'number')
      clears.observe((Number(last.atMs) + Number(last.clearAfterMs) - last.onsetMs) / 1000);
    if (typeof last.gapMs === 'number') gaps.observe(last.gapMs / 1000);
  }

  return {
    hear(step) {
      const { actor, event, context, from, to } = step;
      if (event.type === 'pipe.overflowed') overflows.inc({ direction: String(context.direction) });
      if (actor !== 'call') return;
      if (isBargeIn(from) && !isBargeIn(to)) countBargeIn(lastBargeInOf(step));
      switch (event.type) {
        case 'vapi.opened':
          setUp.observe(Number(event.at) / 1000);
          return;
        case 'agent.began':
          if (typeof context.responseMs === 'number') responses.observe(context.responseMs / 1000);
          return;
        case 'agent.flushed':
          flushed.inc(Number(event.flushedMs) / 1000);
          return;
      }
    },
    ended: (reason) => calls.inc({ ending: reason }),
    read: async () => ({ text: await registry.metrics(), contentType: registry.contentType }),
  };
}
