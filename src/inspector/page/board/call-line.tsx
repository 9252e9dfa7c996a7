import { memo, useEffect, useRef } from 'react';
import type { CallRow } from '../../messages.ts';
import { clock, span, wait } from '../format.ts';
import { CopyId } from '../parts/copy-id.tsx';
import { Meter } from '../parts/meter.tsx';
import { StateChip } from '../parts/state-chip.tsx';
import { Since } from '../parts/ticking.tsx';
import { hashOf } from '../state/route.ts';
import { wordsOf } from '../state-words.ts';
import { stateOf } from './arrange.ts';
import { CallNotes } from './call-notes.tsx';
import { Age, Left } from './call-times.tsx';

interface LineProps {
  row: CallRow;
  index: number;
  count: number;
  /** In px from the top of the list. */
  top: number;
  /** Whether the keys have come to this row. */
  selected: boolean;
  select(callId: string): void;
  numbers: boolean;
}

/** One call of the board. Its link spans the row, so that it opens in a tab of its own too. */
export const CallLine = memo(function CallLine(props: LineProps) {
  const { row, index, count, top, selected, select, numbers } = props;
  const { callId, callSid, streamSid, endedAt } = row;
  const ended = endedAt !== null;
  const word = ended ? 'closed' : row.state;
  const link = useRef<HTMLAnchorElement>(null);
  useEffect(() => {
    if (selected) link.current?.focus({ preventScroll: true });
  }, [selected]);

  return (
    <li
      className="call-line"
      aria-posinset={index + 1}
      aria-setsize={count}
      data-call={callId}
      data-state={stateOf(row)}
      data-ended={ended}
      data-selected={selected}
      style={{ transform: `translateY(${top}px)` }}
    >
      <span className="cell-state">
        <StateChip word={word} />
      </span>
      <span className="cell-for figure">
        {ended ? <Lasted row={row} /> : <Since since={row.stateSince} />}
      </span>
      <span className="cell-call">
        <a ref={link} href={hashOf({ at: 'call', callId, moment: null })} onFocus={() => select(callId)}>
          <span className="hidden-words">{`Call ${callSid ?? callId}, ${wordsOf(word)}`}</span>
        </a>
        {callSid === null ? (
          <span className="faint">no CallSid yet</span>
        ) : (
          <CopyId id={callSid} what="CallSid" />
        )}
      </span>
      <span className="cell-stream wide-only">
        {streamSid === null ? <span className="faint">–</span> : <CopyId id={streamSid} what="StreamSid" />}
      </span>
      {numbers && (
        <span className="cell-numbers figure">
          {row.caller ?? '–'} <span className="faint">→</span> {row.called ?? '–'}
        </span>
      )}
      <span className="cell-sound">{!ended && <Meter callId={callId} />}</span>
      <span className="cell-age figure">
        <Age row={row} />
      </span>
      <span className="cell-left figure">
        <Left row={row} />
      </span>
      <span className="cell-answer figure">
        {row.lastResponseMs === null ? <span className="faint">–</span> : wait(row.lastResponseMs)}
      </span>
      <span className="cell-barge-ins figure">
        {row.bargeIns === 0 ? <span className="faint">0</span> : row.bargeIns}
      </span>
      <span className="cell-notes">
        <CallNotes row={row} />
      </span>
    </li>
  );
});

function Lasted({ row }: { row: CallRow }) {
  const lasted = (row.endedAt ?? row.openedAt) - row.openedAt;
  return <span title="How long it lasted">{lasted < 60_000 ? span(lasted) : clock(lasted)}</span>;
}
