import type { TransitionRecord } from '../messages.ts';
import { followActors, type LiveActors } from './live-actors.ts';
import { type DoorOptions, openReadOnlyDoor, type Viewer } from './read-only-door.ts';
import type { Actor, Window, WindowOptions } from './window.ts';

/** How a tool wants to be told of an actor: messages, in their order. */
export interface WindowWords {
  /** An actor that lives already, or begins now. */
  here(actor: Actor): readonly string[];
  stepped(actor: Actor, step: TransitionRecord): readonly string[];
  ended(actor: Actor): readonly string[];
}

export interface WindowSetup extends WindowOptions, Pick<DoorOptions, 'sites' | 'page'> {
  /** What the window is called in the log. */
  name: string;
  /** Where a person sees it, for the log. */
  addressOf(port: number): string;
  words: WindowWords;
  /** What a viewer says in order to be shown the calls, if it must; everything else that it says is refused. */
  asks?(message: string): boolean;
}

/**
 * Opens a window for tools of one kind. While nobody looks it does not even listen to the feed. Where its port cannot
 * be had it says so in the log, and there is no window.
 */
export async function openWindow(setup: WindowSetup): Promise<Window | null> {
  const { name, feed, words, log, refused } = setup;
  const shown = new Set<Viewer>();
  let actors: LiveActors | undefined;

  /** A mistake of ours costs the viewers their picture, and no call anything. */
  function safely(work: () => void): void {
    try {
      work();
    } catch (err) {
      log.error({ err }, `[Bug] ${name} failed; its viewers are sent away`);
      for (const viewer of shown) viewer.cut();
    }
  }

  function tell(messages: readonly string[]): void {
    for (const viewer of shown) for (const message of messages) viewer.send(message);
  }

  /** The full picture first, and from there on whatever happens. */
  function show(viewer: Viewer): void {
    if (shown.has(viewer)) return;
    actors?.flush();
    shown.add(viewer);
    actors ??= followActors(feed, {
      safely,
      began: (actor) => tell(words.here(actor)),
      stepped: (actor, step) => tell(words.stepped(actor, step)),
      ended: (actor) => tell(words.ended(actor)),
    });
    for (const actor of actors.list()) for (const message of words.here(actor)) viewer.send(message);
  }

  function hide(viewer: Viewer): void {
    shown.delete(viewer);
    if (shown.size > 0) return;
    actors?.stop();
    actors = undefined;
  }

  const opening = openReadOnlyDoor({
    ...setup,
    refused: (what) => refused(`${name}: ${what}`),
    came(viewer) {
      if (!setup.asks) safely(() => show(viewer));
    },
    said(viewer, message) {
      if (setup.asks?.(message)) safely(() => show(viewer));
      else refused(`${name}: what a viewer said; it can only look`);
    },
    left: hide,
  });
  const door = await opening.catch((error: unknown) => {
    const code = error instanceof Error && 'code' in error ? error.code : 'unknown';
    log.warn(
      { port: setup.port },
      `[Inspector] ${name} has no port ${setup.port} (${code}); the calls go on without it`,
    );
    return null;
  });
  if (door) log.info({}, `[Inspector] ${name}: ${setup.addressOf(door.port)}`);
  return door;
}
