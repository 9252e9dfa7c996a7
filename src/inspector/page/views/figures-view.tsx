import './views.css';
import './figures/figures.css';
import { memo } from 'react';
import type { CallGauges, CallRow, Facts } from '../../messages.ts';
import { moment } from '../format.ts';
import { Answers } from './figures/answers.tsx';
import { Gauges } from './figures/gauges.tsx';
import { bargeInsOf, readFigures, responsesOf } from './figures/read-figures.ts';

interface Props {
  /** `null` while nobody watches, or once the call is over. */
  gauges: CallGauges | null;
  figures: Facts;
  row: CallRow;
}

/** What one call is like, in numbers. */
export function FiguresView({ gauges, figures, row }: Props) {
  return (
    <section className="view figures-view" aria-label="Figures">
      {row.ending && (
        <p className="figures-ending">
          <b>{row.ending.reason}</b> {row.ending.words}
        </p>
      )}
      <h4>Now</h4>
      {gauges ? <Gauges gauges={gauges} /> : <p className="figures-none">—</p>}
      <Written figures={figures} />
    </section>
  );
}

/** What the call has written down; it changes far less often than the gauges. */
const Written = memo(function Written({ figures }: { figures: Facts }) {
  const bargeIns = bargeInsOf(figures);
  return (
    <>
      <h4>Waits for an answer</h4>
      <Answers responses={responsesOf(figures)} />
      <h4>The whole call</h4>
      <dl className="figures-list">
        {readFigures(figures).map(({ name, label, value, tone }) => (
          <div key={name} data-figure={name} data-tone={tone}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <h4>Interruptions</h4>
      {bargeIns.length === 0 ? (
        <p className="figures-none">—</p>
      ) : (
        <div className="figures-scroll">
          <table>
            <thead>
              <tr>
                <th>at</th>
                <th>silent after</th>
                <th>heard</th>
                <th>dropped</th>
                <th>then</th>
              </tr>
            </thead>
            <tbody>
              {bargeIns.map(({ at, clearAfter, heard, flushed, outcome }) => (
                <tr key={at}>
                  <td>{moment(at)}</td>
                  <td>{clearAfter}</td>
                  <td>{heard}</td>
                  <td>{flushed}</td>
                  <td>{outcome}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </>
  );
});
