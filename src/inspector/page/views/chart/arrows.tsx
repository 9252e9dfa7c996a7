import { memo } from 'react';
import type { Drawing, PlacedArrow } from './lay-out.ts';
import { useActive, useTaken } from './light.ts';

type Point = PlacedArrow['points'][number];

const CORNER = 6;

/** All arrows of a drawing, between its boxes and its states. */
export const Arrows = memo(function Arrows({ drawing }: { drawing: Drawing }) {
  const { width, height, arrows, dots } = drawing;
  return (
    <svg className="chart-arrows" width={width} height={height} aria-hidden="true">
      <defs>
        {['', 'lit', 'taken'].map((kind) => (
          <marker
            key={kind}
            id={`head-${kind}`}
            viewBox="0 0 8 8"
            refX="7.5"
            refY="4"
            markerWidth="9"
            markerHeight="9"
            markerUnits="userSpaceOnUse"
            orient="auto"
          >
            <path className={`chart-head-mark ${kind}`} d="M0 .5 8 4 0 7.5Z" />
          </marker>
        ))}
      </defs>
      {arrows.map((placed) => (
        <Arrow key={placed.arrow.key} placed={placed} />
      ))}
      {dots.map(({ id, x, y }) => (
        <circle key={id} className="chart-first" cx={x} cy={y} r="4.5" />
      ))}
    </svg>
  );
});

const Arrow = memo(function Arrow({ placed: { arrow, points } }: { placed: PlacedArrow }) {
  const taken = useTaken(arrow.places);
  const open = useActive(arrow.from.replace(/:(any|first)$/, '')) && arrow.kind === 'way';
  const [when = ''] = taken.split(' ');
  const [start] = points;
  return (
    <g
      key={taken}
      className="chart-arrow"
      data-kind={arrow.kind}
      data-edge={arrow.key}
      data-taken={taken !== ''}
      data-when={when}
      data-open={open}
    >
      <path d={pathOf(points)} markerEnd={`url(#head-${taken ? 'taken' : open ? 'lit' : ''})`} />
      {start && arrow.kind === 'way' && <circle cx={start.x} cy={start.y} r="2.5" />}
    </g>
  );
});

/** A line along the points, with round corners. */
export function pathOf(points: readonly Point[]): string {
  return points
    .map((point, place) => {
      const before = points[place - 1];
      const next = points[place + 1];
      if (!before) return `M${point.x} ${point.y}`;
      if (!next) return `L${point.x} ${point.y}`;
      const [from, to] = [towards(point, before), towards(point, next)];
      return `L${from.x} ${from.y}Q${point.x} ${point.y} ${to.x} ${to.y}`;
    })
    .join('');
}

function towards(corner: Point, other: Point): Point {
  const distance = Math.abs(other.x - corner.x) + Math.abs(other.y - corner.y);
  const share = distance === 0 ? 0 : Math.min(CORNER, distance / 2) / distance;
  return { x: corner.x + (other.x - corner.x) * share, y: corner.y + (other.y - corner.y) * share };
}
