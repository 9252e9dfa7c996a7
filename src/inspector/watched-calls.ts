import type { CallGauges, Facts, JournalRecord, LevelSample } from './messages.ts';
import type { Tell, Viewer } from './viewer.ts';

/** What is shown of one call. */
export interface ShownCall {
  journal(callId: string): ShownJournal | undefined;
  readings(callId: string): Readings | undefined;
}

/** As much of a journal as viewers need. */
export interface ShownJournal {
  read(): { dropped: number; records: readonly JournalRecord[] };
  since(seq: number): readonly JournalRecord[];
  readonly newest: number;
  addLevels(sample: LevelSample): void;
  readonly levels: readonly LevelSample[];
}

/** Gauges and figures of one call at a moment; of a call that is over, its last. */
export interface Readings {
  gauges: CallGauges;
  figures: Facts;
  isOver: boolean;
}

/** The calls that are looked at, each by one viewer or more. */
export interface WatchedCalls {
  /** Shows this viewer one call in full instead of the one before; `null`: none. */
  show(viewer: Viewer, callId: string | null): void;
  tellRecords(): void;
  tellReadings(): void;
  has(callId: string): boolean;
  forget(callId: string): void;
}

interface Watched {
  viewers: Set<Viewer>;
  /** The newest record that all of them have. */
  told: number;
  /** Its last readings have been told. */
  isOver: boolean;
}

/** Makes the watched calls of a server. */
export function createWatchedCalls(shown: ShownCall, tell: Tell): WatchedCalls {
  const watched = new Map<string, Watched>();

  function leave(viewer: Viewer): void {
    const { watching } = viewer;
    viewer.watching = null;
    if (watching === null) return;
    const call = watched.get(watching);
    call?.viewers.delete(viewer);
    if (call?.viewers.size === 0) watched.delete(watching);
  }

  function tellRecordsOf(callId: string, call: Watched): void {
    const journal = shown.journal(callId);
    if (!journal || journal.newest === call.told) return;
    const records = journal.since(call.told);
    call.told = journal.newest;
    tell(call.viewers, { type: 'records', callId, records });
  }

  /** Whether those were the last. */
  function tellReadingsOf(callId: string, to: Iterable<Viewer>): boolean {
    const readings = shown.readings(callId);
    if (!readings) return true;
    const { gauges, figures, isOver } = readings;
    if (!isOver) shown.journal(callId)?.addLevels([gauges.at, gauges.callerDb, gauges.agentDb]);
    tell(to, { type: 'gauges', callId, gauges, figures }, !isOver);
    return isOver;
  }

  return {
    show(viewer, callId) {
      leave(viewer);
      if (callId === null) return;
      const journal = shown.journal(callId);
      if (!journal) {
        const words = 'No call of this id is alive or among the last that ended.';
        tell([viewer], { type: 'refused', words });
        return;
      }
      const call = watched.get(callId) ?? { viewers: new Set(), told: 0, isOver: false };
      // Those who look already are brought to the same place first.
      if (call.viewers.size > 0) tellRecordsOf(callId, call);
      const { dropped, records } = journal.read();
      call.told = journal.newest;
      call.viewers.add(viewer);
      watched.set(callId, call);
      viewer.watching = callId;
      tell([viewer], { type: 'journal', callId, dropped, records, levels: journal.levels });
      call.isOver = tellReadingsOf(callId, [viewer]);
    },
    tellRecords() {
      for (const [callId, call] of watched) tellRecordsOf(callId, call);
    },
    tellReadings() {
      for (const [callId, call] of watched) {
        if (!call.isOver) call.isOver = tellReadingsOf(callId, call.viewers);
      }
    },
    has: (callId) => watched.has(callId),
    forget: (callId) => watched.delete(callId),
  };
}
