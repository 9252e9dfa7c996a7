import { Icon } from '../parts/icon.tsx';
import type { Order } from './arrange.ts';

interface HeadingsProps {
  order: Order;
  setOrder(order: Order): void;
  numbers: boolean;
}

/** The names of the columns; three of them order the rows. */
export function CallHeadings({ order, setOrder, numbers }: HeadingsProps) {
  const ordering = { order, setOrder };
  return (
    <div className="call-headings">
      <span>State</span>
      <Ordering {...ordering} by="longestInState" words="For" />
      <span>Call</span>
      <span className="wide-only">Stream</span>
      {numbers && <span>Numbers</span>}
      <span>Sound</span>
      <Ordering {...ordering} by="newest" words="Age" />
      <span title="Until the session’s time is up">Left</span>
      <Ordering {...ordering} by="slowest" words="Answer" />
      <span title="How often the caller interrupted">Barge-ins</span>
      <span>Notes</span>
    </div>
  );
}

const orderTitles: Record<Order, string> = {
  newest: 'Newest first',
  longestInState: 'Longest in its state first',
  slowest: 'Slowest last answer first',
};

function Ordering({
  order,
  setOrder,
  by,
  words,
}: Omit<HeadingsProps, 'numbers'> & { by: Order; words: string }) {
  return (
    <span>
      <button
        type="button"
        className="ordering"
        aria-pressed={order === by}
        title={orderTitles[by]}
        onClick={() => setOrder(by)}
      >
        {words}
        <Icon name="down" />
      </button>
    </span>
  );
}
