import type { VapiCallLine, VapiMind } from '../../src/simulation/vapi-line.ts';
import type { Random } from '../../test/sim/random.ts';
import { openToxicProxy, type ToxicLine } from '../../test/support/toxic-proxy.ts';
import { hiss } from '../sounds.ts';
import { FRAME_BYTES } from '../track.ts';
import { FAULTS, type Leg } from './faults.ts';
import { CALL_HEADER, ringUp, type SoakPhone } from './phone.ts';
import { createStamps, type Stamps } from './stamps.ts';
import { openStandIn, type StandIn } from './stand-in.ts';
import { callerSpeaks, createSoakMind } from './talk.ts';
import type { TwilioStandIn } from './twilio.ts';

/** What one call is to be like. */
export interface Plan {
  number: number;
  callSid: string;
  /** The caller hangs up after this long. */
  talkMs: number;
  fault: string | undefined;
  /** When the fault comes; 0: with the first word on its line. */
  faultAtMs: number;
  /** How long a line stays bad. */
  faultForMs: number;
  /** Every frame's time on its way is taken. */
  measured: boolean;
  random: Random;
}

/** What one call was like, for those at its two ends. */
export interface Lived {
  /** For the caller. */
  endedBy: string;
  words: string;
  /** Whether the fault could be done: its line or agent was there. */
  struck: boolean;
  violations: readonly string[];
  /** How often its agent was asked for. */
  asked: number;
}

export interface CallsOptions {
  random: Random;
  twilio: TwilioStandIn;
  /** Where the server is, once it runs. */
  serverUrl: () => string;
  publicUrl: string;
}

/** Callers, agents, and the lines between them and the server. */
export interface SoakCalls {
  standIn: StandIn;
  /** Has one call, from its first ring until the caller is alone. Never rejects. */
  have(plan: Plan): Promise<Lived>;
  /** Times on the way in ms, of measured calls. */
  readonly delays: { toAgent: number[]; toCaller: number[] };
  /** How late this process itself was, in ms: it is in the times on the way. */
  readonly lateness: number[];
  /** Connections through the proxies. */
  lines(): number;
  close(): Promise<void>;
}

interface Live {
  plan: Plan;
  phone: SoakPhone;
  lines: Partial<Record<Leg, ToxicLine>>;
  tick(now: number): void;
  struck: boolean;
  timers: Set<NodeJS.Timeout>;
}

const TICK_MS = 5;
const LATENESS_KEPT = 100_000;
const DELAYS_KEPT = 2_000_000;
const SILENCE = Buffer.alloc(FRAME_BYTES, 0xff);
/** A measured call is measured once its buffers have filled. */
const SETTLE_MS = 3_000;

