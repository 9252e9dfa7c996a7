import type { PlayoutOptions } from '../audio/playout.ts';
import { createAgentSounds, createCallerSounds } from '../audio/sound-spans.ts';
import type { Overhear, Overheard } from '../ports.ts';

type CallerEar = PlayoutOptions['ear'];

export interface OverhearingOptions {
  /** Milliseconds since the call's start. */
  sinceStart(): number;
  /** Takes what is overheard. Without it nobody listens, and listening costs nothing. */
  overheard: ((record: Overheard) => void) | undefined;
  /** Whether somebody looks at this very call now: only then are marks told, of which there are six a second and more. */
  isWatched(): boolean;
}

/** Listens at the wires of one call, and to the sound on them. */
export interface Overhearing {
  overhear: Overhear;
  /** The same ear, listened at. */
  at(ear: CallerEar): CallerEar;
  /** A frame of the caller has come. */
  callerFrame(mulaw: Uint8Array): void;
  /** The call is over: sound that lasts is told. */
  end(): void;
}

/** Makes what listens at one call. */
export function createOverhearing({ sinceStart, overheard, isWatched }: OverhearingOptions): Overhearing {
  if (!overheard) return { overhear() {}, at: (ear) => ear, callerFrame() {}, end() {} };
  const sound = (side: 'caller' | 'agent') => (from: number, at: number) =>
    overheard({ type: 'sound', at, side, from });
  const caller = createCallerSounds(sinceStart, sound('caller'));
  const agent = createAgentSounds(sinceStart, sound('agent'));

  return {
    overhear(from, to, message, facts = {}) {
      if (message === 'mark' && !isWatched()) return;
      overheard({ type: 'wire', at: sinceStart(), from, to, message, facts });
    },
    at: (ear) => ({
      media(mulaw) {
        ear.media(mulaw);
        agent.sent(mulaw);
      },
      mark: ear.mark,
      clear() {
        ear.clear();
        agent.cleared();
      },
    }),
    callerFrame(mulaw) {
      caller.frame(mulaw);
      agent.passed();
    },
    end() {
      caller.end();
      agent.end();
    },
  };
}
