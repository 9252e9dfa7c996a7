import './views.css';
import './chart/chart.css';
import { useEffect, useLayoutEffect, useState } from 'react';
import type { ActorName, MachineDefinition } from '../../messages.ts';
import { type CallMoment, MACHINE_OF } from '../moment.ts';
import { Canvas } from './chart/canvas.tsx';
import { drawingOf } from './chart/drawings.ts';
import { Gist } from './chart/gist.tsx';
import type { Drawing } from './chart/lay-out.ts';
import { createLight, LightContext } from './chart/light.ts';
import { MiniChart } from './chart/mini-chart.tsx';
import { FactTree } from './facts.tsx';
import { ACTORS, TITLE_OF } from './words.ts';

interface Props {
  machines: readonly MachineDefinition[];
  moment: CallMoment;
  /** Whether the moment is now, so that timers run on by the clock. */
  live: boolean;
}

const NOTHING: ReadonlySet<string> = new Set();

/** The five statecharts of a call at a moment: one large, all of them small. */
export function ChartView({ machines, moment, live }: Props) {
  const [actorName, setActorName] = useState<ActorName>('call');
  const [showsContext, setShowsContext] = useState(false);
  const [light] = useState(createLight);
  const drawings = useDrawings(machines);
  const actor = moment.actors[actorName];
  const machine = machines.find((one) => one.machine === MACHINE_OF[actorName]);
  const drawing = machine && drawings.get(machine.machine);
  const runs = live && actor?.status === 'active';

  useLayoutEffect(
    () => light.set({ actor: actor ?? null, at: moment.at, live: runs }),
    [light, actor, moment.at, runs],
  );

  return (
    <LightContext value={light}>
      <section className="view chart-view" aria-label="Statecharts">
        <div className="chart-tabs" role="tablist" aria-label="The statecharts of this call">
          {ACTORS.map((name) => (
            <MiniChart
              key={name}
              actor={name}
              drawing={drawings.get(MACHINE_OF[name]) ?? null}
              moment={moment.actors[name]}
              selected={name === actorName}
              onSelect={setActorName}
            />
          ))}
        </div>
        {machine && <Gist machine={machine} actor={actor} at={moment.at} live={runs} />}
        <div className="chart-body">
          {drawing ? (
            <Canvas key={actorName} drawing={drawing} active={actor?.active ?? NOTHING} />
          ) : (
            <Skeleton />
          )}
          {!showsContext && (
            <button type="button" className="chart-knows" onClick={() => setShowsContext(true)}>
              Context
            </button>
          )}
          {showsContext && (
            <aside className="chart-context" aria-label={`What ${TITLE_OF[actorName]} knows`}>
              <header>
                <b>What it knows</b>
                <button type="button" aria-label="Close" onClick={() => setShowsContext(false)}>
                  ×
                </button>
              </header>
              {actor ? <FactTree fact={actor.context} /> : <p>Not running at this moment.</p>}
            </aside>
          )}
        </div>
      </section>
    </LightContext>
  );
}

/** The drawings that are ready, by machine. */
function useDrawings(machines: readonly MachineDefinition[]): ReadonlyMap<string, Drawing> {
  const [drawings, setDrawings] = useState<ReadonlyMap<string, Drawing>>(new Map());
  useEffect(() => {
    let gone = false;
    for (const definition of machines) {
      void drawingOf(definition).then((drawing) => {
        const { machine } = definition;
        if (!gone)
          setDrawings((before) =>
            before.get(machine) === drawing ? before : new Map(before).set(machine, drawing),
          );
      });
    }
    return () => {
      gone = true;
    };
  }, [machines]);
  return drawings;
}

function Skeleton() {
  return (
    <div className="chart-canvas chart-skeleton" aria-busy="true">
      <span /> <span /> <span /> <span />
      <p>Drawing the chart…</p>
    </div>
  );
}
