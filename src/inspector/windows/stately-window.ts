import type { StatelyInspectionEvent } from '@statelyai/inspect';
import { configOf } from './machine-config.ts';
import { openWindow, type WindowWords } from './open-window.ts';
import { STATELY, statelyPage } from './stately-page.ts';
import { type Actor, sessionIdOf, type Window, type WindowFeed, type WindowOptions } from './window.ts';

export interface StatelyWindowOptions extends WindowOptions {
  /** Milliseconds since 1970. */
  epochMs(): number;
}

/** The port of `@statelyai/inspect`'s own server. */
export const STATELY_PORT = 8080;

/** The version of `@statelyai/inspect` whose messages these are. */
const VERSION = '0.7.2';

/**
 * Opens the window for the Stately Inspector: a page at `http://localhost:<port>` that holds the hosted tool and hands
 * it the calls, in the messages of `@statelyai/inspect`. `null`, and a line in the log, where the port is not there.
 */
export function openStatelyWindow({ epochMs, ...options }: StatelyWindowOptions): Promise<Window | null> {
  return openWindow({
    ...options,
    name: 'The window for the Stately Inspector',
    addressOf: (port) => `http://localhost:${port}`,
    // Its own page is one of this machine; the hosted tool inside it opens no socket here.
    sites: [],
    page: statelyPage(STATELY),
    words: wordsOf(options.feed, epochMs),
  });
}

function wordsOf({ machines }: WindowFeed, epochMs: () => number): WindowWords {
  const definitions = new Map(machines.map((it) => [it.machine, JSON.stringify(configOf(it))] as const));
  let lastId = 0;

  const write = (event: StatelyInspectionEvent) => JSON.stringify(event);

  const commonOf = (actor: Actor) => {
    lastId += 1;
    return {
      id: String(lastId),
      sessionId: sessionIdOf(actor),
      rootId: sessionIdOf({ callId: actor.callId, actor: 'call' }),
      createdAt: String(epochMs()),
      _version: VERSION,
    };
  };

  return {
    here(actor) {
      const common = commonOf(actor);
      const { actor: name, machine, value, context } = actor;
      return [
        write({
          ...common,
          type: '@xstate.actor',
          name: name === 'call' ? actor.callId : name,
          parentId: name === 'call' ? undefined : common.rootId,
          definition: definitions.get(machine),
          snapshot: { status: 'active', value, context },
        }),
      ];
    },
    stepped(actor, { event, status }) {
      const { value, context } = actor;
      const snapshot = { status, value, context, output: undefined, error: undefined };
      return [
        write({ ...commonOf(actor), type: '@xstate.event', event, sourceId: undefined }),
        write({ ...commonOf(actor), type: '@xstate.snapshot', event, snapshot }),
      ];
    },
    // The tool has no word for an actor's end: its last snapshot says it.
    ended: () => [],
  };
}
