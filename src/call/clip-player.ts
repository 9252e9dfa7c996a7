import type { Clip } from '../../machines/jitter-buffer.ts';

/** The bridge's own words, each as µ-law at 8 kHz; one that is left out is not said. */
export type Clips = Readonly<Partial<Record<Clip, Buffer>>>;

export interface ClipPlayerOptions {
  clips: Clips;
  /** Takes a clip on its way to the ear. False where nobody will hear it. */
  take(mulaw: Buffer): boolean;
  /** Takes the agent's audio. */
  takeAgents(bytes: Buffer): void;
}

/** Lets the caller hear words of our own, on the agent's way to the ear. */
export interface ClipPlayer {
  /** Plays a clip after what waits. */
  play(clip: Clip): void;
  /** The agent's audio: it waits until our own words were heard, so that it is a turn of its own. */
  take(bytes: Buffer): void;
  /** The caller has heard all that was to be heard, or nothing more will come: the agent's audio waits no longer. */
  end(): void;
  /** What was to be heard was dropped, and so is what waits behind it. */
  drop(): void;
}

/** Makes the clips of one call. */
export function createClipPlayer({ clips, take, takeAgents }: ClipPlayerOptions): ClipPlayer {
  /** The agent's audio that waits; `null` while no clip is heard. */
  let waiting: Buffer[] | null = null;

  function end(): void {
    const waited = waiting ?? [];
    waiting = null;
    for (const bytes of waited) takeAgents(bytes);
  }

  return {
    play(clip) {
      const mulaw = clips[clip];
      if (!mulaw || mulaw.length === 0) return;
      // Of an agent that is lost while its first words wait, those are heard before it is said to be.
      end();
      if (take(mulaw)) waiting = [];
    },
    take(bytes) {
      if (waiting) waiting.push(bytes);
      else takeAgents(bytes);
    },
    end,
    drop() {
      waiting = null;
    },
  };
}
