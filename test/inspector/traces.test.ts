import { type HrTime, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import {
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { describe, expect, it } from 'vitest';
import { stateName } from '../../src/call/state-name.ts';
import { createTraces } from '../../src/inspector/traces.ts';
import { API_KEY, CALLED_NUMBER, CALLER_NUMBER } from '../bridge/bridge.ts';
import { createMemoryWorld } from '../bridge/memory-world.ts';
import { agentIsDone, createTurn, liveCall } from '../bridge/turns.ts';
import type { BridgeWorld, PlacedCall } from '../bridge/world.ts';
import { createVirtualClock } from '../support/virtual-clock.ts';
import { stepOf } from './steps.ts';

/** The library itself; what it would send is kept. */
function createKept() {
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
  return {
    sink: {
      tracer: provider.getTracer('test'),
      within: (span: Parameters<typeof trace.setSpan>[1]) => trace.setSpan(ROOT_CONTEXT, span),
    },
    get spans(): readonly ReadableSpan[] {
      return exporter.getFinishedSpans();
    },
  };
}

const msOf = ([seconds, nanoseconds]: HrTime) => seconds * 1_000 + nanoseconds / 1_000_000;

function rootOf(spans: readonly ReadableSpan[]): ReadableSpan {
  const root = spans.find(({ name }) => name === 'call');
  if (!root) throw new Error('No call has been traced to its end');
  return root;
}

/** All that a collector would be told. */
function toldBy(spans: readonly ReadableSpan[]): string {
  return JSON.stringify(
    spans.map(({ name, attributes, events, status }) => ({ name, attributes, events, status })),
  );
}

/** The agent is heard out, is interrupted, and answers; then the caller hangs up. */
async function conversation(world: BridgeWorld): Promise<PlacedCall> {
  const placed = await liveCall(world);
  const { agent, phone, call } = placed;
  agent.mind.say(createTurn(world, 1, 800).spoken);
  await agentIsDone(world, placed, 2_000);
  agent.mind.callerSpeech('started');
  await world.run(700);
  agent.mind.callerSpeech('stopped');
  await world.run(300);
  agent.mind.say(createTurn(world, 2, 5_000).spoken);
  await world.run(1_000);
  agent.mind.callerSpeech('started');
  agent.mind.interrupt();
  await world.until('the agent is interrupted', () => call.state === 'bargeIn.flushed', 100);
  await world.run(1_000);
  phone.hangUp();
  await world.until('the call is over', () => world.calls.live === 0);
  return placed;
}

describe('the trace of a call', () => {
  it('has the call as its root, and each of its states as a child, at their times', async () => {
    const kept = createKept();
    const world = createMemoryWorld({ traces: kept.sink, agentReadyMs: 300 });
    const startedAt = world.clock.epochMs();
    const placed = await conversation(world);

    const root = rootOf(kept.spans);
    expect(root.parentSpanContext).toBeUndefined();
    expect(root.kind).toBe(SpanKind.SERVER);
    const children = kept.spans.filter((span) => span !== root);
    for (const child of children) {
      expect(child.parentSpanContext?.spanId).toBe(root.spanContext().spanId);
      expect(child.spanContext().traceId).toBe(root.spanContext().traceId);
      const { callId } = placed.call;
      expect(child.attributes).toMatchObject({ callId, callSid: placed.callSid });
    }

    const timeline = placed.timeline();
    expect(timeline.map(({ to }) => to)).toContain('bargeIn.flushed');
    expect(
      children.map(({ name, attributes, startTime, endTime }) => ({
        name,
        event: attributes.event,
        from: Math.round(msOf(startTime) - startedAt),
        to: Math.round(msOf(endTime) - startedAt),
      })),
    ).toEqual(
      timeline
        .slice(0, -1)
        .map(({ to: name, event, at }, place) => ({ name, event, from: at, to: timeline[place + 1]?.at })),
    );
    expect(msOf(root.startTime)).toBeCloseTo(startedAt, 2);
    expect(msOf(root.endTime) - startedAt).toBeCloseTo(timeline.at(-1)?.at ?? 0, 2);
  });

  it('tells turns and interruptions as events, and ends with the figures of the call', async () => {
    const kept = createKept();
    const world = createMemoryWorld({ traces: kept.sink });
    const startedAt = world.clock.epochMs();
    const placed = await conversation(world);

    const { events, attributes, status } = rootOf(kept.spans);
    expect(events.map(({ name }) => name)).toEqual([
      'twilio.started',
      'vapi.opened',
      'caller.forwarded',
      'agent.began',
      'agent.finished',
      'vapi.callerStarted',
      'vapi.callerStopped',
      'agent.began',
      'vapi.callerStarted',
      'interruption',
      'twilio.gone',
    ]);
    const { figures } = placed.call;
    const [answer] = figures.responsesMs;
    expect(answer).toBeGreaterThan(0);
    expect(events[7]?.attributes).toMatchObject({ responseMs: answer });
    const [bargeIn] = figures.bargeIns;
    expect(events[9]?.attributes).toMatchObject({ outcome: 'flushed', cause: bargeIn?.cause });
    expect(msOf(events[8]?.time ?? [0, 0]) - startedAt).toBeCloseTo(bargeIn?.atMs ?? 0, 0);
    expect(attributes).toMatchObject({
      callId: placed.call.callId,
      callSid: placed.callSid,
      streamSid: placed.streamSid,
      ending: 'callerHungUp',
      bargeIns: 1,
      responsesMs: figures.responsesMs,
      agentReadyMs: figures.agentReadyMs,
      droppedFrames: 0,
    });
    expect(status.code).toBe(SpanStatusCode.UNSET);
  });

  it('is an error where the call failed', async () => {
    const kept = createKept();
    const world = createMemoryWorld({ traces: kept.sink, script: { answer: () => ({ delayMs: 60_000 }) } });
    const placed = await world.place();
    await world.until('the call is over', () => world.calls.live === 0, 60_000);
    const { status, attributes } = rootOf(kept.spans);
    expect(attributes.ending).toBe('agentUnavailable');
    expect(status).toEqual({ code: SpanStatusCode.ERROR, message: placed.call.ending?.words });
  });

  it('ends with a call that failed by a mistake of ours, whose chart said no last word', () => {
    const kept = createKept();
    const clock = createVirtualClock();
    const { hear, closed } = createTraces({ ...kept.sink, clock, stateName });
    hear(stepOf('xstate.init', { at: 0, from: null }));
    clock.advance(250);
    const call = { callId: 'call-1', callSid: 'CA456', streamSid: 'MZ123' };
    closed({ ...call, ending: { reason: 'internalError', words: 'The bridge made a mistake.' } }, {});
    hear(stepOf('agent.began', { at: 250, to: { live: 'agentSpeaking' } }));
    expect(kept.spans.map(({ name, duration }) => [name, msOf(duration)])).toEqual([
      ['streaming', 250],
      ['call', 250],
    ]);
    expect(rootOf(kept.spans).status.code).toBe(SpanStatusCode.ERROR);
  });

  it('is its own for each call', async () => {
    const kept = createKept();
    const world = createMemoryWorld({ traces: kept.sink });
    const placed = [await liveCall(world), await liveCall(world)];
    for (const { phone } of placed) phone.hangUp();
    await world.until('the calls are over', () => world.calls.live === 0);
    const roots = kept.spans.filter(({ name }) => name === 'call');
    expect(roots.map(({ attributes }) => attributes.callSid)).toEqual(placed.map(({ callSid }) => callSid));
    expect(new Set(kept.spans.map((span) => span.spanContext().traceId)).size).toBe(2);
  });

  it('holds no number and no word of the conversation', async () => {
    const kept = createKept();
    const world = createMemoryWorld({ traces: kept.sink });
    const placed = await liveCall(world);
    const { mind } = placed.agent;
    mind.say(createTurn(world, 1, 2_000).spoken);
    await world.run(500);
    const said = 'my card is 4111 1111 1111 1111, said Ann Canary';
    mind.transcript(said, 'partial');
    mind.transcript(said, 'final');
    mind.transcript('Thank you, Ann Canary', 'final', 'assistant');
    await world.run(1_000);
    mind.line.end(`error, tell ${CALLER_NUMBER}`);
    await world.until('the call is over', () => world.calls.live === 0, 20_000);

    expect(world.steps.filter(({ event }) => event.type === 'vapi.transcribed').length).toBeGreaterThan(0);
    const told = toldBy(kept.spans);
    expect(told).toContain('agentEnded');
    for (const canary of [CALLER_NUMBER, CALLED_NUMBER, '2025550', '4111', 'Canary', API_KEY]) {
      expect(told).not.toContain(canary);
    }
  });

  it('quotes nothing secret, whatever a step or an ending has in it', () => {
    const kept = createKept();
    const { hear, closed } = createTraces({ ...kept.sink, clock: createVirtualClock(), stateName });
    const words =
      `error at wss://vapi.example/11111111-2222-3333-4444-555555555555/transport of ${CALLER_NUMBER}, ` +
      'card 4111 1111 1111 1111, Bearer canary-token, sk-canary-0123456789';
    const planted = { words, text: 'said Canary', callerNumber: CALLER_NUMBER, digits: '12345', note: words };
    hear(stepOf('xstate.init', { at: 0, from: null }));
    hear(stepOf({ type: 'vapi.gone', cause: 'lost', ...planted }, { to: { live: { bargeIn: 'flushed' } } }));
    const context = { figures: { bargeIns: [{ outcome: 'flushed', ...planted }] } };
    hear(stepOf('vapi.callerStopped', { from: { live: { bargeIn: 'flushed' } }, context }));
    const call = { callId: 'call-1', callSid: 'CA456', streamSid: 'MZ123' };
    closed({ ...call, ending: { reason: 'agentLost', words } }, { ...planted, deadAirMs: 7 });

    const told = toldBy(kept.spans);
    for (const there of ['error at', '[redacted]', '"lost"', '"flushed"', '"deadAirMs":7']) {
      expect(told).toContain(there);
    }
    for (const canary of ['/transport', '2025550', '4111', 'canary', 'Canary', '12345']) {
      expect(told).not.toContain(canary);
    }
  });
});
