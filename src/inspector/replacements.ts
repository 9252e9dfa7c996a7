import { isObject } from './barge-ins.ts';
import type { Step } from './feed.ts';

/** Whether a lost agent is being replaced from this step on. */
export function isReplacement({ event, to }: Step): boolean {
  return event.type === 'vapi.gone' && isObject(to) && isObject(to.live) && 'connecting' in to.live;
}

/** How often the call's agent was replaced; with those of the call that it goes on with. */
export function replacementsOf({ context }: Step): number {
  const { figures } = context;
  return isObject(figures) ? Number(figures.replacements) : 0;
}
