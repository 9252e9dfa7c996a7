import { loadavg } from 'node:os';
import type { FakeVapi } from './fake-vapi.ts';
import { type Spread, spreadOf } from './figures.ts';
import { forget, lessBy, nothingHeard, sentOf, sumOf, takeTimes } from './heard.ts';
import { endless, type Manner } from './manner.ts';
import { type Reading, type ServerProcess, sleep } from './server-process.ts';
import { type SpokenFormat, spokenIn } from './spoken.ts';
import { dial, type Talker } from './talker.ts';
import type { TrackCount } from './track.ts';

export interface LoadOptions {
  server: ServerProcess;
  vapi: FakeVapi;
  calls: number;
  /** Calls there are to be at most, where more are to be dialled later; `calls` unless told. */
  mostCalls?: number;
  format: SpokenFormat;
  /** By how much the server's resampler delays the sound within its frames, in ms; 0 unless told. */
  soundDelayMs?: number;
  /** What the agent says when it is interrupted; Vapi's `user-interrupted` unless told. */
  interruption?: string;
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
  /** Interruptions for which no `clear` came, though the caller still had something of the agent to hear. */
  missedClears: number;
  /** The same where the caller had nothing left to hear, since the server was that late: there was nothing to clear. */
  needlessClears: number;
  /** From the caller's `start` to the agent's socket, of the calls dialled since the last stretch. */
  setUps: Spread;
  /** What became of the frames of this stretch; one that is a second and a half late counts as lost. */
  counts: TrackCount;
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
  /** As in `Stretch`, of the whole load. */
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
  /** Dials, or hangs up, until so many talk, and waits until that has settled. */
  resize(calls: number): Promise<void>;
  /** Calls that have ended by themselves. */
  readonly callsLost: number;
  /** All fall silent, and what is still on its way comes out. */
  finish(): Promise<Outcome>;
  hangUp(): Promise<void>;
}

