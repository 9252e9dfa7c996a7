import type { CSSProperties } from 'react';
import { wait } from '../../format.ts';
import { medianOf } from './read-figures.ts';

/** As many of the last answers are drawn. */
const MOST = 60;
const SLOW_MS = 1_000;
const TOO_SLOW_MS = 2_000;

type Tall = CSSProperties & Record<'--tall', string>;

/** How long the caller waited for each answer. */
export function Answers({ responses }: { responses: readonly number[] }) {
  const slowest = Math.max(0, ...responses);
  const scale = Math.max(slowest, SLOW_MS);
  const median = medianOf(responses);
  const last = responses.at(-1);
  const drawn = responses.map((ms, nth) => ({ ms, nth })).slice(-MOST);
  return (
    <div className="figures-answers">
      <dl>
        <div>
          <dt>Last</dt>
          <dd>{last === undefined ? '—' : wait(last)}</dd>
        </div>
        <div>
          <dt>Usual</dt>
          <dd>{median === null ? '—' : wait(median)}</dd>
        </div>
        <div>
          <dt>Slowest</dt>
          <dd>{responses.length === 0 ? '—' : wait(slowest)}</dd>
        </div>
      </dl>
      {responses.length > 0 && (
        <div
          className="figures-bars"
          role="img"
          aria-label={`${responses.length} answers, ${responses.map(wait).join(', ')}`}
        >
          {drawn.map(({ ms, nth }) => {
            const tall: Tall = { '--tall': `${Math.max(4, (ms / scale) * 100).toFixed(1)}%` };
            const tone = ms > TOO_SLOW_MS ? 'bad' : ms > SLOW_MS ? 'warn' : 'good';
            return <i key={nth} style={tall} data-tone={tone} title={wait(ms)} />;
          })}
        </div>
      )}
    </div>
  );
}
