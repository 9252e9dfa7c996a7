import type { Call } from '../../src/call/open-call.ts';
import type { Step } from '../../src/inspector/feed.ts';
import type { Overheard } from '../../src/ports.ts';
import type { CreateAnswer } from '../../src/simulation/vapi-answers.ts';
import { createVapiService } from '../../src/simulation/vapi-service.ts';
import type { MemorySocket } from '../support/memory-network.ts';
import { befall } from './befall.ts';
import type { Invariant, Violation } from './invariants.ts';
import type { FaultKind, WorldPlan } from './plan.ts';
import type { Planted } from './planted.ts';
import { createRandom } from './random.ts';
import { API_KEY, createSimBridge } from './sim-bridge.ts';
import { createSimCall, type SimCall } from './sim-call.ts';
import { createSimClock } from './sim-clock.ts';
import { createStory } from './story.ts';

/** How a world went. */
export interface WorldResult {
  plan: WorldPlan;
  /** The story, a line for each thing that matters. */
  story: readonly string[];
  violations: readonly Violation[];
  /** How often each kind of fault befell a call. */
  fired: ReadonlyMap<FaultKind, number>;
  /** How many calls ended for each reason. */
  endings: ReadonlyMap<string, number>;
  interruptions: number;
  /** Calls at Vapi that its own limits ended, since nobody can know of them. */
  ambiguous: number;
  toldMs: number;
}

/** Who listens in a world, beside its judges. */
export interface WorldListener {
  step?(step: Step): void;
  overheard?(record: Overheard): void;
  ended?(call: Call): void;
}

const FRAME_MS = 20;
const BETWEEN_CALLS_MS = 700;
/** Longer than any call of a world, its short time to live and Vapi's own limits together. */
const LIMIT_MS = 240_000;

/** Reasons by which Vapi ends a call of itself when nobody else does. */
const VAPIS_OWN = /never-connected|silence-timed-out|exceeded/;

