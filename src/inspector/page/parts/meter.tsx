import { useContext } from 'react';
import { meterOf } from '../format.ts';
import { InspectorContext } from '../state/context.ts';
import { usePart } from '../state/use-store.ts';

const SILENT = -90;

/** Two bars: how loud the caller is, and how loud the agent. Followed by eye, so a screen reader is told nothing. */
export function Meter({ callId }: { callId: string }) {
  const { inspector } = useContext(InspectorContext);
  const levels = usePart(inspector.levels, (all) => all.get(callId));
  const [callerDb, agentDb] = levels ?? [SILENT, SILENT];
  return (
    <span className="meter" aria-hidden="true" title="How loud: caller above, agent below">
      <Bar side="caller" db={callerDb} />
      <Bar side="agent" db={agentDb} />
    </span>
  );
}

function Bar({ side, db }: { side: 'caller' | 'agent'; db: number }) {
  return (
    <span className="meter-track" data-side={side}>
      <span className="meter-bar" style={{ transform: `scaleX(${meterOf(db).toFixed(3)})` }} />
    </span>
  );
}
