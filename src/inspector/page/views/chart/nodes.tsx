import type { Node, NodeProps } from '@xyflow/react';
import { memo } from 'react';
import { coloursOf, type OwnColours } from '../words.ts';
import { Ring } from './countdown.tsx';
import type { PlacedState } from './lay-out.ts';
import { useActive } from './light.ts';
import { headOf } from './measure.ts';
import { WayLine } from './way-line.tsx';

export type ChartNode = Node<{ placed: PlacedState }>;
type Props = NodeProps<ChartNode>;
type Own = OwnColours & Record<`--${string}`, string | number>;

/** The largest size of a name that fits, for when the whole is too small to read the lines. */
const fitting = (name: string, width: number, height: number) =>
  Math.min((width - 12) / (name.length * 0.6), height * 0.62);

export const Leaf = memo(function Leaf({ data: { placed } }: Props) {
  const { state, width, height } = placed;
  const active = useActive(state.id);
  const style: Own = {
    ...coloursOf(state.id),
    '--fit': `${fitting(state.key, width, height).toFixed(1)}px`,
  };
  return (
    <div
      className="chart-leaf"
      data-state={state.id}
      data-active={active}
      data-kind={state.kind}
      style={style}
    >
      <div className="chart-name">
        <Ring state={state.id} />
        <b>{state.key}</b>
        <Runs actors={state.runs} />
      </div>
      <b className="chart-far-name" aria-hidden="true">
        {state.key}
      </b>
      <div className="chart-ways">
        {state.ways.map((way) => (
          <WayLine key={way.places.join()} state={state.id} way={way} sort="way" />
        ))}
        {state.doors.map((way) => (
          <WayLine key={way.places.join()} state={state.id} way={way} sort="door" />
        ))}
        {state.hears.map((way) => (
          <WayLine key={way.places.join()} state={state.id} way={way} sort="hears" />
        ))}
      </div>
    </div>
  );
});

export const Box = memo(function Box({ data: { placed } }: Props) {
  const { state } = placed;
  const active = useActive(state.id);
  const { columns, columnWidth } = headOf(state);
  const style: Own = { ...coloursOf(state.id), '--columns': columns, '--column': `${columnWidth}px` };
  return (
    <div
      className="chart-box"
      data-state={state.id}
      data-active={active}
      data-kind={state.kind}
      data-depth={Math.min(state.depth, 4)}
      style={style}
    >
      <div className="chart-name">
        <Ring state={state.id} />
        <b>{state.key}</b>
        <Runs actors={state.runs} />
      </div>
      {columns > 0 && (
        <div className="chart-head">
          {state.doors.map((way) => (
            <WayLine key={way.places.join()} state={state.id} way={way} sort="door" />
          ))}
          {state.hears.map((way) => (
            <WayLine key={way.places.join()} state={state.id} way={way} sort="hears" />
          ))}
        </div>
      )}
    </div>
  );
});

/** The ways that are open in any of the states of a box. */
export const List = memo(function List({ data: { placed } }: Props) {
  const { state } = placed;
  const active = useActive(state.id);
  return (
    <div className="chart-list" data-active={active} title={`In any state of ${state.key}`}>
      {state.ways.map((way) => (
        <WayLine key={way.places.join()} state={state.id} way={way} sort="way" />
      ))}
    </div>
  );
});

function Runs({ actors }: { actors: readonly string[] }) {
  return actors.length > 0 && <span className="chart-runs">runs {actors.join(', ')}</span>;
}
