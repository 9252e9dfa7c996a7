import { loadavg } from 'node:os';
import type { AudioFormat } from '../src/audio/agent-format.ts';
import { type CallerEnd, openCallerEnd } from './caller-end.ts';
import type { AgentEnd, FakeVapi } from './fake-vapi.ts';
import { type Spread, spreadOf } from './figures.ts';
import { type Reading, type ServerProcess, sleep } from './server-process.ts';
import { createTrack, FRAME_BYTES, FRAME_MS, type Samples, type Track, type TrackCount } from './track.ts';

export interface LoadOptions {
  server: ServerProcess;
  vapi: FakeVapi;
  calls: number;
  seconds: number;
  format: AudioFormat;
}

/** What a server did under a load. Times in ms; `toAgent` is the caller's audio, `toCaller` the agent's. */
export interface LoadResult {
  frames: number;
  framesPerSecond: number;
  cpuShare: number;
  usPerFrame: number;
  idleRssBytes: number;
  rssBytes: number;
  toAgent: Spread;
  toCaller: Spread;
  /** What the first frame of each turn of the agent waited. */
  turnStart: Spread;
  /** From the agent's `user-interrupted` to the `clear` at the caller. */
  clears: Spread;
  /** Clears that did not come within the time between two interruptions. */
  missedClears: number;
  counts: TrackCount;
  /** Calls that ended before they were hung up. */
  callsLost: number;
  generator: {
    cpuShare: number;
    /** How late frames left here: what is added to no time on the way, and is in the load itself. */
    late: Spread;
    /** How much later than after 1 ms the loop came round. */
    lag: Spread;
  };
  /** Whether the generator was kept from its work so that the times are its own and not the server's. */
  disturbed: boolean;
  loadAverage: number;
}

interface LoadedCall {
  toAgent: Track;
  toCaller: Track;
  caller: CallerEnd;
  agent: AgentEnd;
  callerStartedAt: number;
  callerDueAt: number;
  agentDueAt: number;
  interruptDueAt: number;
  /** When the agent was interrupted, while its clear has not come. */
  interruptedAt: number | null;
}

/** Between the openings of two calls, in ms. */
const DIAL_EVERY_MS = 10;
/** From the last opening to the first measurement, in ms. */
const WARM_UP_MS = 4_000;
/** For what is still on its way at the end, in ms. */
const LAST_FRAMES_MS = 1_500;
/** Every so many calls one is interrupted, every so many ms, and the agent then says nothing for a while. */
const INTERRUPTED_EVERY = 5;
const INTERRUPT_EVERY_MS = 4_000;
const PAUSE_MS = 300;

/** A lag of the generator's own loop, as its 99th percentile in ms, from which on a run says nothing. */
const MOST_LAG_MS = 10;

const USER_INTERRUPTED = '{"type":"user-interrupted"}';