/** Between the openings of two calls, in ms. */
const DIAL_EVERY_MS = 5;
/** From the last opening to the first measurement, in ms. */
const WARM_UP_MS = 4_000;
/** The same where a load has only changed. */
const SETTLE_MS = 1_500;
/** For what is still on its way at the end, in ms. */
const LAST_FRAMES_MS = 1_500;
/** What comes out later than this after a stretch counts as lost; and how often it is looked for until then, in ms. */
const LATEST_MS = 1_500;
const LOOK_EVERY_MS = 100;
/** A lag of the generator's own loop, as its 99th percentile in ms, and a share of a core, from which on a run says nothing. */
export const MOST_LAG_MS = 10;
export const MOST_CPU_SHARE = 0.9;

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
  const { server, vapi, manner = endless, mostCalls = options.calls } = options;
  const spoken = spokenIn(options.format, options.soundDelayMs);
  const heard = nothingHeard();
  const { toCaller } = heard;
  const calls: Talker[] = [];
  let dialled = 0;
  let lag: number[] = [];
  let callersSpeak = true;
  let agentsSpeak = true;
  let tickedAt = performance.now();

  async function dialNext(): Promise<void> {
    const number = dialled;
    dialled += 1;
    const talker = await dial({
      number,
      calls: mostCalls,
      mediaUrl: server.mediaUrl,
      vapi,
      spoken,
      manner,
      interruption: options.interruption ?? USER_INTERRUPTED,
      heard,
      cleared: (now) => options.cleared?.(number, now),
    });
    calls.push(talker);
    await talker.joined;
  }

  /** One timer for everybody; who is due is told by the clock, so that a late tick is caught up with. */
  function tick(): void {
    const now = performance.now();
    if (heard.open) lag.push(Math.max(0, now - tickedAt - 1));
    for (const call of calls) {
      if (call.caller.closed) continue;
      if (callersSpeak) call.callerSpeaks(now);
      if (agentsSpeak) call.agentSpeaks(now);
      call.caller.echoMarks(now);
    }
    tickedAt = performance.now();
    ticker = setTimeout(tick, 1);
  }
  let ticker = setTimeout(tick, 1);

  const tracks = () => calls.flatMap(({ toAgent, toCaller }) => [toAgent, toCaller]);

  async function measure(seconds: number): Promise<Stretch> {
    const [missedBefore, needlessBefore] = [toCaller.missedClears, toCaller.needlessClears];
    lag = [];
    forget(heard);
    const marks = tracks().map((track) => ({ track, from: track.sent, before: track.count }));
    const before = await readAt(server);
    const ownBefore = process.cpuUsage();
    const sentBefore = sentOf(tracks());
    takeTimes(heard, true);
    await sleep(seconds * 1000);
    takeTimes(heard, false);
    const [sentAfter, own] = [sentOf(tracks()), process.cpuUsage(ownBefore)];
    const after = await readAt(server);
    const elapsed = (after.at - before.at) / 1000;
    const frames = sentAfter - sentBefore;
    const cpuSeconds = after.cpuSeconds - before.cpuSeconds;
    const lagSpread = spreadOf(lag);
    const ownShare = (own.user + own.system) / 1e6 / seconds;
    const ends = marks.map((mark) => ({ ...mark, to: mark.track.sent }));
    const missing = () => ends.reduce((sum, { track, from, to }) => sum + track.missingBetween(from, to), 0);
    for (let waitedMs = 0; waitedMs < LATEST_MS && missing() > 0; waitedMs += LOOK_EVERY_MS)
      await sleep(LOOK_EVERY_MS);
    return {
      frames,
      framesPerSecond: frames / seconds,
      cpuShare: cpuSeconds / elapsed,
      // The two readings lie a little further apart than the frames.
      usPerFrame: ((cpuSeconds * 1e6) / frames) * (seconds / elapsed),
      rssBytes: after.rssBytes,
      toAgent: spreadOf(heard.toAgent.steady),
      toCaller: spreadOf(heard.toCaller.steady),
      turnStart: spreadOf(heard.toCaller.turnStarts),
      clears: spreadOf(heard.clears),
      clearsHeard: heard.clearsHeard,
      missedClears: toCaller.missedClears - missedBefore,
      needlessClears: toCaller.needlessClears - needlessBefore,
      setUps: spreadOf(heard.setUps.splice(0)),
      counts: sumOf(
        ends.map(({ track, from, to, before }) => ({
          ...lessBy(track.count, before),
          lost: track.missingBetween(from, to),
        })),
      ),
      generator: { cpuShare: ownShare, late: spreadOf(heard.late), lag: lagSpread },
      disturbed: lagSpread.p99 > MOST_LAG_MS || ownShare > MOST_CPU_SHARE,
      loadAverage: loadavg()[0] ?? 0,
    };
  }

  async function resize(count: number): Promise<void> {
    const leaving = calls.splice(count);
    for (const { caller } of leaving) caller.hangUp();
    // They were dialled in other circumstances.
    if (leaving.length > 0) heard.setUps.length = 0;
    while (calls.length < count) await Promise.all([dialNext(), sleep(DIAL_EVERY_MS)]);
    await sleep(SETTLE_MS);
  }

  async function hangUp(): Promise<void> {
    for (const { caller } of calls) caller.hangUp();
    await sleep(500);
    clearTimeout(ticker);
  }

  try {
    await resize(options.calls);
    await sleep(WARM_UP_MS - SETTLE_MS);
  } catch (error) {
    await hangUp();
    throw error;
  }
  const callsLost = () => calls.filter(({ caller }) => caller.closed).length;

  return {
    measure,
    resize,
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
        missedClears: heard.toCaller.missedClears,
        callsLost: callsLost(),
        counts: sumOf(tracks().map((track) => track.count)),
      };
    },
  };
}

async function readAt(server: ServerProcess): Promise<Reading & { at: number }> {
  return { ...(await server.read()), at: performance.now() };
}
