import type { Step } from './feed.ts';

/** Whether a state value of the call's chart is one in which the agent stands interrupted. */
export function isBargeIn(value: unknown): boolean {
  return isObject(value) && isObject(value.live) && 'bargeIn' in value.live;
}

/** What became of the call's last interruption: `flushed`, `resumed`, or `paused` when the call ended before that. */
export function lastOutcomeOf({ context }: Step): string {
  const { figures } = context;
  const bargeIns: unknown = isObject(figures) ? figures.bargeIns : undefined;
  const last: unknown = Array.isArray(bargeIns) ? bargeIns.at(-1) : undefined;
  return isObject(last) ? String(last.outcome) : 'unknown';
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
