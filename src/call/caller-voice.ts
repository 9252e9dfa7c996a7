import { createFarTrack } from '../audio/far-track.ts';
import type { PlayedEar } from '../audio/playout-edges.ts';
import { createVoiceOnset, type VoiceEdge } from '../audio/voice-onset.ts';
import type { Clock } from '../ports.ts';

/** Our own ear for the caller's voice over the agent, and what it has to know of what the caller hears. */
export interface CallerVoice {
  /** A frame of the caller has come. */
  take(mulaw: Uint8Array): void;
  /** Is told what the caller is given to hear. */
  far: PlayedEar;
  /** Whether something of the agent is outstanding from now on. */
  attend(outstanding: boolean): void;
}

/** Where nothing would be made of the caller's voice, nobody listens, and frames cost nothing. */
const DEAF: CallerVoice = { take() {}, far: { playing() {}, cut() {} }, attend() {} };

/** Makes the ear of one call; `heeded` is whether the call does anything upon a voice. */
export function createCallerVoice(
  clock: Clock,
  heeded: boolean,
  tell: (edge: VoiceEdge) => void,
): CallerVoice {
  if (!heeded) return DEAF;
  const far = createFarTrack();
  const { take, arm, disarm } = createVoiceOnset({ clock, far, tell });
  return { take, far, attend: (outstanding) => (outstanding ? arm() : disarm()) };
}
