import type { Row } from './read-rows.ts';

/** What is listed: a row, or a stretch of time in which nothing happened. */
export type Item =
  | { row: Row; at: number; sinceMs: number | null }
  | { row: null; at: number; gapMs: number };

/** `story`: the wires and what the call made of them, without what only passes on what the wires show. */
export type Filter = 'story' | 'call' | 'wire' | 'all';

/** Silence of the list for longer than this is shown as a gap, in ms. */
const GAP_MS = 1_000;

/** The rows that are asked for, and the gaps between them. */
export interface Items {
  readonly list: readonly Item[];
  /** How many of them are rows. */
  readonly rows: number;
}

/** Chooses from rows as they come. What was chosen before is not looked at again while nothing else is asked for. */
export function createItems() {
  let list: Item[] = [];
  let taken = 0;
  let lastTaken: Row | undefined;
  let before: Row | undefined;
  let asked = '';
  let count = 0;

  return (rows: readonly Row[], filter: Filter, words: string): Items => {
    const wanted = words.trim().toLowerCase();
    const question = `${filter} ${wanted}`;
    if (question !== asked || rows[taken - 1] !== lastTaken) {
      list = [];
      taken = 0;
      count = 0;
      before = undefined;
      asked = question;
    }
    for (const row of rows.slice(taken)) {
      if (!isWanted(row, filter, wanted)) continue;
      const sinceMs = before ? row.at - before.at : null;
      if (before && sinceMs !== null && sinceMs > GAP_MS)
        list.push({ row: null, at: before.at, gapMs: sinceMs });
      list.push({ row, at: row.at, sinceMs });
      before = row;
      count += 1;
    }
    taken = rows.length;
    lastTaken = rows[taken - 1];
    return { list, rows: count };
  };
}

function isWanted(row: Row, filter: Filter, wanted: string): boolean {
  if (filter === 'story' && isEcho(row)) return false;
  if ((filter === 'call' || filter === 'wire') && row.kind !== filter) return false;
  return row.words.includes(wanted);
}

/** Told by a child, or by a message that has a line of its own; or a mark, of which there are six a second and more. */
function isEcho({ kind, moved, title }: Row): boolean {
  if (kind === 'wire') return title === 'mark';
  return kind === 'child' || (kind === 'call' && !moved && /^(vapi|twilio)\./.test(title));
}
