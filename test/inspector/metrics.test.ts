import { describe, expect, it } from 'vitest';
import type { AgentDesk } from '../../src/inspector/desk-metrics.ts';
import { createMetrics } from '../../src/inspector/metrics.ts';
import { stepOf } from './steps.ts';

const SPEAKING = { live: 'agentSpeaking' };
const LISTENING = { live: 'streaming' };
const PAUSED = { live: { bargeIn: { paused: 'voiced' } } };
const FLUSHED = { live: { bargeIn: 'flushed' } };

const bargeIn = { cause: 'voice', atMs: 5_000, onsetMs: 4_880, clearAfterMs: 2, gapMs: null };
const having = (outcome: string) => ({
  figures: {
    bargeIns: [
      { ...bargeIn, outcome: 'flushed' },
      { ...bargeIn, outcome, gapMs: outcome === 'resumed' ? 620 : null },
    ],
  },
});

/** The samples of the text form, by name and labels. */
async function samples(metrics: ReturnType<typeof createMetrics>) {
  const { text } = await metrics.read();
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return Object.fromEntries(
    lines.map((line) => [
      line.slice(0, line.lastIndexOf(' ')),
      Number(line.slice(line.lastIndexOf(' ') + 1)),
    ]),
  );
}

describe('the figures over all calls', () => {
  it('are those of each worker by its name, so that no figure falls when one does not answer', async () => {
    const processWith = (worker: string, live: number, loopLagMs: number) =>
      createMetrics(() => live, {
        worker,
        workerDeaths: () => 2,
        maxCalls: 10,
        unready: () => ({ full: live === 10 }),
        loopLagMs: () => loopLagMs,
        heapLimitBytes: () => 1_000,
      });
    const [one, other] = [processWith('1', 3, 20), processWith('4', 10, 120)];
    one.ended('hungUp');
    other.ended('hungUp');
    one.timed('agent', 40);
    const { text } = await one.read([JSON.parse(JSON.stringify(await other.numbers()))]);
    for (const line of [
      'bridge_calls_live{worker="1"} 3',
      'bridge_calls_live{worker="4"} 10',
      'bridge_calls_total{ending="hungUp",worker="1"} 1',
      'bridge_calls_total{ending="hungUp",worker="4"} 1',
      'bridge_ws_ping_rtt_seconds_count{leg="agent",worker="1"} 1',
      'bridge_unready{reason="full",worker="1"} 0',
      'bridge_unready{reason="full",worker="4"} 1',
      'bridge_event_loop_lag_seconds{worker="4"} 0.12',
      'bridge_worker_deaths_total{worker="1"} 2',
    ])
      expect(text.split('\n')).toContain(line);
    for (const name of ['process_start_time_seconds', 'nodejs_eventloop_lag_p99_seconds'])
      expect(text.match(new RegExp(`^bridge_${name}\\{`, 'gm'))).toHaveLength(2);
    const alone = (await one.read()).text.split('\n');
    expect(alone).toContain('bridge_calls_total{ending="hungUp",worker="1"} 1');
  });

  it('have the calls that are alive, as they are when asked', async () => {
    let live = 3;
    const metrics = createMetrics(() => live);
    expect((await samples(metrics)).bridge_calls_live).toBe(3);
    live = 1;
    expect((await samples(metrics)).bridge_calls_live).toBe(1);
  });

  it('have how late the two ends are with their pongs', async () => {
    const metrics = createMetrics(() => 0);
    metrics.timed('agent', 40);
    metrics.timed('agent', 1_600);
    metrics.timed('caller', 90);
    expect(await samples(metrics)).toMatchObject({
      'bridge_ws_ping_rtt_seconds_count{leg="agent"}': 2,
      'bridge_ws_ping_rtt_seconds_bucket{le="0.05",leg="agent"}': 1,
      'bridge_ws_ping_rtt_seconds_bucket{le="1.5",leg="agent"}': 1,
      'bridge_ws_ping_rtt_seconds_sum{leg="caller"}': 0.09,
    });
  });

  it('count how calls ended', async () => {
    const metrics = createMetrics(() => 0);
    for (const ending of ['callerHungUp', 'agentLost', 'callerHungUp']) metrics.ended(ending);
    expect(await samples(metrics)).toMatchObject({
      'bridge_calls_total{ending="callerHungUp"}': 2,
      'bridge_calls_total{ending="agentLost"}': 1,
    });
  });

  it('have how long the agent took to come, and to answer, in seconds', async () => {
    const metrics = createMetrics(() => 0);
    metrics.hear(stepOf({ type: 'vapi.opened', at: 840 }));
    metrics.hear(stepOf('agent.began', { context: { responseMs: 287 } }));
    metrics.hear(stepOf('agent.began', { context: { responseMs: null } }));
    expect(await samples(metrics)).toMatchObject({
      bridge_agent_ready_seconds_sum: 0.84,
      bridge_agent_ready_seconds_count: 1,
      bridge_turn_latency_seconds_sum: 0.287,
      bridge_turn_latency_seconds_count: 1,
      'bridge_turn_latency_seconds_bucket{le="0.2"}': 0,
      'bridge_turn_latency_seconds_bucket{le="0.3"}': 1,
    });
  });

  it('count each interruption once, by what became of the agent', async () => {
    const metrics = createMetrics(() => 0);
    metrics.hear(stepOf('vapi.callerStarted', { from: SPEAKING, to: PAUSED, context: having('flushed') }));
    metrics.hear(stepOf({ type: 'agent.paused' }, { from: PAUSED, to: PAUSED, context: having('paused') }));
    metrics.hear(stepOf('agent.began', { from: PAUSED, to: SPEAKING, context: having('resumed') }));
    metrics.hear(stepOf('vapi.interrupted', { from: SPEAKING, to: FLUSHED, context: having('flushed') }));
    metrics.hear(
      stepOf(
        { type: 'agent.flushed', flushedMs: 1_500 },
        { from: FLUSHED, to: FLUSHED, context: having('flushed') },
      ),
    );
    metrics.hear(stepOf('vapi.callerStopped', { from: FLUSHED, to: LISTENING, context: having('flushed') }));
    metrics.hear(stepOf('twilio.gone', { from: PAUSED, to: 'closing', context: having('paused') }));
    expect(await samples(metrics)).toMatchObject({
      'bridge_barge_ins_total{outcome="resumed",cause="voice"}': 1,
      'bridge_barge_ins_total{outcome="flushed",cause="voice"}': 1,
      'bridge_barge_ins_total{outcome="paused",cause="voice"}': 1,
      bridge_audio_flushed_seconds_total: 1.5,
      bridge_barge_in_clear_seconds_count: 3,
      'bridge_barge_in_clear_seconds_bucket{le="0.12"}': 0,
      'bridge_barge_in_clear_seconds_bucket{le="0.15"}': 3,
      bridge_barge_in_gap_seconds_sum: 0.62,
    });
  });

  it('count no interruption where audio was dropped that nobody heard', async () => {
    const metrics = createMetrics(() => 0);
    metrics.hear(stepOf({ type: 'agent.flushed', flushedMs: 500 }));
    const read = await samples(metrics);
    expect(Object.keys(read).filter((name) => name.startsWith('bridge_barge_ins_total'))).toEqual([]);
    expect(read.bridge_audio_flushed_seconds_total).toBe(0.5);
  });

  it('count overflows in either direction', async () => {
    const metrics = createMetrics(() => 0);
    for (const direction of ['caller', 'agent', 'caller'] as const)
      metrics.hear(stepOf('pipe.overflowed', { actor: `${direction}Buffer`, context: { direction } }));
    expect(await samples(metrics)).toMatchObject({
      'bridge_buffer_overflows_total{direction="caller"}': 2,
      'bridge_buffer_overflows_total{direction="agent"}': 1,
    });
  });

  it('are not counted twice when a child hears the same', async () => {
    const metrics = createMetrics(() => 0);
    metrics.hear(stepOf({ type: 'vapi.opened', at: 840 }, { actor: 'vapiSocket' }));
    expect((await samples(metrics)).bridge_agent_ready_seconds_count).toBe(0);
  });

  it('count agents that were lost: asked for anew, there again, and given up', async () => {
    const metrics = createMetrics(() => 0);
    const gone = (cause: string, to: object) => metrics.hear(stepOf({ type: 'vapi.gone', cause }, { to }));
    const context = { replacedBefore: 0, figures: { replacements: 1 } };
    gone('lost', { live: { connecting: {} } });
    metrics.hear(stepOf({ type: 'vapi.opened', at: 9_000 }, { context }));
    gone('lost', { closing: {} });
    gone('ended', { closing: {} });
    expect(await samples(metrics)).toMatchObject({
      'bridge_failover_total{rung="replace",result="begun"}': 1,
      'bridge_failover_total{rung="replace",result="done"}': 1,
      'bridge_failover_total{rung="replace",result="givenUp"}': 1,
      // Nobody waited for that one from the call's start on.
      bridge_agent_ready_seconds_count: 0,
    });
  });

  it('name no call', async () => {
    const metrics = createMetrics(() => 0);
    metrics.hear(stepOf({ type: 'vapi.opened', at: 840 }));
    const { text, contentType } = await metrics.read();
    expect(text).not.toMatch(/CA456|MZ123|call-1/);
    expect(contentType).toMatch(/^text\/plain/);
  });

  it('are each server’s own', async () => {
    const one = createMetrics(() => 1);
    createMetrics(() => 2);
    expect((await samples(one)).bridge_calls_live).toBe(1);
  });
});

