import { execFileSync } from 'node:child_process';
import { callSidOf } from '../caller-end.ts';
import { startFakeVapi } from '../fake-vapi.ts';
import { type Load, openLoad, type Stretch } from '../load.ts';
import { isInterrupted, type Manner } from '../manner.ts';
import { type ServerProcess, sleep, startServer } from '../server-process.ts';
import { hastyTurns, turnTaking } from './manner.ts';
import type { Sight, SightedServers } from './servers.ts';
import { type BenchViewer, type Lateness, openViewer } from './viewer.ts';

/** Who looks on: nobody; one viewer; one that reads no more. */
export type Onlooker = 'nobody' | 'viewer' | 'stuck';

/** What a server sees of its calls, and who looks on at it. */
export interface Side {
  sight: Sight;
  onlooker: Onlooker;
}

/** Two that are compared, in the words of the report. */
export interface Pairing {
  name: string;
  one: Side;
  other: Side;
}

export interface SideStretch extends Stretch {
  /** What the viewer was sent, in bytes a second, and how late it was. */
  toldPerSecond: number;
  lateness: Lateness;
  /** The server let the viewer go. */
  viewerDropped: boolean;
}

/** What two servers did in the same seconds. */
export interface PairStretch {
  one: SideStretch;
  other: SideStretch;
}

export interface RunOptions {
  servers: SightedServers;
  pairing: Pairing;
  calls: number;
  seconds: number;
  stretches: number;
  /** Which of the two is started first. */
  oneFirst: boolean;
}

/** For what a newcomer is told at first to be over, and for what somebody left behind, in ms. */
export const SETTLE_MS = 700;

/**
 * How long a server carries hasty calls before it is measured, in ms. Its code for the frames is compiled within the
 * first second, since there are thousands of them; the code for what happens now and then would run interpreted for the
 * first minutes of a server that is up for weeks.
 */
const AGE_MS = 12_000;

interface Stand {
  server: ServerProcess;
  load: Load;
  /** Whom the load tells of a clear. */
  viewer: BenchViewer | undefined;
  close(): Promise<void>;
}

/**
 * Has two servers carry as many calls each in the same seconds, on the same core where the machine can be told so: what
 * else the machine does then, it does to both, and their ratio is steadier than either figure.
 */
export async function measurePair(options: RunOptions): Promise<PairStretch[]> {
  const { servers, pairing, calls, seconds, stretches, oneFirst } = options;
  const stands: Stand[] = [];
  try {
    const inOrder = oneFirst ? [pairing.one, pairing.other] : [pairing.other, pairing.one];
    for (const side of inOrder) stands.push(await openStand(servers, side, calls));
    const [one, other] = (oneFirst ? stands : stands.toReversed()) as [Stand, Stand];
    const measured: PairStretch[] = [];
    for (let stretch = 0; stretch < stretches; stretch += 1) {
      await Promise.all([look(one, pairing.one, calls), look(other, pairing.other, calls)]);
      await sleep(SETTLE_MS);
      const [ofOne, ofOther] = await Promise.all([measureSide(one, seconds), measureSide(other, seconds)]);
      measured.push({ one: ofOne, other: ofOther });
      for (const stand of stands) lookAway(stand);
    }
    for (const { load } of stands) {
      if (load.callsLost > 0) throw new Error(`${load.callsLost} calls ended by themselves.`);
    }
    return measured;
  } finally {
    for (const stand of stands) await stand.close();
  }
}

async function openStand(servers: SightedServers, { sight }: Side, calls: number): Promise<Stand> {
  const vapi = await startFakeVapi();
  try {
    const server = await startServer(servers.build, servers.scripts[sight], {
      AGENT: 'vapi',
      VAPI_API_KEY: 'bench-key',
      VAPI_BASE_URL: vapi.httpUrl,
      VAPI_CREATES_PER_SECOND: '1000',
      // Those of before may still be closing when those that are measured come.
      MAX_CALLS: String(2 * calls),
    });
    pin(server.pid);
    const stand: Omit<Stand, 'load' | 'close'> = { server, viewer: undefined };
    const talk = (manner: Manner) =>
      openLoad({
        server,
        vapi,
        calls,
        format: 'mulaw',
        manner,
        cleared: (number, now) => stand.viewer?.cleared(callSidOf(number), now),
      });
    try {
      const before = await talk(hastyTurns);
      await sleep(AGE_MS);
      await before.hangUp();
      const load = await talk(turnTaking);
      const close = async () => {
        stand.viewer?.leave();
        await load.hangUp();
        await server.stop();
        await vapi.close();
      };
      return Object.assign(stand, { load, close });
    } catch (error) {
      await server.stop();
      throw error;
    }
  } catch (error) {
    await vapi.close();
    throw error;
  }
}

/** Both servers on one core and whoever measures on the other, where there is a `taskset`. */
function pin(pid: number): void {
  try {
    execFileSync('taskset', ['-a', '-p', '-c', '0', String(pid)], { stdio: 'ignore' });
    execFileSync('taskset', ['-a', '-p', '-c', '1', String(process.pid)], { stdio: 'ignore' });
  } catch {
    // Without it the two run where the system puts them.
  }
}

async function look(stand: Stand, { onlooker }: Side, calls: number): Promise<void> {
  if (onlooker === 'nobody') return;
  stand.viewer = await openViewer(stand.server.httpUrl, isWatchable(calls));
  if (onlooker === 'stuck') stand.viewer.stopReading();
}

function lookAway(stand: Stand): void {
  stand.viewer?.leave();
  stand.viewer = undefined;
}

async function measureSide({ load, viewer }: Stand, seconds: number): Promise<SideStretch> {
  const { records = [], rows = [] } = viewer?.lateness ?? {};
  const before = { records: records.length, rows: rows.length, bytes: viewer?.bytes ?? 0 };
  const stretch = await load.measure(seconds);
  return {
    ...stretch,
    toldPerSecond: ((viewer?.bytes ?? 0) - before.bytes) / seconds,
    lateness: { records: records.slice(before.records), rows: rows.slice(before.rows) },
    viewerDropped: viewer?.dropped ?? false,
  };
}

/** The call in the middle of those that are interrupted. */
function isWatchable(calls: number): (row: { callSid: string | null }) => boolean {
  const interrupted = Array.from({ length: calls }, (_, number) => number).filter(isInterrupted);
  const callSid = callSidOf(interrupted[interrupted.length >> 1] ?? 0);
  return (row) => row.callSid === callSid;
}
