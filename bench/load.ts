import { loadavg } from 'node:os';
import type { AudioFormat } from '../src/audio/agent-format.ts';
import { type CallerEnd, openCallerEnd } from './caller-end.ts';
import type { AgentEnd, FakeVapi } from './fake-vapi.ts';
import { type Spread, spreadOf } from './figures.ts';
import { type Act, endless, type Manner, type Script } from './manner.ts';
import { type Reading, type ServerProcess, sleep } from './server-process.ts';
import { hiss } from './sounds.ts';
import { createTrack, FRAME_BYTES, FRAME_MS, type Samples, type Track, type TrackCount } from './track.ts';

export interface LoadOptions {
  server: ServerProcess;
  vapi: FakeVapi;
  calls: number;
  format: AudioFormat;
  /** How they talk: without end, and one in five agents is interrupted now and then, unless told. */
  manner?: Manner;
  /** The caller of this number was told `clear`, by `performance.now()`. */
  cleared?(number: number, now: number): void;
}

/** What a server did in a stretch of time. Times in ms; `toAgent` is the caller's audio, `toCaller` the agent's. */
export interface Stretch {
  frames: number;
  framesPerSecond: number;
  cpuShare: number;
  usPerFrame: number;
  rssBytes: number;
  toAgent: Spread;
  toCaller: Spread;
  /** What the first frame of each turn of the agent waited. */
  turnStart: Spread;
  /** From the agent's `user-interrupted` to the `clear` at the caller. */
  clears: Spread;
  /** Every `clear` that came, whatever brought it about. */
  clearsHeard: number;
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

/** What became of all that was said in the calls. */
export interface Outcome {
  /** Clears that did not come within the time between two interruptions. */
  missedClears: number;
  counts: TrackCount;
  /** Calls that ended before they were hung up. */
  callsLost: number;
}

export interface LoadResult extends Stretch, Outcome {
  idleRssBytes: number;
}

/** Calls on a server, all of which talk. */
export interface Load {
  measure(seconds: number): Promise<Stretch>;
  /** Calls that have ended by themselves. */
  readonly callsLost: number;
  /** All fall silent, and what is still on its way comes out. */
  finish(): Promise<Outcome>;
  hangUp(): Promise<void>;
}

interface LoadedCall {
  toAgent: Track;
  toCaller: Track;
  caller: CallerEnd;
  agent: AgentEnd;
  callerStartedAt: number;
  callerDueAt: number;
  agentDueAt: number;
  script: Script | undefined;
  /** When its script began last, and what is next in it. */
  scriptBeganAt: number;
  nextAct: number;
  /** When the agent was interrupted, while its clear has not come. */
  interruptedAt: number | null;
}

/** Between the openings of two calls, in ms. */
const DIAL_EVERY_MS = 10;
/** From the last opening to the first measurement, in ms. */
const WARM_UP_MS = 4_000;
/** For what is still on its way at the end, in ms. */
const LAST_FRAMES_MS = 1_500;
/** A lag of the generator's own loop, as its 99th percentile in ms, from which on a run says nothing. */
const MOST_LAG_MS = 10;

const USER_INTERRUPTED = '{"type":"user-interrupted"}';

/** Puts calls on a server that has none, measures, and takes them off again. */
export async function runLoad(options: LoadOptions & { seconds: number }): Promise<LoadResult> {
  const { rssBytes: idleRssBytes } = await options.server.read();
  const load = await openLoad(options);
  try {
    const stretch = await load.measure(options.seconds);
    return { ...stretch, ...(await load.finish()), idleRssBytes };
  } finally {
    await load.hangUp();
  }
}

/** Puts calls on a server that has none and lets them talk for a while. All waits in it are bounded. */
export async function openLoad(options: LoadOptions): Promise<Load> {
  const { server, vapi, format, manner = endless } = options;
  const wide = format === 'pcm_s16le';
  const samples = { toAgent: emptySamples(), toCaller: emptySamples() };
  const calls: LoadedCall[] = [];
  let clears: number[] = [];
  let clearsHeard = 0;
  let late: number[] = [];
  let lag: number[] = [];
  let missedClears = 0;
  let callersSpeak = true;
  let agentsSpeak = true;
  let measuring = false;
  let tickedAt = performance.now();

  async function dial(number: number): Promise<LoadedCall> {
    const callerSound = manner.callerSound?.(number, options.calls) ?? hiss(number);
    const toAgent = createTrack(number, samples.toAgent, callerSound);
    const toCaller = createTrack(number, samples.toCaller, manner.agentSound?.(number, options.calls));
    const agentComes = vapi.nextAgent();
    // Where the caller is not let in, nobody waits for the agent any more.
    agentComes.catch(() => {});
    const caller = await openCallerEnd({
      url: server.mediaUrl,
      number,
      heard(mulaw, now) {
        if (wide) toCaller.arrivedInOrder(mulaw, FRAME_BYTES, now);
        else toCaller.arrived(mulaw, now);
      },
      cleared(now) {
        toCaller.cleared();
        options.cleared?.(number, now);
        if (measuring) clearsHeard += 1;
        if (call.interruptedAt === null) return;
        if (measuring) clears.push(now - call.interruptedAt);
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
      script: undefined,
      scriptBeganAt: 0,
      nextAct: 0,
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
    // Samples that carry no number cannot tell what was dropped, so nothing but speaking is done with them.
    call.script = wide ? undefined : manner.script(number, options.calls);
    if (call.script) {
      const { fromMs, everyMs } = call.script;
      const missed = Math.max(0, Math.ceil((performance.now() - startedAt - fromMs) / everyMs));
      call.scriptBeganAt = startedAt + fromMs + missed * everyMs;
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

  function yieldToCaller(call: LoadedCall): void {
    if (call.interruptedAt !== null) missedClears += 1;
    call.agentDueAt = Number.POSITIVE_INFINITY;
    call.interruptedAt = performance.now();
    call.toCaller.cut(call.interruptedAt);
    call.toCaller.beginTurn();
    call.agent.sendText(USER_INTERRUPTED);
  }

  function perform(call: LoadedCall, act: Act, dueAt: number): void {
    switch (act.does) {
      case 'speak':
        call.toCaller.beginTurn();
        call.agentDueAt = dueAt;
        return;
      case 'fallSilent':
        call.agentDueAt = Number.POSITIVE_INFINITY;
        return;
      case 'yield':
        yieldToCaller(call);
        return;
      case 'tell':
        call.agent.sendText(act.text);
    }
  }

  function followScript(call: LoadedCall, { acts, everyMs }: Script, now: number): void {
    for (
      let act = acts[call.nextAct];
      act && call.scriptBeganAt + act.atMs <= now;
      act = acts[call.nextAct]
    ) {
      perform(call, act, call.scriptBeganAt + act.atMs);
      call.nextAct += 1;
      if (call.nextAct < acts.length) continue;
      call.nextAct = 0;
      call.scriptBeganAt += everyMs;
    }
  }

  function speakAsAgent(call: LoadedCall, now: number): void {
    if (call.script) followScript(call, call.script, now);
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

  function open(taking: boolean): void {
    measuring = samples.toAgent.open = samples.toCaller.open = taking;
  }

  async function measure(seconds: number): Promise<Stretch> {
    const sent = () => calls.reduce((sum, call) => sum + call.toAgent.sent + call.toCaller.sent, 0);
    [clears, late, lag, clearsHeard] = [[], [], [], 0];
    for (const taken of [samples.toAgent, samples.toCaller])
      taken.steady.length = taken.turnStarts.length = 0;
    const before = await readAt(server);
    const [sentBefore, ownBefore] = [sent(), process.cpuUsage()];
    open(true);
    await sleep(seconds * 1000);
    open(false);
    const [sentAfter, own] = [sent(), process.cpuUsage(ownBefore)];
    const after = await readAt(server);
    const elapsed = (after.at - before.at) / 1000;
    const frames = sentAfter - sentBefore;
    const cpuSeconds = after.cpuSeconds - before.cpuSeconds;
    const lagSpread = spreadOf(lag);
    return {
      frames,
      framesPerSecond: frames / seconds,
      cpuShare: cpuSeconds / elapsed,
      // The two readings lie a little further apart than the frames.
      usPerFrame: ((cpuSeconds * 1e6) / frames) * (seconds / elapsed),
      rssBytes: after.rssBytes,
      toAgent: spreadOf(samples.toAgent.steady),
      toCaller: spreadOf(samples.toCaller.steady),
      turnStart: spreadOf(samples.toCaller.turnStarts),
      clears: spreadOf(clears),
      clearsHeard,
      generator: {
        cpuShare: (own.user + own.system) / 1e6 / seconds,
        late: spreadOf(late),
        lag: lagSpread,
      },
      disturbed: lagSpread.p99 > MOST_LAG_MS,
      loadAverage: loadavg()[0] ?? 0,
    };
  }

  async function hangUp(): Promise<void> {
    for (const { caller } of calls) caller.hangUp();
    await sleep(500);
    clearTimeout(ticker);
  }

  try {
    for (let number = 0; number < options.calls; number += 1) {
      await Promise.all([dial(number), sleep(DIAL_EVERY_MS)]);
    }
    await sleep(WARM_UP_MS);
  } catch (error) {
    await hangUp();
    throw error;
  }
  const callsLost = () => calls.filter(({ caller }) => caller.closed).length;

  return {
    measure,
    hangUp,
    get callsLost() {
      return callsLost();
    },
    async finish() {
      agentsSpeak = false;
      await sleep(LAST_FRAMES_MS);
      callersSpeak = false;
      await sleep(LAST_FRAMES_MS);
      return {
        missedClears,
        callsLost: callsLost(),
        counts: sumOf(calls.flatMap(({ toAgent, toCaller }) => [toAgent.count, toCaller.count])),
      };
    },
  };
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
