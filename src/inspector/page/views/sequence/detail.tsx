import type { MachineDefinition } from '../../../messages.ts';
import { moment, wait } from '../../format.ts';
import { MACHINE_OF } from '../../moment.ts';
import { FactTree } from '../facts.tsx';
import { TITLE_OF } from '../words.ts';
import type { Row } from './read-rows.ts';

interface Props {
  row: Row;
  machines: readonly MachineDefinition[];
  onClose(): void;
  onSeek(at: number): void;
}

/** Everything about one record. */
export function Detail({ row, machines, onClose, onSeek }: Props) {
  return (
    <aside className="sequence-detail" aria-label="The chosen record">
      <header>
        <b>{row.title}</b>
        <button type="button" aria-label="Close" onClick={onClose}>
          ×
        </button>
      </header>
      <p>
        {moment(row.at)} · record {row.seq}
        <button type="button" onClick={() => onSeek(row.at)}>
          Go to this moment
        </button>
      </p>
      <Body row={row} machines={machines} />
    </aside>
  );
}

function Body({ row: { record, before, after, ignored }, machines }: Pick<Props, 'row' | 'machines'>) {
  switch (record.type) {
    case 'wire':
      return (
        <>
          <h4>
            {record.from} → {record.to}
          </h4>
          <FactTree fact={record.facts} />
        </>
      );
    case 'sound':
      return (
        <p>
          The {record.side} was heard from {moment(record.from)} to {moment(record.at)}:{' '}
          {wait(record.at - record.from)}.
        </p>
      );
    case '@xstate.actor':
      return (
        <>
          <h4>
            {TITLE_OF[record.actor]} begins in {after}
          </h4>
          <FactTree fact={record.context} />
        </>
      );
    case '@xstate.transition': {
      const transitions = machines.find(({ machine }) => machine === MACHINE_OF[record.actor])?.transitions;
      const { edges } = record;
      return (
        <>
          <h4>{TITLE_OF[record.actor]}</h4>
          <p>{before === after ? `stays in ${after}` : `${before} → ${after}`}</p>
          {ignored && <p>Nothing in this state answers the event.</p>}
          {edges.map((edge) => {
            const way = transitions?.[edge];
            return (
              way && (
                <p key={edge} className="sequence-edge">
                  <em>{way.source}</em> {way.event} {way.guard && <i>[{way.guard}]</i>}
                  {way.actions.length > 0 && <span> does {way.actions.join(', ')}</span>}
                </p>
              )
            );
          })}
          <h4>Event</h4>
          <FactTree fact={record.event} />
          {Object.keys(record.changed).length > 0 && (
            <>
              <h4>Changed</h4>
              <FactTree fact={record.changed} />
            </>
          )}
        </>
      );
    }
  }
}
