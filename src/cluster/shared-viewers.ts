import type { FeedMessage } from '../inspector/messages.ts';
import { LAGGING_BYTES, MOST_UNSENT_BYTES, type ViewerEar, type ViewerLine } from '../inspector/viewer.ts';
import { readViewerMessage } from '../inspector/viewer-messages.ts';
import type { Viewers } from '../inspector/viewers.ts';
import type { ClusterPort, WorkerName } from './cluster-port.ts';

export interface SharedViewersOptions {
  cluster: ClusterPort;
  /** How a viewer comes to the calls of this worker. */
  arrive: Viewers['arrive'];
  /** Whether the call of this id is this worker's. */
  isHere(callId: string): boolean;
}

/** One who looks on from here, at the calls of all workers. */
interface Viewer {
  line: ViewerLine;
  here: ViewerEar;
  /** What was said of meters last. */
  metering: string | undefined;
  watching: string | null;
  /** The calls of each other worker that are on the board. */
  board: Map<WorkerName, Set<string>>;
}

/** "Try again later" (IANA registry of WebSocket close codes). */
const TRY_AGAIN = 1013;
const WATCH_NOTHING = JSON.stringify({ type: 'watch', callId: null });

/**
 * Makes viewers of one worker viewers of all. Whoever comes to one is announced to the others, each of which tells its
 * own calls as it does to a viewer of its own; without viewers nothing is said. A viewer's own worker says hello, pings
 * and refuses.
 */
export function createSharedViewers({ cluster, arrive, isHere }: SharedViewersOptions): Viewers['arrive'] {
  const viewers = new Map<number, Viewer>();
  /** Viewers of other workers, by worker and number. */
  const guests = new Map<WorkerName, Map<number, ViewerEar>>();
  let lastViewer = 0;

  function welcome(from: WorkerName, number: number): void {
    const theirs = guests.get(from) ?? new Map<number, ViewerEar>();
    guests.set(from, theirs);
    const ear = arrive({
      send: (text) => cluster.tell(from, { note: 'toViewer', viewer: number, text }),
      // The viewer's own worker sees to one who takes too little.
      unsentBytes: () => 0,
      ping: () => theirs.get(number)?.ponged(),
      close: () => theirs.delete(number),
    });
    theirs.set(number, ear);
  }

  function dismiss(from: WorkerName, number: number): void {
    const theirs = guests.get(from);
    theirs?.get(number)?.gone();
    theirs?.delete(number);
  }

  /** What another worker tells one of our viewers. */
  function pass(from: WorkerName, { line, board }: Viewer, text: string): void {
    // Each message is the only one of its list; see `createTell`.
    const [message] = JSON.parse(text) as [FeedMessage];
    if (message.type === 'hello') return;
    const known = board.get(from) ?? new Set();
    board.set(from, known);
    if (message.type === 'rows') for (const { callId } of message.rows) known.add(callId);
    if (message.type === 'forgotten') for (const callId of message.callIds) known.delete(callId);
    const unsent = line.unsentBytes();
    if (message.type === 'levels' && unsent > LAGGING_BYTES) return;
    line.send(text);
    if (unsent > MOST_UNSENT_BYTES) line.close(TRY_AGAIN, 'You take too little of what is told.');
  }

  async function watch(number: number, viewer: Viewer, callId: string | null, text: string): Promise<void> {
    viewer.watching = callId;
    viewer.here.heard(callId !== null && !isHere(callId) ? WATCH_NOTHING : text);
    const asked = [...cluster.others].map((worker) =>
      cluster.ask(worker, 'watch', { viewer: number, callId }),
    );
    const isElsewhere = (await Promise.all(asked)).includes(true);
    // Nobody has it: this worker says so.
    if (!isElsewhere && viewer.watching === callId && callId !== null && !isHere(callId))
      viewer.here.heard(text);
  }

  function hear(number: number, viewer: Viewer, text: string): void {
    const said = readViewerMessage(text);
    if (said.type === 'watch') {
      void watch(number, viewer, said.callId, text);
      return;
    }
    viewer.here.heard(text);
    if (said.type !== 'meter') return;
    viewer.metering = text;
    for (const worker of cluster.others) cluster.tell(worker, { note: 'viewerSaid', viewer: number, text });
  }

  cluster.answer('watch', ({ viewer, callId }, from) => {
    const isMine = callId !== null && isHere(callId);
    const text = isMine ? JSON.stringify({ type: 'watch', callId }) : WATCH_NOTHING;
    guests.get(from)?.get(viewer)?.heard(text);
    return isMine;
  });
  cluster.listen({
    told(from, note) {
      switch (note.note) {
        case 'viewerCame':
          welcome(from, note.viewer);
          return;
        case 'viewerLeft':
          dismiss(from, note.viewer);
          return;
        case 'viewerSaid':
          guests.get(from)?.get(note.viewer)?.heard(note.text);
          return;
        case 'toViewer': {
          const viewer = viewers.get(note.viewer);
          if (viewer) pass(from, viewer, note.text);
        }
      }
    },
    came(worker) {
      for (const [number, { metering: text }] of viewers) {
        cluster.tell(worker, { note: 'viewerCame', viewer: number });
        if (text !== undefined) cluster.tell(worker, { note: 'viewerSaid', viewer: number, text });
      }
    },
    gone(worker) {
      for (const number of [...(guests.get(worker)?.keys() ?? [])]) dismiss(worker, number);
      guests.delete(worker);
      for (const { board, line } of viewers.values()) {
        const callIds = [...(board.get(worker) ?? [])];
        board.delete(worker);
        const forgotten: FeedMessage = { type: 'forgotten', callIds };
        if (callIds.length > 0) line.send(JSON.stringify([forgotten]));
      }
    },
  });

  return (line) => {
    lastViewer += 1;
    const number = lastViewer;
    const viewer: Viewer = {
      line,
      here: arrive(line),
      metering: undefined,
      watching: null,
      board: new Map(),
    };
    viewers.set(number, viewer);
    for (const worker of cluster.others) cluster.tell(worker, { note: 'viewerCame', viewer: number });
    return {
      heard: (text) => hear(number, viewer, text),
      ponged: viewer.here.ponged,
      gone() {
        viewer.here.gone();
        viewers.delete(number);
        for (const worker of cluster.others) cluster.tell(worker, { note: 'viewerLeft', viewer: number });
      },
    };
  };
}
