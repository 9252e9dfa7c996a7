import { useCallback, useContext, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import type { CallRow } from '../../messages.ts';
import { InspectorContext } from '../state/context.ts';
import { useKeys } from '../state/use-keys.ts';
import { useNarrow } from '../state/use-narrow.ts';
import type { Order } from './arrange.ts';
import { CallHeadings } from './call-headings.tsx';
import { CallLine } from './call-line.tsx';
import { scrollTo, windowOf } from './window-of.ts';

interface ListProps {
  rows: readonly CallRow[];
  selected: string | null;
  select(callId: string | null): void;
  order: Order;
  setOrder(order: Order): void;
  numbers: boolean;
}

/** Rows of one height, in px; `theme/board.css` has the same. */
const HEIGHT = { wide: 44, narrow: 92 };
const MORE = 8;
/** The feed meters 100 calls at most. */
const MOST_METERED = 100;
const METER_AFTER_MS = 150;

/** The calls, of which only those in sight are drawn, however many there are. */
export function CallList({ rows, selected, select, order, setOrder, numbers }: ListProps) {
  const box = useRef<HTMLDivElement>(null);
  const rowHeight = useNarrow() ? HEIGHT.narrow : HEIGHT.wide;
  const [view, setView] = useState({ scrollTop: 0, height: 800 });
  const look = useCallback(() => {
    if (box.current) setView({ scrollTop: box.current.scrollTop, height: box.current.clientHeight });
  }, []);
  useLayoutEffect(() => {
    look();
    const observer = new ResizeObserver(look);
    if (box.current) observer.observe(box.current);
    return () => observer.disconnect();
  }, [look]);

  const { from, to } = windowOf({ ...view, rowHeight, count: rows.length, more: MORE });
  const drawn = rows.slice(from, to);
  useMeters(drawn);

  const place = useMemo(() => rows.findIndex(({ callId }) => callId === selected), [rows, selected]);
  const move = (way: 1 | -1) => {
    const next = Math.min(rows.length - 1, Math.max(0, place === -1 ? 0 : place + way));
    select(rows[next]?.callId ?? null);
    box.current?.scrollTo({ top: scrollTo(next, view.scrollTop, view.height, rowHeight) });
  };
  useKeys({
    j: () => move(1),
    ArrowDown: () => move(1),
    k: () => move(-1),
    ArrowUp: () => move(-1),
    Escape: () => select(null),
  });

  return (
    <section className="calls" data-numbers={numbers} aria-label="Calls">
      <CallHeadings order={order} setOrder={setOrder} numbers={numbers} />
      <div className="calls-box" ref={box} onScroll={look}>
        <ol className="calls-length" style={{ height: rows.length * rowHeight }}>
          {drawn.map((row, index) => (
            <CallLine
              key={row.callId}
              row={row}
              index={from + index}
              count={rows.length}
              top={(from + index) * rowHeight}
              selected={row.callId === selected}
              select={select}
              numbers={numbers}
            />
          ))}
        </ol>
      </div>
    </section>
  );
}

/** Asks for the levels of the living calls in sight, once scrolling rests. */
function useMeters(drawn: readonly CallRow[]): void {
  const { feed } = useContext(InspectorContext);
  const wanted = drawn
    .filter(({ endedAt }) => endedAt === null)
    .slice(0, MOST_METERED)
    .map(({ callId }) => callId)
    .join(' ');
  useEffect(() => {
    const ask = () => feed.meter(wanted === '' ? [] : wanted.split(' '));
    const timer = window.setTimeout(ask, METER_AFTER_MS);
    return () => window.clearTimeout(timer);
  }, [feed, wanted]);
  useEffect(() => () => feed.meter([]), [feed]);
}
