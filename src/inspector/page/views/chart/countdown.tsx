import type { CSSProperties } from 'react';
import type { Timer } from '../../../messages.ts';
import { clock, wait } from '../../format.ts';
import { useTicking } from '../use-ticking.ts';
import { useNextTimer, useShown, useTimer } from './light.ts';

/** How much of a timer is left at a moment: in ms, and as a share of all of it. */
export function leftOf({ from, due }: Timer, now: number): { ms: number; share: number } {
  const ms = Math.max(0, due - now);
  return { ms, share: due > from ? Math.min(1, ms / (due - from)) : 0 };
}

/** Beside a name: a ring that shrinks. */
export function Ring({ state }: { state: string }) {
  const timer = useNextTimer(state);
  return timer ? <RunningRing timer={timer} /> : <span className="chart-dot" />;
}

const RADIUS = 6;
const AROUND = 2 * Math.PI * RADIUS;

function RunningRing({ timer }: { timer: Timer }) {
  const { at, live } = useShown();
  const { share } = leftOf(timer, useTicking(at, live));
  return (
    <svg className="chart-ring" viewBox="0 0 16 16" aria-hidden="true">
      <circle cx="8" cy="8" r={RADIUS} className="chart-ring-whole" />
      <circle
        cx="8"
        cy="8"
        r={RADIUS}
        className="chart-ring-left"
        strokeDasharray={`${share * AROUND} ${AROUND}`}
      />
    </svg>
  );
}

/** On the line of an `after`: a bar that shrinks, and what is left. */
export function Countdown({ state, delay }: { state: string; delay: string }) {
  const timer = useTimer(state, delay);
  return timer && <RunningCountdown timer={timer} />;
}

export function RunningCountdown({ timer }: { timer: Timer }) {
  const { at, live } = useShown();
  const { ms, share } = leftOf(timer, useTicking(at, live));
  const style: CSSProperties & Record<'--left', string> = { '--left': `${(share * 100).toFixed(1)}%` };
  return (
    <span className="chart-countdown" style={style} data-timer={timer.delay}>
      {ms < 60_000 ? wait(ms) : clock(ms)}
    </span>
  );
}
