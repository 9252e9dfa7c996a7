import { memo } from 'react';
import type { ActorName, Party } from '../../../messages.ts';
import { moment, span } from '../../format.ts';
import type { Item } from './items.ts';
import type { Row } from './read-rows.ts';

/** The height of a line in px; `sequence.css` says the same. */
export const LINE = 26;

/** Which half of the picture an actor's notes stand in: that of the party to which its audio or its socket leads. */
const HALF: Readonly<Record<ActorName, 'left' | 'right' | 'middle'>> = {
  call: 'middle',
  twilioSocket: 'left',
  agentBuffer: 'left',
  vapiSocket: 'right',
  callerBuffer: 'right',
};

interface Props {
  item: Item;
  place: number;
  selected: boolean;
  /** Whether it lies after the moment that is shown. */
  later: boolean;
}

export const ItemLine = memo(function ItemLine({ item, place, selected, later }: Props) {
  const style = { top: place * LINE };
  if (!item.row) {
    return (
      <div className="sequence-gap" style={style} data-later={later} role="presentation">
        <span>{span(item.gapMs)}</span>
      </div>
    );
  }
  const { row, sinceMs } = item;
  return (
    <div
      id={`sequence-${row.seq}`}
      className="sequence-line"
      style={style}
      role="option"
      tabIndex={-1}
      aria-selected={selected}
      data-seq={row.seq}
      data-kind={row.kind}
      data-moved={row.moved}
      data-ignored={row.ignored}
      data-later={later}
    >
      <span className="sequence-at">{moment(row.at)}</span>
      <span className="sequence-since">
        {sinceMs === null || sinceMs > 1_000 ? '' : `+${Math.round(sinceMs)}`}
      </span>
      <span className="sequence-lanes">
        {row.state && <span className="sequence-band" data-state={row.state} />}
        <Mark row={row} />
      </span>
    </div>
  );
});

function Mark({ row }: { row: Row }) {
  const { record, title, note, moved, state, ignored } = row;
  switch (record.type) {
    case 'wire':
      return (
        <span className="sequence-arrow" data-way={wayOf(record.from, record.to)}>
          <span className="sequence-label">
            <b>{title}</b> {note}
          </span>
        </span>
      );
    case 'sound':
      return (
        <span
          className="sequence-note"
          data-half={record.side === 'caller' ? 'left' : 'right'}
          data-side={record.side}
        >
          {title} {note}
        </span>
      );
    default:
      if (record.actor === 'call' && moved && state) {
        return (
          <span className="sequence-state" data-state={state}>
            {title} <b>→ {note}</b>
          </span>
        );
      }
      return (
        <span className="sequence-note" data-half={HALF[record.actor]}>
          {title} {moved ? `→ ${note}` : note && `(${note})`} {ignored && <i>ignored</i>}
        </span>
      );
  }
}

/** Between which lanes an arrow lies, and in which direction. */
function wayOf(from: Party, to: Party): string {
  const half = from === 'twilio' || to === 'twilio' ? 'left' : 'right';
  const lanes: readonly Party[] = ['twilio', 'bridge', 'vapi'];
  return `${half}-${lanes.indexOf(from) < lanes.indexOf(to) ? 'east' : 'west'}`;
}
