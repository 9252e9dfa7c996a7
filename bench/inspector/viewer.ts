import { WebSocket } from 'ws';
import type { CallRow, FeedMessage, ViewerMessage } from '../../src/inspector/messages.ts';

/** What a viewer's page asks for with a full screen of rows. */
const METERED = 30;
const WAIT_MS = 10_000;

/** How late things were told, in ms. */
export interface Lateness {
  /** From a step of the watched call, as it is dated, until it was here. */
  records: number[];
  /** From a `clear` at a caller until the row that tells of it was here. */
  rows: number[];
}

/** One who looks on at the board and at one call. */
export interface BenchViewer {
  /** A caller was told `clear`, by `performance.now()`. */
  cleared(callSid: string, now: number): void;
  /** What it saw from now on. */
  readonly lateness: Lateness;
  /** Bytes that it was sent. */
  readonly bytes: number;
  /** Whether the server has dropped it. */
  readonly dropped: boolean;
  /** Reads no more from now on. The server drops it once a ping goes unanswered, after ten seconds at least. */
  stopReading(): void;
  leave(): void;
}

const epochNow = () => performance.timeOrigin + performance.now();

/** Opens the feed, as the inspector's page does, and looks at the first call that `wants` and 30 meters. */
export async function openViewer(httpUrl: string, wants: (row: CallRow) => boolean): Promise<BenchViewer> {
  const socket = new WebSocket(`${httpUrl.replace('http', 'ws')}/inspector/feed`, {
    perMessageDeflate: false,
  });
  const lateness: Lateness = { records: [], rows: [] };
  const awaited = new Map<string, number>();
  const callSids = new Map<string, string>();
  let watched: CallRow | undefined;
  let bytes = 0;

  function hear(message: FeedMessage, told: { journal(): void }): void {
    switch (message.type) {
      case 'rows':
        for (const row of message.rows) noteRow(row);
        if (!watched) ask(message.rows);
        return;
      case 'journal':
        told.journal();
        return;
      case 'records': {
        const begin = watched?.openedAt ?? Number.NaN;
        for (const record of message.records) {
          if (record.type === '@xstate.transition') lateness.records.push(epochNow() - begin - record.at);
        }
      }
    }
  }

  function noteRow({ callId, callSid }: CallRow): void {
    if (callSid !== null) callSids.set(callId, callSid);
    const at = awaited.get(callSid ?? '');
    if (at === undefined || callSid === null) return;
    awaited.delete(callSid);
    lateness.rows.push(performance.now() - at);
  }

  function ask(rows: readonly CallRow[]): void {
    const living = rows.filter(({ endedAt }) => endedAt === null);
    watched = living.find(wants) ?? living[0];
    if (!watched) return;
    say({ type: 'watch', callId: watched.callId });
    say({ type: 'meter', callIds: living.slice(0, METERED).map(({ callId }) => callId) });
  }

  function say(message: ViewerMessage): void {
    socket.send(JSON.stringify(message));
  }

  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => {
      socket.terminate();
      reject(new Error(`The feed showed no call within ${WAIT_MS} ms.`));
    }, WAIT_MS);
    const told = {
      journal() {
        clearTimeout(timer);
        resolve();
      },
    };
    socket.on('message', (data) => {
      const text = (data as Buffer).toString();
      bytes += text.length;
      for (const message of JSON.parse(text) as FeedMessage[]) hear(message, told);
    });
    socket.on('error', reject);
  });

  return {
    cleared: (callSid, now) => awaited.set(callSid, now),
    lateness,
    get bytes() {
      return bytes;
    },
    get dropped() {
      return socket.readyState !== WebSocket.OPEN;
    },
    stopReading: () => socket.pause(),
    leave: () => socket.terminate(),
  };
}
