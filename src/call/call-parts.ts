import type { AgentLine } from '../agent/agent-line.ts';
import type { CallerPath } from '../audio/caller-path.ts';
import type { Playout } from '../audio/playout.ts';
import type { CallerLine } from '../telephony/caller-line.ts';
import type { ClipPlayer } from './clip-player.ts';
import type { PipeTellers } from './pipes.ts';

/** The things of one call: what its statechart's actors reach by the call's id, and what is released at its end. */
export interface CallParts {
  callerLine: CallerLine;
  agentLine: AgentLine;
  callerPath: CallerPath;
  playout: Playout;
  clips: ClipPlayer;
  /** Where each path's edges go: to its jitter buffer, once that listens. */
  tellers: PipeTellers;
  /** Hangs up the phone call at Twilio. Rejects with words when that could not be done. */
  hangUp(): Promise<void>;
}
