import type { Overheard } from '../ports.ts';
import type { Feed, Step } from './feed.ts';
import { createJournal, type Journal } from './journal.ts';
import type { MachineDefinition } from './messages.ts';
import type { Redactor } from './redact.ts';
import type { WindowFeed, WindowFeedEar } from './windows/window.ts';

/** Ended calls whose journals are kept. */
const KEPT_JOURNALS = 50;

/** The journals of all calls: of the living, and of the last that ended. */
export interface Notebook {
  opened(callId: string): void;
  step(step: Step): void;
  hear(callId: string, heard: Overheard): void;
  /** A call is over. Returns the calls that there is no room for any more; they are forgotten. */
  closed(callId: string): readonly string[];
  journal(callId: string): Journal | undefined;
  windowFeed: WindowFeed;
}

export interface NotebookOptions {
  redactor: Redactor;
  placeOf: Feed['placeOf'];
  machines: readonly MachineDefinition[];
}

/** Makes the notebook of a server. */
export function createNotebook({ redactor, placeOf, machines }: NotebookOptions): Notebook {
  const journals = new Map<string, Journal>();
  const living = new Set<string>();
  const ended = new Set<string>();
  const windows = new Set<WindowFeedEar>();

  return {
    opened(callId) {
      journals.set(callId, createJournal(redactor));
      living.add(callId);
    },
    step(step) {
      journals.get(step.callId)?.step(step);
      for (const window of windows) window.happened(step.callId);
    },
    hear(callId, heard) {
      journals.get(callId)?.hear(heard, placeOf(callId));
      for (const window of windows) window.happened(callId);
    },
    closed(callId) {
      living.delete(callId);
      ended.add(callId);
      for (const window of windows) window.closed(callId);
      const oldest = [...ended].slice(0, Math.max(0, ended.size - KEPT_JOURNALS));
      for (const one of oldest) {
        ended.delete(one);
        journals.delete(one);
      }
      return oldest;
    },
    journal: (callId) => journals.get(callId),
    windowFeed: {
      machines,
      calls: () => living,
      isLive: (callId) => living.has(callId),
      journalOf: (callId) => journals.get(callId),
      listen(ear) {
        windows.add(ear);
        return () => windows.delete(ear);
      },
    },
  };
}
