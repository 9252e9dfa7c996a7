import type { CallRow } from '../../messages.ts';
import { clock, span } from '../format.ts';
import { useNow } from '../state/use-now.ts';

/** How old a call is; of an ended one, how long ago it ended. */
export function Age({ row }: { row: CallRow }) {
  const now = useNow(1_000);
  if (row.endedAt !== null) return <span className="faint">{span(now - row.endedAt)} ago</span>;
  return <>{clock(now - row.openedAt)}</>;
}

/** How much of a session's time is left, as a clock and as a line that grows shorter. */
export function Left({ row }: { row: CallRow }) {
  const now = useNow(1_000);
  if (row.endedAt !== null) return <span className="faint">–</span>;
  const left = Math.max(0, row.endsBy - now);
  const share = left / Math.max(1, row.endsBy - row.openedAt);
  return (
    <span className="left" data-soon={left < 120_000}>
      {clock(left)}
      <span className="left-line" aria-hidden="true">
        <span style={{ transform: `scaleX(${share.toFixed(4)})` }} />
      </span>
    </span>
  );
}