/** Runs a world to its end: every call, every timer. The same plan gives the same story, to the byte. */
export async function runWorld(
  plan: WorldPlan,
  planted: Planted = { words: 'nothing' },
  listener: WorldListener = {},
): Promise<WorldResult> {
  const { options } = plan;
  const random = createRandom(plan.seed).fork(7);
  const clock = createSimClock();
  const bridgeClock = clock.scope();
  const story = createStory(clock.now);
  const violations: Violation[] = [];
  const fired = new Map<FaultKind, number>();
  const endings = new Map<string, number>();
  const asking: { answer: string | undefined } = { answer: undefined };
  let interruptions = 0;

  const note = (kind: FaultKind) => void fired.set(kind, (fired.get(kind) ?? 0) + 1);

  function report(call: number | null, invariant: Invariant, words: string): void {
    // What follows from the first is not told.
    if (violations.some((known) => known.invariant === invariant && known.call === call)) return;
    violations.push({ invariant, call, atMs: clock.now(), words });
    story.tell(call, `!! ${invariant}: ${words}`);
  }

  const byVapiId = new Map<string, MemorySocket>();
  const service = createVapiService({
    clock: { ...clock, setTimeout: clock.setTimeout },
    randomBytes: random.bytes,
    apiKey: API_KEY,
    origin: () => ({ http: 'http://vapi', ws: 'ws://vapi' }),
    mind(line) {
      for (const call of calls) {
        const agent = call.join(line, byVapiId.get(line.id));
        if (agent) return agent;
      }
      throw new Error(`No call of this world has the agent ${line.id}.`);
    },
    script: {
      answer: () => ({ as: (asking.answer ?? 'created') as CreateAnswer, delayMs: 0 }),
      directFormat: options.format,
      keepHeardBytes: 0,
    },
  });
  const { accept } = service;
  service.accept = (path, headers, socket) => {
    const accepted = accept(path, headers, socket);
    // A call's own socket names it; for the one of the direct dialect a call was made just now.
    const id = options.dialect === 'direct' ? service.calls.at(-1)?.id : path.split('/')[1];
    if (accepted && id !== undefined) byVapiId.set(id, socket as MemorySocket);
    return accepted;
  };

  const bySid = (callSid: string | null) => calls.find((call) => call.callSid === callSid);
  const byCallId = new Map<string, SimCall>();
  const bridge = createSimBridge({
    clock: bridgeClock,
    stir: clock.stir,
    random: random.fork(8),
    options,
    planted,
    portsOf(callSid) {
      const call = bySid(callSid);
      if (!call) throw new Error(`There is no call ${callSid} in this world.`);
      return call.ports;
    },
    hangUp: (callSid) => bySid(callSid)?.hangUp() ?? Promise.resolve(),
    step(step) {
      // The first steps of a call are told while it is being opened, by the one that rings.
      const call = byCallId.get(step.callId) ?? ringing;
      if (!call) return;
      byCallId.set(step.callId, call);
      call.judge.step(step);
      listener.step?.(step);
    },
    overheard(callId, record) {
      const call = byCallId.get(callId) ?? ringing;
      call?.judge.overheard(record);
      listener.overheard?.(record);
    },
    closed(ended) {
      const reason = ended.ending?.reason ?? 'none';
      endings.set(reason, (endings.get(reason) ?? 0) + 1);
      interruptions += ended.figures.bargeIns.length;
      listener.ended?.(ended);
      bySid(ended.callSid)?.closed(ended);
      clock.setTimeout(lookForTimers, 0);
    },
    failed(callSid, error) {
      report(bySid(callSid)?.index ?? null, 'ends', `the bridge made a mistake: ${String(error)}`);
    },
  });

  function lookForTimers(): void {
    if (bridge.calls.live > 0) return;
    if (bridgeClock.armed > 0)
      report(null, 'ends', `${bridgeClock.armed} timers are armed and no call is alive`);
  }

  let ringing: SimCall | undefined;
  const calls: SimCall[] = Array.from({ length: plan.calls }, (_, index) =>
    createSimCall({
      clock,
      options,
      planted,
      service,
      bridge: () => bridge,
      asking,
      fired: note,
      index,
      random: random.fork(100 + index),
      rangAt: plan.told ? 0 : index * BETWEEN_CALLS_MS + random.int(0, BETWEEN_CALLS_MS - 1),
      told: plan.told,
      faults: plan.faults.filter(({ target }) => target === index),
      report: (invariant, words) => report(index, invariant, words),
      tell: (words) => story.tell(index, words),
    }),
  );

  for (const call of calls) {
    clock.setTimeout(() => {
      ringing = call;
      call.ring();
      ringing = undefined;
    }, call.rangAt);
  }
  for (const fault of plan.faults) {
    const call = calls[fault.target];
    if (!call || fault.at === 0) continue;
    clock.setTimeout(() => {
      if (call.over && !/^(status|stranger|webhook)/.test(fault.kind)) return;
      story.tell(call.index, `** ${fault.kind} ${JSON.stringify(fault.args)}`);
      if (befall(fault, call, bridge, clock)) note(fault.kind);
    }, call.rangAt + fault.at);
  }
  function tick(): void {
    for (const call of calls) call.frame();
    if (bridge.calls.live > 0 || calls.some((call) => clock.now() <= call.rangAt))
      clock.setTimeout(tick, FRAME_MS);
  }
  tick();

  const limitMs = LIMIT_MS + Math.max(0, ...plan.faults.map(({ at }) => at));
  const quiet = await clock.runUntilQuiet(limitMs);

  if (!quiet) report(null, 'ends', `${clock.armed} timers are still armed after ${limitMs} ms`);
  if (bridge.calls.live > 0) report(null, 'ends', `${bridge.calls.live} calls never ended`);
  if (bridge.calls.held > 0)
    report(null, 'ends', `the parts of ${bridge.calls.held} calls are still on the bench`);
  if (bridgeClock.armed > 0)
    report(null, 'ends', `${bridgeClock.armed} timers of the bridge are still armed`);
  let ambiguous = 0;
  for (const call of calls) {
    if (call.openSockets > 0)
      report(call.index, 'ends', `${call.openSockets} ends of sockets are still open`);
    for (const { request, state, endedReason } of service.calls.filter(
      ({ request: { name } }) => name === call.callSid,
    )) {
      void request;
      if (state !== 'ended') report(call.index, 'vapiCalls', 'a call at Vapi was never ended');
      else if (VAPIS_OWN.test(endedReason ?? '')) {
        if (call.standing.has('create.ambiguous') || call.standing.has('end.unreachable')) ambiguous += 1;
        else report(call.index, 'vapiCalls', `a call at Vapi was ended by nobody but Vapi: ${endedReason}`);
      }
    }
  }
  return {
    plan,
    story: story.lines,
    violations,
    fired,
    endings,
    interruptions,
    ambiguous,
    toldMs: clock.now(),
  };
}