export async function openSoakCalls(options: CallsOptions): Promise<SoakCalls> {
  const { random, twilio } = options;
  const live = new Map<string, Live>();
  const delays: SoakCalls['delays'] = { toAgent: [], toCaller: [] };
  const lateness: number[] = [];
  const minds = new Map<string, (now: number) => void>();
  const stampsOf = new Map<string, { caller?: Stamps; agent?: Stamps }>();
  const chance = random.fork(1);

  const lineCame = (leg: Leg, callSidOf: (opening: string) => string | undefined) => (line: ToxicLine) => {
    const call = live.get(callSidOf(line.opening) ?? '');
    if (!call) return;
    const isFirst = call.lines[leg] === undefined;
    call.lines[leg] = line;
    if (isFirst && call.plan.faultAtMs === 0 && FAULTS[call.plan.fault ?? '']?.spoils?.leg === leg)
      strike(call);
  };
  const callerProxy = await openToxicProxy({
    to: () => Number(new URL(options.serverUrl()).port),
    random: chance.next,
    onLine: lineCame('caller', (opening) => new RegExp(`${CALL_HEADER}: (CA\\w+)`, 'i').exec(opening)?.[1]),
  });
  const standIn: StandIn = await openStandIn({
    socketPort: () => agentProxy.port,
    createFault: (callSid, n) => {
      const call = live.get(callSid);
      const refuses = FAULTS[call?.plan.fault ?? '']?.refuses;
      if (call && refuses) call.struck = true;
      return refuses?.(n);
    },
    mind: openMind,
  });
  const agentProxy = await openToxicProxy({
    to: () => standIn.port,
    random: chance.next,
    onLine: lineCame('agent', standIn.callSidOf),
  });

  function openMind(callSid: string, line: VapiCallLine): VapiMind {
    const call = live.get(callSid);
    const openedAt = performance.now();
    const agent = createStamps(call?.plan.number ?? 0);
    stampsOf.set(callSid, { ...stampsOf.get(callSid), agent });
    const mind = createSoakMind(line, agent.next, (bytes) => {
      const caller = stampsOf.get(callSid)?.caller;
      if (call?.plan.measured && caller)
        note(delays.toAgent, caller.read(bytes, performance.now()), openedAt);
    });
    return {
      ...mind,
      opened: () => minds.set(line.id, mind.tick),
      closed: () => minds.delete(line.id),
    };
  }

  function note(into: number[], times: readonly number[], since: number): void {
    if (performance.now() - since > SETTLE_MS && into.length < DELAYS_KEPT) into.push(...times);
  }

  function strike(call: Live): void {
    const fault = FAULTS[call.plan.fault ?? ''];
    const { phone, timers, plan } = call;
    const after = (ms: number, act: () => void) => {
      const timer = setTimeout(act, ms);
      timers.add(timer);
    };
    if (fault?.spoils) {
      const line = call.lines[fault.spoils.leg];
      if (!line || line.closed) return;
      call.struck = true;
      const cure = fault.spoils.line(line, plan.random);
      if (cure) after(plan.faultForMs, cure);
    }
    if (fault?.strikes) {
      const agent = standIn.agentOf(plan.callSid);
      call.struck = phone.streaming && agent !== undefined;
      if (call.struck) fault.strikes({ random: plan.random, phone, agent, after });
    }
  }

  async function have(plan: Plan): Promise<Lived> {
    const { callSid, number, measured } = plan;
    const caller = createStamps(number, hiss(number));
    stampsOf.set(callSid, { caller });
    const startedAt = performance.now();
    let frames = 0;
    const call: Live = {
      plan,
      lines: {},
      struck: false,
      timers: new Set(),
      tick: (now) => call.phone.tick(now),
      phone: ringUp({
        callSid,
        accountSid: twilio.accountSid,
        // Numbers reserved for fiction: no two calls that are live share one.
        from: `+1202555${String(number % 10_000).padStart(4, '0')}`,
        server: options.serverUrl(),
        publicUrl: options.publicUrl,
        sign: twilio.sign,
        mediaPort: callerProxy.port,
        newStreamSid: () => `MZ${random.bytes(16).toString('hex')}`,
        frame(now) {
          frames += 1;
          return measured || callerSpeaks(frames) ? caller.next(now) : SILENCE;
        },
        heard(mulaw, now) {
          const agent = stampsOf.get(callSid)?.agent;
          if (measured && agent) note(delays.toCaller, agent.read(mulaw, now), startedAt);
        },
      }),
    };
    live.set(callSid, call);
    twilio.hangsUp(callSid, call.phone.hangUp);
    call.timers.add(setTimeout(call.phone.hangUp, plan.talkMs));
    if (plan.faultAtMs > 0) call.timers.add(setTimeout(() => strike(call), plan.faultAtMs));
    const ended = await call.phone.ended;
    for (const timer of call.timers) clearTimeout(timer);
    // What is bad or half closed still, nobody at this end waits for.
    for (const line of Object.values(call.lines)) line.cure();
    live.delete(callSid);
    stampsOf.delete(callSid);
    twilio.forget(callSid);
    return {
      endedBy: ended.endedBy,
      words: ended.ending,
      struck: call.struck,
      violations: call.phone.violations,
      asked: standIn.asked(callSid),
    };
  }

  let tickedAt = performance.now();
  const ticker = setInterval(() => {
    const now = performance.now();
    if (lateness.length < LATENESS_KEPT) lateness.push(Math.max(0, now - tickedAt - TICK_MS));
    tickedAt = now;
    for (const call of live.values()) call.tick(now);
    for (const tick of minds.values()) tick(now);
  }, TICK_MS);

  return {
    standIn,
    have,
    delays,
    lateness,
    lines: () => callerProxy.open + agentProxy.open,
    async close() {
      clearInterval(ticker);
      await callerProxy.close();
      await agentProxy.close();
      await standIn.close();
    },
  };
}
