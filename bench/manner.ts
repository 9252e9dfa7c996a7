import type { Sound } from './track.ts';

/** What the agent, or its service, does at a moment, in ms from the start of its script. */
export type Act = { atMs: number } & (
  | { does: 'speak' | 'fallSilent' }
  /** It falls silent, what it said and nobody has heard is to be dropped, and it says so. */
  | { does: 'yield' }
  | { does: 'tell'; text: string }
);

/** What the agent does over and over. It speaks from the moment it is there until it does something else. */
export interface Script {
  /** When it first begins, in ms since the caller's stream began. */
  fromMs: number;
  /** In the order of their times, all of them before `everyMs`. */
  acts: readonly Act[];
  everyMs: number;
}

/** How the two sides of a call talk. */
export interface Manner {
  /** What the agent of this call does; none speaks without end. */
  script(number: number, calls: number): Script | undefined;
  /**
   * What is to be heard of the two, frame by frame from each one's first. Unless told, the caller hisses, since a tone
   * would be taken for a voice, and the agent sounds a tone.
   */
  callerSound?(number: number, calls: number): Sound;
  agentSound?(number: number, calls: number): Sound;
}

/** Every so many calls one is interrupted, every so many ms, and the agent then says nothing for a while. */
const INTERRUPTED_EVERY = 5;
const INTERRUPT_EVERY_MS = 4_000;
const SILENT_MS = 300;

/** The agents speak without end; one in five is interrupted now and then. */
export const endless: Manner = {
  script(number, calls) {
    if (!isInterrupted(number)) return undefined;
    return {
      fromMs: INTERRUPT_EVERY_MS * (0.5 + number / calls / 2),
      everyMs: INTERRUPT_EVERY_MS,
      acts: [
        { atMs: 0, does: 'yield' },
        { atMs: SILENT_MS, does: 'speak' },
      ],
    };
  },
};

/** Between two turns, in ms. */
const PAUSE_MS = 500;

/** The agents speak in turns; one in five is interrupted at the end of each, and nobody waits for the other's end. */
export const turns: Manner = {
  script(number, calls) {
    return {
      fromMs: INTERRUPT_EVERY_MS * (0.5 + number / calls / 2),
      everyMs: INTERRUPT_EVERY_MS,
      acts: [
        { atMs: 0, does: isInterrupted(number) ? 'yield' : 'fallSilent' },
        { atMs: PAUSE_MS, does: 'speak' },
      ],
    };
  },
};

/** Whether this call is one of those in which the agent is interrupted. */
export function isInterrupted(number: number): boolean {
  return number % INTERRUPTED_EVERY === 0;
}

/** Vapi's word that somebody speaks, or does no more. */
export function speechUpdate(role: 'user' | 'assistant', status: 'started' | 'stopped'): string {
  return JSON.stringify({ type: 'speech-update', status, role, turn: 1 });
}

/** Vapi's word of what was said. */
export function transcript(
  role: 'user' | 'assistant',
  transcriptType: 'partial' | 'final',
  text: string,
): string {
  return JSON.stringify({ type: 'transcript', role, transcriptType, transcript: text });
}
