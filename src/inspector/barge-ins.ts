import type { Step } from './feed.ts';

/** Whether a state value of the call's chart is one in which the agent stands interrupted. */
export function isBargeIn(value: unknown): boolean {
  return isObject(value) && isObject(value.live) && 'bargeIn' in value.live;
}

/** The call's last interruption, as its figures have it; `undefined` before the first. */
export function lastBargeInOf({ context }: Step): Readonly<Record<string, unknown>> | undefined {
  const { figures } = context;
  const bargeIns: unknown = isObject(figures) ? figures.bargeIns : undefined;
  const last: unknown = Array.isArray(bargeIns) ? bargeIns.at(-1) : undefined;
  return isObject(last) ? last : undefined;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