/** Puts calls on a server that has none, measures, and takes them off again. All waits in it are bounded. */
export async function runLoad(options: LoadOptions): Promise<LoadResult> {
  const { server, vapi, seconds, format } = options;
  const wide = format === 'pcm_s16le';
  const samples = { toAgent: emptySamples(), toCaller: emptySamples() };
  const clears: number[] = [];
  const late: number[] = [];
  const lag: number[] = [];
  const calls: LoadedCall[] = [];
  let missedClears = 0;
  let callersSpeak = true;
  let agentsSpeak = true;
  let measuring = false;
  let tickedAt = performance.now();

  async function dial(number: number): Promise<LoadedCall> {
    const toAgent = createTrack(number, samples.toAgent);
    const toCaller = createTrack(number, samples.toCaller);
    const agentComes = vapi.nextAgent();
    const caller = await openCallerEnd({
      url: server.mediaUrl,
      number,
      heard(mulaw, now) {
        if (wide) toCaller.arrivedInOrder(mulaw, FRAME_BYTES, now);
        else toCaller.arrived(mulaw, now);
      },
      cleared(now) {
        toCaller.cleared();
        if (call.interruptedAt === null) return;
        if (samples.toCaller.open) clears.push(now - call.interruptedAt);
        call.interruptedAt = null;
      },
    });
    const startedAt = performance.now();
    const call: LoadedCall = {
      toAgent,
      toCaller,
      caller,
      // Until the agent is there, the caller speaks to nobody, as at the start of every call.
      agent: { sendAudio() {}, sendText() {}, heard() {} },
      callerStartedAt: startedAt,
      callerDueAt: startedAt,
      agentDueAt: Number.POSITIVE_INFINITY,
      interruptDueAt: Number.POSITIVE_INFINITY,
      interruptedAt: null,
    };
    calls.push(call);
    call.agent = await agentComes;
    call.agent.heard = (bytes) => {
      const now = performance.now();
      if (wide) toAgent.arrivedInOrder(bytes, 4 * FRAME_BYTES, now);
      else toAgent.arrived(bytes, now);
    };
    toCaller.beginTurn();
    call.agentDueAt = performance.now();
    // Samples that carry no number cannot tell what was dropped, so they are never interrupted.
    if (number % INTERRUPTED_EVERY === 0 && !wide) {
      call.interruptDueAt = performance.now() + INTERRUPT_EVERY_MS * (0.5 + number / options.calls / 2);
    }
    return call;
  }

  function speakAsCaller(call: LoadedCall, now: number): void {
    for (; call.callerDueAt <= now; call.callerDueAt += FRAME_MS) {
      if (measuring) late.push(now - call.callerDueAt);
      const sentAt = performance.now();
      call.caller.sendAudio(call.toAgent.next(sentAt), call.callerDueAt - call.callerStartedAt);
    }
  }

  function interrupt(call: LoadedCall, now: number): void {
    call.interruptDueAt += INTERRUPT_EVERY_MS;
    if (call.interruptedAt !== null) {
      missedClears += 1;
      call.interruptedAt = null;
      return;
    }
    call.agentDueAt = now + PAUSE_MS;
    call.interruptedAt = performance.now();
    call.toCaller.cut(call.interruptedAt);
    call.toCaller.beginTurn();
    call.agent.sendText(USER_INTERRUPTED);
  }

  function speakAsAgent(call: LoadedCall, now: number): void {
    if (now >= call.interruptDueAt) interrupt(call, now);
    for (; call.agentDueAt <= now; call.agentDueAt += FRAME_MS) {
      if (measuring) late.push(now - call.agentDueAt);
      const sentAt = performance.now();
      call.agent.sendAudio(wide ? call.toCaller.nextWide(sentAt) : call.toCaller.next(sentAt));
    }
  }

  /** One timer for everybody; who is due is told by the clock, so that a late tick is caught up with. */
  function tick(): void {
    const now = performance.now();
    if (measuring) lag.push(Math.max(0, now - tickedAt - 1));
    for (const call of calls) {
      if (call.caller.closed) continue;
      if (callersSpeak) speakAsCaller(call, now);
      if (agentsSpeak) speakAsAgent(call, now);
      call.caller.echoMarks(now);
    }
    tickedAt = performance.now();
    ticker = setTimeout(tick, 1);
  }
  let ticker = setTimeout(tick, 1);

  async function measure() {
    const sent = () => calls.reduce((sum, call) => sum + call.toAgent.sent + call.toCaller.sent, 0);
    const before = await readAt(server);
    const [sentBefore, ownBefore] = [sent(), process.cpuUsage()];
    measuring = samples.toAgent.open = samples.toCaller.open = true;
    await sleep(seconds * 1000);
    measuring = samples.toAgent.open = samples.toCaller.open = false;
    const [sentAfter, own] = [sent(), process.cpuUsage(ownBefore)];
    const after = await readAt(server);
    const elapsed = (after.at - before.at) / 1000;
    const frames = sentAfter - sentBefore;
    const cpuSeconds = after.cpuSeconds - before.cpuSeconds;
    return {
      frames,
      framesPerSecond: frames / seconds,
      cpuShare: cpuSeconds / elapsed,
      // The two readings lie a little further apart than the frames.
      usPerFrame: ((cpuSeconds * 1e6) / frames) * (seconds / elapsed),
      rssBytes: after.rssBytes,
      ownCpuShare: (own.user + own.system) / 1e6 / seconds,
    };
  }

  try {
    const { rssBytes: idleRssBytes } = await server.read();
    for (let number = 0; number < options.calls; number += 1) {
      await Promise.all([dial(number), sleep(DIAL_EVERY_MS)]);
    }
    await sleep(WARM_UP_MS);
    const { ownCpuShare, ...measured } = await measure();
    agentsSpeak = false;
    await sleep(LAST_FRAMES_MS);
    callersSpeak = false;
    await sleep(LAST_FRAMES_MS);
    const lagSpread = spreadOf(lag);
    return {
      ...measured,
      idleRssBytes,
      toAgent: spreadOf(samples.toAgent.steady),
      toCaller: spreadOf(samples.toCaller.steady),
      turnStart: spreadOf(samples.toCaller.turnStarts),
      clears: spreadOf(clears),
      missedClears,
      callsLost: calls.filter(({ caller }) => caller.closed).length,
      counts: sumOf(calls.flatMap(({ toAgent, toCaller }) => [toAgent.count, toCaller.count])),
      generator: { cpuShare: ownCpuShare, late: spreadOf(late), lag: lagSpread },
      disturbed: lagSpread.p99 > MOST_LAG_MS,
      loadAverage: loadavg()[0] ?? 0,
    };
  } finally {
    for (const { caller } of calls) caller.hangUp();
    await sleep(500);
    clearTimeout(ticker);
  }
}

async function readAt(server: ServerProcess): Promise<Reading & { at: number }> {
  return { ...(await server.read()), at: performance.now() };
}

function emptySamples(): Samples {
  return { open: false, steady: [], turnStarts: [] };
}

function sumOf(counts: readonly TrackCount[]): TrackCount {
  const sum = { received: 0, flushed: 0, lost: 0, duplicated: 0, outOfOrder: 0, stale: 0, foreign: 0 };
  for (const count of counts) {
    for (const name of Object.keys(sum) as Array<keyof TrackCount>) sum[name] += count[name];
  }
  return sum;
}
