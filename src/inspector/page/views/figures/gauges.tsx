import type { CSSProperties } from 'react';
import type { CallGauges } from '../../../messages.ts';
import { meterOf, wait } from '../../format.ts';

interface Gauge {
  name: string;
  label: string;
  value: string;
  /** How full, 0 to 1; `null`: nothing to be full of. */
  share: number | null;
  tone?: 'caller' | 'agent' | 'warn';
}

/** How far Twilio is kept ahead of what is played, in ms. */
const LEAD_MS = 200;
/** As much of the agent's audio as fills the gauge, in ms, and of the caller's, in frames. */
const FULL_QUEUE_MS = 10_000;
const FULL_HOLD = 50;

function readGauges(gauges: CallGauges): Gauge[] {
  const { callerDb, agentDb, heldFrames, queuedMs, leadMs, agentUnsentBytes } = gauges;
  const loud = (db: number) => (db <= -89 ? 'silent' : `${Math.round(db)} dB`.replace('-', '−'));
  return [
    { name: 'callerDb', label: 'Caller', value: loud(callerDb), share: meterOf(callerDb), tone: 'caller' },
    { name: 'agentDb', label: 'Agent', value: loud(agentDb), share: meterOf(agentDb), tone: 'agent' },
    {
      name: 'heldFrames',
      label: 'Caller’s audio held',
      value: `${heldFrames} frames`,
      share: heldFrames / FULL_HOLD,
      tone: heldFrames > FULL_HOLD * 0.8 ? 'warn' : 'caller',
    },
    {
      name: 'agentUnsentBytes',
      label: 'Unsent to the agent',
      value: `${agentUnsentBytes.toLocaleString('en')} B`,
      share: agentUnsentBytes / 16_000,
      tone: agentUnsentBytes > 8_000 ? 'warn' : 'caller',
    },
    {
      name: 'queuedMs',
      label: 'Agent’s audio waiting',
      value: wait(queuedMs),
      share: queuedMs / FULL_QUEUE_MS,
      tone: 'agent',
    },
    {
      name: 'leadMs',
      label: `Ahead at Twilio, of ${LEAD_MS} ms`,
      value: wait(leadMs),
      share: leadMs / LEAD_MS,
      tone: 'agent',
    },
  ];
}

function readCounts({ sentFrames, flushedMs, refusedMs }: CallGauges): [string, string][] {
  return [
    ['Frames to the agent', sentFrames.toLocaleString('en')],
    ['Agent’s audio dropped unheard', wait(flushedMs)],
    ['Agent’s audio refused', wait(refusedMs)],
  ];
}

type Filled = CSSProperties & Record<'--share', string>;

/** What the buffers hold right now. */
export function Gauges({ gauges }: { gauges: CallGauges }) {
  return (
    <>
      <div className="figures-gauges">
        {readGauges(gauges).map(({ name, label, value, share, tone }) => {
          const filled: Filled = {
            '--share': `${Math.min(100, Math.max(0, (share ?? 0) * 100)).toFixed(1)}%`,
          };
          return (
            <div key={name} className="figures-gauge" data-tone={tone} data-gauge={name}>
              <span>{label}</span>
              <b>{value}</b>
              <i style={filled} />
            </div>
          );
        })}
      </div>
      <dl className="figures-list">
        {readCounts(gauges).map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}
