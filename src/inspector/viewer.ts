import type { FeedMessage } from './messages.ts';

/** The line to one viewer. */
export interface ViewerLine {
  send(text: string): void;
  /** Bytes that were sent and have not left yet. */
  unsentBytes(): number;
  ping(): void;
  close(code: number, words: string): void;
}

/** What is told of a viewer. */
export interface ViewerEar {
  heard(text: string): void;
  ponged(): void;
  gone(): void;
}

/** One who looks on. */
export interface Viewer {
  line: ViewerLine;
  /** The call that is shown, and the one that is to be shown instead; `undefined`: the same. */
  watching: string | null;
  wanted: string | null | undefined;
  /** The calls whose levels are shown. */
  metering: readonly string[];
  awaitsPong: boolean;
  /** What the viewer has said lately. */
  said: number;
}

/** Tells viewers something; `mayBeLeftOut` is what is soon out of date. */
export type Tell = (to: Iterable<Viewer>, message: FeedMessage, mayBeLeftOut?: boolean) => void;

/** A viewer with more than this unsent, in bytes, is not told what is soon out of date. */
export const LAGGING_BYTES = 64 * 1024;
/** A viewer with more than this unsent, in bytes, is dropped. A journal has a few 100 kB. */
export const MOST_UNSENT_BYTES = 4 * 1024 * 1024;

/** Makes what tells viewers. What several of them are told is written once; nobody is waited for. */
export function createTell(drop: (viewer: Viewer, words: string) => void): Tell {
  return (to, message, mayBeLeftOut = false) => {
    let text: string | undefined;
    for (const viewer of to) {
      const unsent = viewer.line.unsentBytes();
      if (mayBeLeftOut && unsent > LAGGING_BYTES) continue;
      text ??= `[${JSON.stringify(message)}]`;
      viewer.line.send(text);
      if (unsent > MOST_UNSENT_BYTES) drop(viewer, 'You take too little of what is told.');
    }
  };
}
