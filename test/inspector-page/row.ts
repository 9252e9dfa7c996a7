import type { CallRow } from '../../src/inspector/messages.ts';

/** A live call of the board, as it is after its start, but for what is told. */
export function rowOf(told: Partial<CallRow> = {}): CallRow {
  return {
    callId: 'c1',
    callSid: 'CA1',
    streamSid: 'MZ1',
    state: 'streaming',
    openedAt: 1_000,
    stateSince: 2_000,
    endsBy: 1_501_000,
    endedAt: null,
    ending: null,
    bargeIns: 0,
    lastResponseMs: null,
    muted: false,
    warnings: [],
    ...told,
  };
}
