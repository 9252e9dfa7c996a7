import type { Totals } from './arrange.ts';

/** What the board adds up to: five numbers that are read from across a room. */
export function BoardTotals({ totals, maxCalls }: { totals: Totals; maxCalls: number | null }) {
  const { live, byState, warned } = totals;
  return (
    <section className="totals" aria-label="Totals">
      <Total name="Live" value={live} of={maxCalls} share={maxCalls ? live / maxCalls : 0} />
      <Total name="Agent speaking" value={byState.agentSpeaking} state="agentSpeaking" />
      <Total name="Barge-in" value={byState.bargeIn} state="bargeIn" />
      <Total name="Connecting" value={byState.connecting + byState.buffering} state="connecting" />
      <Total name="Warnings" value={warned} warns={warned > 0} />
    </section>
  );
}

interface TotalProps {
  name: string;
  value: number;
  of?: number | null;
  share?: number;
  state?: string;
  warns?: boolean;
}

function Total({ name, value, of = null, share, state, warns = false }: TotalProps) {
  return (
    <div className="total" data-total={name} data-state={state} data-lit={value > 0} data-warns={warns}>
      <span className="total-name">{name}</span>
      <span className="total-value">
        {value.toLocaleString('en')}
        {of !== null && <span className="total-of"> / {of.toLocaleString('en')}</span>}
      </span>
      {share !== undefined && (
        <span className="total-share" aria-hidden="true">
          <span style={{ transform: `scaleX(${Math.min(1, share)})` }} />
        </span>
      )}
    </div>
  );
}
