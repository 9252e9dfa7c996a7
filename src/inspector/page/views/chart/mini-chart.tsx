import { memo } from 'react';
import type { ActorName } from '../../../messages.ts';
import type { ActorMoment } from '../../moment.ts';
import { coloursOf, coloursOfAll, shortPath, TITLE_OF } from '../words.ts';
import type { Drawing } from './lay-out.ts';

interface Props {
  actor: ActorName;
  drawing: Drawing | null;
  moment: ActorMoment | undefined;
  selected: boolean;
  onSelect(actor: ActorName): void;
}

/** One statechart at a glance: its shape with the active states lit, and where it is in words. A tab. */
export function MiniChart({ actor, drawing, moment, selected, onSelect }: Props) {
  const over = moment !== undefined && moment.status !== 'active';
  const path = moment ? shortPath(moment.value) : '—';
  return (
    <button
      type="button"
      role="tab"
      className="mini-chart"
      aria-selected={selected}
      data-actor={actor}
      data-over={over}
      style={coloursOfAll(moment?.active)}
      onClick={() => onSelect(actor)}
    >
      <span className="mini-words">
        <span className="mini-title">
          {TITLE_OF[actor]}
          {over && ', over'}
        </span>
        <span className="mini-path" title={path}>
          {path}
        </span>
      </span>
      <Shape drawing={drawing} active={moment?.active ?? NONE} />
    </button>
  );
}

const NONE: ReadonlySet<string> = new Set();

const Shape = memo(function Shape({
  drawing,
  active,
}: {
  drawing: Drawing | null;
  active: ReadonlySet<string>;
}) {
  if (!drawing) return <span className="mini-shape" />;
  return (
    <svg
      className="mini-shape"
      viewBox={`0 0 ${drawing.width} ${drawing.height}`}
      preserveAspectRatio="xMidYMid meet"
      aria-hidden="true"
    >
      {drawing.placed
        .filter(({ part, state }) => part !== 'list' && state.depth > 0)
        .map(({ state, part, x, y, width, height }) => (
          <rect
            key={state.id}
            data-part={part}
            data-lit={active.has(state.id)}
            style={coloursOf(state.id)}
            x={x}
            y={y}
            width={width}
            height={height}
            rx="14"
          />
        ))}
    </svg>
  );
});
