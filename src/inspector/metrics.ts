import { AggregatorRegistry, Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { isBargeIn, lastBargeInOf } from './barge-ins.ts';
import { type AgentDesk, addDeskMetrics } from './desk-metrics.ts';
import type { Step } from './feed.ts';
import { addHouseMetrics, type House } from './house-metrics.ts';
import { isReplacement, replacementsOf } from './replacements.ts';

/** The metrics of one process, as `prom-client` has them. All of it can be written as JSON. */
export type Numbers = readonly object[];

export interface Metrics {
  hear(step: Step): void;
  ended(reason: string): void;
  /** An end of a call, `caller` or `agent`, took so long to answer a ping. */
  timed(leg: string, rttMs: number): void;
  /** A caller without an agent was handed on. */
  handedOn(to: string): void;
  /** A caller has left a message. */
  leftMessage(): void;
  /** What became of a call that was left open at Vapi. */
  orphaned(outcome: string): void;
  /** The metrics in Prometheus' text form, and its content type; with `others`, those of these processes, too. */
  read(others?: readonly Numbers[]): Promise<{ text: string; contentType: string }>;
  /** The same as values, to be told by another process. */
  numbers(): Promise<Numbers>;
}

/** Why calls end: each has its series from the start, so that the first of its kind is an increase. */
const ENDINGS = [
  'callerHungUp',
  'callerLost',
  'callerNeverCame',
  'callerRefused',
  'agentEnded',
  'agentLost',
  'agentUnavailable',
  'timeToLive',
  'hungUp',
  'drained',
  'internalError',
];
const HANDED_TO = ['agent', 'person', 'voicemail', 'apology'];
/** Another agent is asked for, it has come, or none is asked for any more. */
const FAILOVERS = ['begun', 'done', 'givenUp'];
const ORPHAN_OUTCOMES = ['ended', 'failed'];

/** A house that nobody has told of itself. */
const NO_HOUSE: House = {
  maxCalls: 0,
  unready: () => ({}),
  loopLagMs: () => 0,
  heapLimitBytes: () => 0,
  workerDeaths: () => 0,
};

/** A desk at which nothing was asked. */
const NO_DESK: AgentDesk = { breaker: 'closed', slots: { used: 0, cap: undefined }, creates: {} };

const SECONDS = [0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5, 10];

/** Counts over all calls, for Prometheus. No metric carries a call's name: there would be one series for each. */
export function createMetrics(
  liveCalls: () => number,
  house: House = NO_HOUSE,
  desk: () => AgentDesk = () => NO_DESK,
): Metrics {
  const registry = new Registry();
  // Not added up: of a worker that died or does not answer, the sum would fall, and what only grows would seem to begin anew.
  if (house.worker !== undefined) registry.setDefaultLabels({ worker: house.worker });
  collectDefaultMetrics({ register: registry, prefix: 'bridge_' });
  const registers = [registry];
  addHouseMetrics(registry, house);
  addDeskMetrics(registry, desk);

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
  for (const ending of ENDINGS) calls.inc({ ending }, 0);
  const orphans = new Counter({
    name: 'bridge_orphans_total',
    help: 'Calls left open at Vapi, by a killed process or because their end failed, by what became of them.',
    labelNames: ['outcome'],
    registers,
  });
  for (const outcome of ORPHAN_OUTCOMES) orphans.inc({ outcome }, 0);
  const handedOn = new Counter({
    name: 'bridge_handed_on_total',
    help: 'Answers to Twilio that hand a caller on whose agent is not there, or no longer, by to whom or to what.',
    labelNames: ['to'],
    registers,
  });
  for (const to of HANDED_TO) handedOn.inc({ to }, 0);
  const voicemails = new Counter({
    name: 'bridge_voicemails_total',
    help: 'Messages that callers have left.',
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
  const roundTrips = new Histogram({
    name: 'bridge_ws_ping_rtt_seconds',
    help: 'How long an end took to answer a ping on its socket: how late that line is.',
    labelNames: ['leg'],
    buckets: [0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 1.5, 2, 4],
    registers,
  });
  const failovers = new Counter({
    name: 'bridge_failover_total',
    help: 'Agents that were lost or not to be had, by what was done (the rung) and what came of it.',
    labelNames: ['rung', 'result'],
    registers,
  });
  for (const result of FAILOVERS) failovers.inc({ rung: 'replace', result }, 0);
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
          if (replacementsOf(step) > Number(context.replacedBefore)) {
            failovers.inc({ rung: 'replace', result: 'done' });
            return;
          }
          setUp.observe(Number(event.at) / 1000);
          return;
        case 'vapi.gone':
          if (isReplacement(step)) failovers.inc({ rung: 'replace', result: 'begun' });
          else if (event.cause !== 'ended') failovers.inc({ rung: 'replace', result: 'givenUp' });
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
    timed: (leg, rttMs) => roundTrips.observe({ leg }, rttMs / 1000),
    orphaned: (outcome) => orphans.inc({ outcome }),
    handedOn: (to) => handedOn.inc({ to }),
    leftMessage: () => voicemails.inc(),
    async read(others = []) {
      const { contentType } = registry;
      if (others.length === 0) return { text: await registry.metrics(), contentType };
      const each = [await registry.getMetricsAsJSON(), ...others];
      // No two have a series in common; Node's own metrics would be left out, or but one process's told.
      const all = AggregatorRegistry.aggregate(
        each.map((metrics) => metrics.map((metric) => ({ ...metric, aggregator: 'sum' }))),
      );
      return { text: await all.metrics(), contentType };
    },
    numbers: () => registry.getMetricsAsJSON(),
  };
}
