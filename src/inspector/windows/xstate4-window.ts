import { configOf } from './machine-config.ts';
import { openWindow, type WindowWords } from './open-window.ts';
import { type Actor, sessionIdOf, type Window, type WindowFeed, type WindowOptions } from './window.ts';

/** The package that knows xstate 4; `src/inspector/xstate4/` says why it is one. */
type Package = typeof import('@vapi-twilio-bridge/xstate4-window');

export interface XState4WindowOptions extends WindowOptions {
  /** Loads the package, which is optional; unless told, from where npm put it. */
  load?: () => Promise<Package>;
}

/** Where the hosted tool is. */
const VIZ = 'https://stately.ai/viz';

/**
 * Opens the window for tools of xstate 4, in the protocol of `@xstate/inspect`. They see every statechart of every live
 * call as a service. What they send is refused. `null`, and a line in the log, where the package or the port is not there.
 */
export async function openXState4Window({
  load = () => import('@vapi-twilio-bridge/xstate4-window'),
  ...options
}: XState4WindowOptions): Promise<Window | null> {
  const { feed, log } = options;
  const words = await load().catch(() => null);
  if (!words) {
    const remedy = 'run npm install without --omit=optional';
    log.warn({}, `[Inspector] The window for xstate 4 is not installed; ${remedy}`);
    return null;
  }
  return openWindow({
    ...options,
    name: 'The window for xstate 4',
    // Not the viz with its query: a log takes queries for secrets.
    addressOf: (port) => `ws://localhost:${port}, for ${VIZ} (docs/other-windows.md)`,
    sites: [new URL(VIZ).origin],
    words: wordsOf(words, feed),
    asks: words.asksToInspect,
  });
}

function wordsOf(
  { definitionOf, registered, told, stepped, stopped }: Package,
  feed: WindowFeed,
): WindowWords {
  const machines = new Map(feed.machines.map((it) => [it.machine, definitionOf(configOf(it))] as const));
  const INIT = { type: 'xstate.init' };

  const momentOf = (actor: Actor, event: { type: string }, done = false) => ({
    sessionId: sessionIdOf(actor),
    value: actor.value,
    context: actor.context,
    event,
    done,
  });

  return {
    here(actor) {
      const { callId, actor: id } = actor;
      const machine = machines.get(actor.machine);
      if (machine === undefined) return [];
      const parent = id === 'call' ? undefined : sessionIdOf({ callId, actor: 'call' });
      return [registered({ id, parent, machine }, momentOf(actor, INIT))];
    },
    stepped(actor, { event, status }) {
      const moment = momentOf(actor, event, status === 'done');
      return [told(moment), stepped(moment)];
    },
    ended: (actor) => [stopped(sessionIdOf(actor))],
  };
}
