import type { Journal } from '../journal.ts';
import type { ActorName, Facts, MachineDefinition, MachineName, StateValue } from '../messages.ts';

/** Another window on the feed: a place where other tools see the calls. It shows and never acts. */
export interface Window {
  /** Where it is open, on this machine alone. */
  readonly port: number;
  /** Closes it at once, whoever looks through it. */
  close(): Promise<void>;
}

/** One statechart of a live call, as it is now. */
export interface Actor {
  callId: string;
  actor: ActorName;
  machine: MachineName;
  value: StateValue;
  context: Facts;
}

/** What a window is woken by. It may come in the middle of a statechart's step: whoever hears it makes a note. */
export interface WindowFeedEar {
  /** Something was written, or soon will be, in the journal of this call. */
  happened(callId: string): void;
  /** The call is over and nothing more comes of it. */
  closed(callId: string): void;
}

/** What a window takes from the feed. */
export interface WindowFeed {
  machines: readonly MachineDefinition[];
  /** The calls that live now. */
  calls(): Iterable<string>;
  isLive(callId: string): boolean;
  /** What happened in a call, fit to be shown; `undefined` once nothing is known of it any more. */
  journalOf(callId: string): Pick<Journal, 'since' | 'newest' | 'actors'> | undefined;
  /** Hears of all calls from now on. Returns what ends that. */
  listen(ear: WindowFeedEar): () => void;
}

export interface WindowLog {
  info(fields: Record<string, unknown>, line: string): void;
  warn(fields: Record<string, unknown>, line: string): void;
  error(fields: Record<string, unknown>, line: string): void;
}

export interface WindowOptions {
  /** 0 takes a free one. */
  port: number;
  feed: WindowFeed;
  log: WindowLog;
  /** Hears of whoever is not let in, and of whatever a viewer says that this window does not do. */
  refused(what: string): void;
}

/** The tool's own name for an actor; unlike XState's session ids it is unique for all times. */
export function sessionIdOf({ callId, actor }: Pick<Actor, 'callId' | 'actor'>): string {
  return `${callId}/${actor}`;
}
