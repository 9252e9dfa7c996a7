import { memo } from 'react';
import { Countdown } from './countdown.tsx';
import { useTaken } from './light.ts';
import type { Way } from './read-chart.ts';

type Sort = 'way' | 'door' | 'hears';

/** One way out of a state: what it waits for, under which condition, and, where no arrow shows it, where that leads. */
export const WayLine = memo(function WayLine({ state, way, sort }: { state: string; way: Way; sort: Sort }) {
  const taken = useTaken(way.places);
  const { event, guard, delay, to } = way;
  return (
    // The key makes the light flash anew whenever the way is taken again.
    <div
      className="chart-way"
      key={taken}
      data-role={sort}
      data-taken={taken !== ''}
      data-when={taken.split(' ')[0]}
    >
      <span className={delay === null ? 'chart-event' : 'chart-event chart-after'}>{event}</span>
      {guard && <span className="chart-guard">[{guard}]</span>}
      {to && <span className="chart-to">→ {to}</span>}
      {delay !== null && <Countdown state={state} delay={delay} />}
    </div>
  );
});
