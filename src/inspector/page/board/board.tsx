import { useContext, useMemo, useState } from 'react';
import { InspectorContext } from '../state/context.ts';
import { useStore } from '../state/use-store.ts';
import { arrange, type Filter, noFilter, totalsOf } from './arrange.ts';
import { BoardFilters } from './board-filters.tsx';
import { BoardTotals } from './board-totals.tsx';
import { CallList } from './call-list.tsx';
import { FilteredOut, NoCalls, Skeleton } from './empty-boards.tsx';

/** All calls at a glance. `filter` lives outside, so that it is as it was on coming back from a call. */
export function Board({ filter, setFilter }: { filter: Filter; setFilter(filter: Filter): void }) {
  const { inspector } = useContext(InspectorContext);
  const { rows, known, hello } = useStore(inspector.board);
  const { phase } = useStore(inspector.connection);
  const totals = useMemo(() => totalsOf(rows.values()), [rows]);
  const seen = useMemo(() => arrange(rows.values(), filter), [rows, filter]);
  const [selected, setSelected] = useState<string | null>(null);

  return (
    <main className="board" data-stale={known && phase !== 'live'} aria-label="Calls">
      <BoardTotals totals={totals} maxCalls={hello?.maxCalls ?? null} />
      <BoardFilters filter={filter} setFilter={setFilter} totals={totals} />
      {!known && <Skeleton />}
      {known && rows.size === 0 && <NoCalls agent={hello?.agent ?? 'vapi'} />}
      {known && rows.size > 0 && seen.length === 0 && (
        <FilteredOut count={rows.size} clear={() => setFilter({ ...noFilter, order: filter.order })} />
      )}
      {known && seen.length > 0 && (
        <CallList
          rows={seen}
          selected={selected}
          select={setSelected}
          order={filter.order}
          setOrder={(order) => setFilter({ ...filter, order })}
          numbers={hello?.shows.numbers ?? false}
        />
      )}
    </main>
  );
}