describe('the figures of asking Vapi', () => {
  it('have the breaker, the slots and the answers, as they are when asked', async () => {
    const desk: AgentDesk = { breaker: 'open', slots: { used: 3, cap: undefined }, creates: { 401: 2 } };
    const metrics = createMetrics(
      () => 0,
      undefined,
      () => desk,
    );
    const before = await samples(metrics);
    expect(before).toMatchObject({
      bridge_vapi_breaker_state: 2,
      'bridge_vapi_slots{slot="used"}': 3,
      'bridge_vapi_create_total{status="401"}': 2,
      'bridge_vapi_create_total{status="402"}': 0,
    });
    expect(before).not.toHaveProperty(['bridge_vapi_slots{slot="cap"}']);
    Object.assign(desk, { breaker: 'probing', slots: { used: 4, cap: 9 }, creates: { 401: 2, none: 1 } });
    expect(await samples(metrics)).toMatchObject({
      bridge_vapi_breaker_state: 1,
      'bridge_vapi_slots{slot="cap"}': 9,
      'bridge_vapi_create_total{status="401"}': 2,
      'bridge_vapi_create_total{status="none"}': 1,
    });
    Object.assign(desk, { breaker: 'closed' });
    expect(await samples(metrics)).toMatchObject({ bridge_vapi_breaker_state: 0 });
  });
});
