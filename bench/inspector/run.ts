import { callSidOf } from '../caller-end.ts';
import { startFakeVapi } from '../fake-vapi.ts';
import { openLoad, type Stretch } from '../load.ts';
import { isInterrupted } from '../manner.ts';
import { sleep, startServer } from '../server-process.ts';
import { turnTaking } from './manner.ts';
import type { Sight, SightedServers } from './servers.ts';
import { type BenchViewer, type Lateness, openViewer } from './viewer.ts';

/** Who looks on in a stretch: nobody; one viewer; one that reads no more. */
export type Onlooker = 'nobody' | 'viewer' | 'stuck';

export interface ViewedStretch extends Stretch {
  sight: Sight;
  onlooker: Onlooker;
  round: number;
  calls: number;
  /** What the viewer was sent, in bytes a second, and how late it was. */
  toldPerSecond: number;
  lateness: Lateness;
  /** The server let the viewer go. */
  viewerDropped: boolean;
}

export interface RunOptions {
  servers: SightedServers;
  sight: Sight;
  calls: number;
  seconds: number;
  round: number;
}

/** Before and after each that looks on nobody does, so that what changes with time does not count against anybody. */
const ONLOOKERS: readonly Onlooker[] = ['nobody', 'viewer', 'nobody', 'stuck', 'nobody'];
/** For what a newcomer is told at first to be over, and for what somebody left behind, in ms. */
export const SETTLE_MS = 700;

/** Who looks on in the stretches of a run, one after the other. Where not everything is seen, nobody does. */
export function onlookersOf(sight: Sight): readonly Onlooker[] {
  return sight === 'on' ? ONLOOKERS : ONLOOKERS.filter((onlooker) => onlooker === 'nobody');
}

/** Has one server carry its calls through all its stretches. */
export async function measureRun(options: RunOptions): Promise<ViewedStretch[]> {
  const { servers, sight, calls } = options;
  const vapi = await startFakeVapi();
  try {
    const server = await startServer(servers.build, servers.scripts[sight], {
      AGENT: 'vapi',
      VAPI_API_KEY: 'bench-key',
      VAPI_BASE_URL: vapi.httpUrl,
      MAX_CALLS: String(calls),
    });
    let viewer: BenchViewer | undefined;
    try {
      const load = await openLoad({
        server,
        vapi,
        calls,
        format: 'mulaw',
        manner: turnTaking,
        cleared: (number, now) => viewer?.cleared(callSidOf(number), now),
      });
      const stretches: ViewedStretch[] = [];
      try {
        for (const onlooker of onlookersOf(sight)) {
          if (onlooker !== 'nobody') viewer = await openViewer(server.httpUrl, isWatchable(calls));
          if (onlooker === 'stuck') viewer?.stopReading();
          await sleep(SETTLE_MS);
          stretches.push(await measureStretch(options, onlooker, viewer, load.measure));
          viewer?.leave();
          viewer = undefined;
        }
        if (load.callsLost > 0) throw new Error(`${load.callsLost} calls ended by themselves.`);
      } finally {
        await load.hangUp();
      }
      return stretches;
    } finally {
      viewer?.leave();
      await server.stop();
    }
  } finally {
    await vapi.close();
  }
}

async function measureStretch(
  { sight, seconds, round, calls }: RunOptions,
  onlooker: Onlooker,
  viewer: BenchViewer | undefined,
  measure: (seconds: number) => Promise<Stretch>,
): Promise<ViewedStretch> {
  const { records = [], rows = [] } = viewer?.lateness ?? {};
  const before = { records: records.length, rows: rows.length, bytes: viewer?.bytes ?? 0 };
  const stretch = await measure(seconds);
  return {
    ...stretch,
    sight,
    onlooker,
    round,
    calls,
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
