import type { CallRow } from '../../messages.ts';
import { type CallState, callStateOf, callStates } from '../state-words.ts';

export type Life = 'all' | 'live' | 'ended';
export type Order = 'newest' | 'longestInState' | 'slowest';

/** What of the board is to be seen. */
export interface Filter {
  text: string;
  /** Empty: every state. */
  states: readonly CallState[];
  life: Life;
  warned: boolean;
  order: Order;
}

export const noFilter: Filter = { text: '', states: [], life: 'all', warned: false, order: 'newest' };

/** What the board adds up to, of all calls. */
export interface Totals {
  all: number;
  live: number;
  ended: number;
  warned: number;
  byState: Record<CallState, number>;
}

export function totalsOf(rows: Iterable<CallRow>): Totals {
  const byState = Object.fromEntries(callStates.map((state) => [state, 0])) as Record<CallState, number>;
  const totals = { all: 0, live: 0, ended: 0, warned: 0, byState };
  for (const row of rows) {
    totals.all += 1;
    totals[row.endedAt === null ? 'live' : 'ended'] += 1;
    if (row.endedAt === null && row.warnings.length > 0) totals.warned += 1;
    byState[stateOf(row)] += 1;
  }
  return totals;
}

/** A call that has ended is closed, whatever its chart did last. */
export function stateOf(row: CallRow): CallState {
  return row.endedAt === null ? callStateOf(row.state) : 'closed';
}

const orders: Record<Order, (a: CallRow, b: CallRow) => number> = {
  newest: (a, b) => b.openedAt - a.openedAt,
  longestInState: (a, b) => a.stateSince - b.stateSince,
  slowest: (a, b) => (b.lastResponseMs ?? -1) - (a.lastResponseMs ?? -1),
};

/** The rows that are seen, in their order: the living before the ended. */
export function arrange(rows: Iterable<CallRow>, filter: Filter): readonly CallRow[] {
  const wanted = filter.text.trim().toLowerCase();
  const order = orders[filter.order];
  return [...rows]
    .filter((row) => isSeen(row, filter, wanted))
    .sort(
      (a, b) => livesFirst(a, b) || order(a, b) || b.openedAt - a.openedAt || (a.callId < b.callId ? -1 : 1),
    );
}

function livesFirst(a: CallRow, b: CallRow): number {
  return Number(a.endedAt !== null) - Number(b.endedAt !== null);
}

function isSeen(row: CallRow, { states, life, warned }: Filter, wanted: string): boolean {
  if (life !== 'all' && (row.endedAt === null) !== (life === 'live')) return false;
  if (states.length > 0 && !states.includes(stateOf(row))) return false;
  if (warned && (row.endedAt !== null || row.warnings.length === 0)) return false;
  if (wanted === '') return true;
  return [row.callId, row.callSid, row.streamSid, row.caller, row.called].some((text) =>
    text?.toLowerCase().includes(wanted),
  );
}
