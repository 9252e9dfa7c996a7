import './views.css';
import './sequence/sequence.css';
import { type KeyboardEvent, useMemo, useRef, useState } from 'react';
import type { JournalRecord, MachineDefinition } from '../../messages.ts';
import { count } from '../format.ts';
import { placeAfter } from '../moment.ts';
import { Detail } from './sequence/detail.tsx';
import { ItemLine, LINE } from './sequence/item-line.tsx';
import { createItems, type Filter } from './sequence/items.ts';
import { createRows } from './sequence/read-rows.ts';
import { useScroll } from './sequence/use-scroll.ts';

interface Props {
  machines: readonly MachineDefinition[];
  records: readonly JournalRecord[];
  /** The moment that is shown: what is later is dimmed. */
  upTo: number;
  /** The `seq` of the record that is looked at closely. */
  selected: number | null;
  onSelect(seq: number | null): void;
  onSeek(at: number): void;
}

const FILTERS: readonly (readonly [Filter, string])[] = [
  ['story', 'Story'],
  ['call', 'Call'],
  ['wire', 'Wire'],
  ['all', 'All actors'],
];

/** Lines that are drawn above and below of what is on the screen. */
const SPARE = 10;

/** Who said what to whom, and what the call made of it, from top to bottom. */
export function SequenceView({ machines, records, upTo, selected, onSelect, onSeek }: Props) {
  const [filter, setFilter] = useState<Filter>('story');
  const [words, setWords] = useState('');
  const [rows] = useState(createRows);
  const [choose] = useState(createItems);
  const list = useMemo(() => {
    rows.follow(records);
    return rows.list;
  }, [rows, records]);
  const found = useMemo(() => choose(list, filter, words), [choose, list, filter, words]);
  const { list: items } = found;
  const shown = placeAfter(items, upTo);
  const chosen = selected === null ? undefined : list.find(({ seq }) => seq === selected);

  const scroller = useRef<HTMLDivElement>(null);
  const placeOf = (seq: number | null) => items.findIndex(({ row }) => row !== null && row.seq === seq);
  const scroll = useScroll(scroller, shown, selected, placeOf(selected));

  /** The row on whose line something was clicked. */
  function rowAt(target: EventTarget) {
    const line = target instanceof Element ? target.closest<HTMLElement>('[data-seq]') : null;
    return list.find(({ seq }) => seq === Number(line?.dataset.seq));
  }

  function pressed(event: KeyboardEvent): void {
    const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: 12, PageUp: -12 };
    const by = steps[event.key];
    if (by !== undefined) step(by);
    else if (event.key === 'Enter' && chosen) onSeek(chosen.at);
    else if (event.key === 'Escape' && selected !== null) onSelect(null);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  function step(by: number): void {
    const from = selected === null ? shown - 1 - by : placeOf(selected);
    const way = Math.sign(by);
    let place = Math.min(items.length - 1, Math.max(0, from + by));
    while (items[place] && !items[place]?.row) place += way;
    const row = items[place]?.row;
    if (row) onSelect(row.seq);
  }

  const first = Math.max(0, Math.floor(scroll.top / LINE) - SPARE);
  const last = Math.min(items.length, Math.ceil((scroll.top + scroll.height) / LINE) + SPARE);

  return (
    <section className="view sequence-view" aria-label="Messages">
      <div className="sequence-tools">
        <fieldset className="sequence-filters" aria-label="What is listed">
          {FILTERS.map(([name, label]) => (
            <button key={name} type="button" aria-pressed={filter === name} onClick={() => setFilter(name)}>
              {label}
            </button>
          ))}
        </fieldset>
        <input
          type="search"
          value={words}
          placeholder="Filter"
          aria-label="Only lines with these words"
          onChange={(event) => setWords(event.target.value)}
        />
        <span className="sequence-count">{count(found.rows, 'record')}</span>
      </div>
      <div className="sequence-body">
        <div className="sequence-sheet">
          <div className="sequence-heads" aria-hidden="true">
            <span>time</span>
            <span>ms</span>
            <span className="sequence-lanes">
              <b>Twilio</b>
              <b>bridge</b>
              <b>Vapi</b>
            </span>
          </div>
          <div
            ref={scroller}
            className="sequence-scroller"
            role="listbox"
            tabIndex={0}
            aria-label="Records"
            aria-activedescendant={chosen && `sequence-${chosen.seq}`}
            {...scroll.handlers}
            onClick={({ target }) => {
              const row = rowAt(target);
              if (row) onSelect(row.seq);
            }}
            onDoubleClick={({ target }) => {
              const row = rowAt(target);
              if (row) onSeek(row.at);
            }}
            onKeyDown={pressed}
          >
            <div className="sequence-paper" style={{ height: items.length * LINE }}>
              {shown < items.length && <div className="sequence-now" style={{ top: shown * LINE }} />}
              {items.slice(first, last).map((item, offset) => (
                <ItemLine
                  key={item.row ? item.row.seq : `gap ${item.at}`}
                  item={item}
                  place={first + offset}
                  selected={item.row?.seq === selected}
                  later={first + offset >= shown}
                />
              ))}
            </div>
            {items.length === 0 && (
              <p className="sequence-none">{words ? 'No line has these words.' : 'Nothing yet.'}</p>
            )}
          </div>
        </div>
        {!scroll.follows && (
          <button type="button" className="sequence-follow" onClick={scroll.follow}>
            Follow
          </button>
        )}
        {chosen && <Detail row={chosen} machines={machines} onClose={() => onSelect(null)} onSeek={onSeek} />}
      </div>
    </section>
  );
}
