import type { MachineDefinition } from '../../../messages.ts';
import { span, wait } from '../../format.ts';
import type { ActorMoment } from '../../moment.ts';
import { useTicking } from '../use-ticking.ts';
import { coloursOfAll, shortPath } from '../words.ts';
import { RunningCountdown } from './countdown.tsx';
import { soonest } from './light.ts';

/** What fires later than this is no news, in ms. */
const SOON_MS = 60_000;

interface Props {
  machine: MachineDefinition;
  actor: ActorMoment | undefined;
  at: number;
  live: boolean;
}

/** What an actor does and why, in a line: where it is, what brought it there and when, and what the clock will do. */
export function Gist({ machine, actor, at, live }: Props) {
  const now = useTicking(at, live);
  if (!actor) return <p className="chart-gist chart-gist-none">Not running at this moment.</p>;
  const { arrived, last, timers } = actor;
  // The session's long time is on its own line in the chart; here it would only be noise.
  const next = soonest(timers.filter(({ due }) => due - now < SOON_MS));
  return (
    <p className="chart-gist">
      <b style={coloursOfAll(actor.active)}>{shortPath(actor.value)}</b>
      <span>
        {arrived ? (
          <>
            for <i>{sinceThen(now - arrived.at)}</i> since <Event told={arrived} machine={machine} />
          </>
        ) : (
          'since it began'
        )}
      </span>
      {last && last.seq !== arrived?.seq && (
        <span className="chart-gist-last">
          last heard <Event told={last} machine={machine} />
          {last.edges.length === 0 && ', which means nothing here'}
        </span>
      )}
      {next && actor.status === 'active' && (
        <span>
          next <em className="chart-after">after {next.delay}</em> in <RunningCountdown timer={next} />
        </span>
      )}
    </p>
  );
}

function Event({
  told,
  machine,
}: {
  told: { event: string; edges: readonly number[] };
  machine: MachineDefinition;
}) {
  const edge = machine.transitions[told.edges[0] ?? -1];
  return (
    <>
      <em className={edge?.delay ? 'chart-after' : 'chart-event'}>
        {edge && !edge.event.includes('*') ? edge.event : told.event}
      </em>
      {edge?.guard && <em className="chart-guard"> [{edge.guard}]</em>}
    </>
  );
}

const sinceThen = (ms: number) => (ms < 1_000 ? wait(Math.max(0, ms)) : span(ms));
