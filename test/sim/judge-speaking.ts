import type { Report } from './invariants.ts';

interface Interval {
  from: number;
  to: number;
}

/** Holds the state `agentSpeaking` against what Twilio plays. */
export interface SpeakingJudge {
  /** The bridge sent audio of `ms`, audible from ms `from` to ms `to` of it; nothing if it is silence. */
  sent(audible: Interval | null): void;
  /** Twilio put the oldest audio that was sent behind its queue, which now holds `queuedMs`. */
  queued(ms: number, queuedMs: number): void;
  cleared(): void;
  /** The state that the call is in from now on. */
  state(name: string): void;
  /** Nothing can be said about the call any more. */
  abandon(): void;
  /**
   * The call lives no more: from now on nothing is claimed. The state may outlast what is heard by `lateMs`, the way of
   * the last mark; it ends no earlier, but for `earlyMs` that a `clear` is under way.
   */
  ended(tolerance: { lateMs: number; earlyMs: number }): void;
}

/** Where some of the agent may be heard, or not: an interruption, and the wait for another after it was lost. */
const INTERRUPTED = /^(bargeIn|connecting)/;

/** `fillsSilence`: silence of the agent waits between its words, and so the state outlasts what is audible. */
export function createSpeakingJudge(now: () => number, fillsSilence: boolean, report: Report): SpeakingJudge {
  const underWay: (Interval | null)[] = [];
  let audible: Interval[] = [];
  const speaking: Interval[] = [];
  const excused: Interval[] = [];
  let open: Interval[] | null = null;
  let since = 0;
  let over = false;

  function settle(): void {
    if (open) open.push({ from: since, to: now() });
    open = null;
  }

  /** The longest stretch of `one` that nothing in `others` covers. */
  function longestUncovered(one: Interval, others: readonly Interval[]): Interval {
    let worst = { from: one.from, to: one.from };
    let reached = one.from;
    for (const other of others) {
      if (other.to <= reached || other.from >= one.to) continue;
      if (other.from - reached > worst.to - worst.from) worst = { from: reached, to: other.from };
      reached = Math.max(reached, other.to);
    }
    return one.to - reached > worst.to - worst.from ? { from: reached, to: one.to } : worst;
  }

  return {
    sent(interval) {
      underWay.push(interval);
    },
    queued(ms, queuedMs) {
      const within = underWay.shift();
      if (!within) return;
      const start = now() + queuedMs - ms;
      const last = audible.at(-1);
      const from = start + within.from;
      if (last && from - last.to < 0.5) last.to = start + within.to;
      else audible.push({ from, to: start + within.to });
    },
    cleared() {
      const moment = now();
      for (const interval of audible) interval.to = Math.min(interval.to, moment);
      audible = audible.filter(({ from, to }) => to > from);
    },
    state(name) {
      if (over) return;
      settle();
      since = now();
      if (name === 'agentSpeaking') open = speaking;
      if (INTERRUPTED.test(name)) open = excused;
    },
    abandon() {
      over = true;
    },
    ended({ lateMs, earlyMs }) {
      if (over) return;
      over = true;
      settle();
      const end = now();
      const heard = audible
        .filter(({ from }) => from < end)
        .map(({ from, to }) => ({ from, to: Math.min(to, end) }));
      for (const interval of fillsSilence ? [] : speaking) {
        const { from, to } = longestUncovered(interval, heard);
        if (to - from > lateMs)
          report(
            'speaking',
            `agentSpeaking from ${Math.round(from)} to ${Math.round(to)} ms, while Twilio played nothing`,
          );
      }
      const claimed = [...speaking, ...excused].sort((a, b) => a.from - b.from);
      for (const interval of heard) {
        const { from, to } = longestUncovered(interval, claimed);
        if (to - from > earlyMs)
          report(
            'speaking',
            `Twilio played the agent from ${Math.round(from)} to ${Math.round(to)} ms, outside agentSpeaking`,
          );
      }
    },
  };
}
