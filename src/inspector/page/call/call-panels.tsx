import { lazy, type ReactNode, Suspense } from 'react';
import type { CallRow } from '../../messages.ts';
import { FailureFence } from '../parts/failure-fence.tsx';
import type { CallFile } from '../state/inspector.ts';
import { useNarrow, useRoomy } from '../state/use-narrow.ts';
import { FiguresView } from '../views/figures-view.tsx';
import { SequenceView } from '../views/sequence-view.tsx';
import { Panel } from './panel.tsx';
import { type Tab, Tabs } from './tabs.tsx';
import type { Place } from './use-playhead.ts';

// The chart and the timeline bring libraries with them; the board does without.
const ChartView = lazy(() => import('../views/chart-view.tsx').then((all) => ({ default: all.ChartView })));
const TimelineView = lazy(() =>
  import('../views/timeline-view.tsx').then((all) => ({ default: all.TimelineView })),
);

interface PanelsProps {
  call: CallFile;
  row: CallRow;
  place: Place;
  /** The `seq` of the record that is looked at closely. */
  selected: number | null;
  select(seq: number | null): void;
}

/** The views of a call: side by side where there is room, one at a time on a phone. */
export function CallPanels({ call, row, place, selected, select }: PanelsProps) {
  const narrow = useNarrow();
  const roomy = useRoomy();
  const { records, machines, levels, figures } = call;
  const { at, end, head, seek } = place;
  const live = head.mode === 'live' && place.running;

  const chart: Tab = {
    name: 'Statecharts',
    content: <ChartView machines={machines} moment={call.moments.at(at)} live={live} />,
  };
  const sequence: Tab = {
    name: 'Messages',
    content: (
      <SequenceView
        machines={machines}
        records={records}
        upTo={at}
        selected={selected}
        onSelect={select}
        onSeek={seek}
      />
    ),
  };
  const timeline: Tab = {
    name: 'Timeline',
    content: (
      <TimelineView
        records={records}
        levels={levels}
        figures={figures}
        now={end}
        upTo={at}
        live={live}
        onSeek={seek}
      />
    ),
  };
  const numbers: Tab = {
    name: 'Figures',
    content: <FiguresView gauges={call.gauges} figures={figures} row={row} />,
  };

  if (narrow)
    return <Tabs className="panels-narrow" tabs={[chart, sequence, timeline, numbers].map(fenced)} />;
  return (
    <div className="panels">
      <Panel className="panel-chart" title={chart.name}>
        {fence(chart)}
      </Panel>
      {roomy ? (
        <>
          <Panel className="panel-sequence" title={sequence.name}>
            {fence(sequence)}
          </Panel>
          <Panel className="panel-figures" title={numbers.name}>
            {fence(numbers)}
          </Panel>
        </>
      ) : (
        <Tabs className="panel panel-sequence" tabs={[sequence, numbers].map(fenced)} />
      )}
      <Panel className="panel-timeline" title={timeline.name}>
        {fence(timeline)}
      </Panel>
    </div>
  );
}

/** A view that fails takes no other with it. */
function fence({ name, content }: Tab): ReactNode {
  return (
    <FailureFence what={name}>
      <Suspense fallback={<div className="panel-loading" aria-busy="true" />}>{content}</Suspense>
    </FailureFence>
  );
}

function fenced(tab: Tab): Tab {
  return { ...tab, content: fence(tab) };
}
