import type { VapiService } from '../../src/simulation/vapi-service.ts';
import type { Report } from './invariants.ts';
import type { Fault, FaultKind, WorldOptions } from './plan.ts';
import type { Planted } from './planted.ts';
import type { Random } from './random.ts';
import { API_KEY, CALLED_NUMBER, CALLER_NUMBER, type SimBridge } from './sim-bridge.ts';
import type { SimClock } from './sim-clock.ts';
import type { Told } from './told.ts';

/** What all calls of a world share. */
export interface SimCallSurroundings {
  clock: SimClock;
  options: WorldOptions;
  planted: Planted;
  service: VapiService;
  bridge: () => SimBridge;
  /** The call whose request Vapi is reading. */
  asking: { answer: string | undefined };
  fired(kind: FaultKind): void;
}

export interface SimCallOptions extends SimCallSurroundings {
  index: number;
  random: Random;
  rangAt: number;
  /** What happens in this call, where that is not left to chance. */
  told: Told | undefined;
  faults: readonly Fault[];
  report: Report;
  tell(words: string): void;
}

export const ACCOUNT_SID = `AC${'0'.repeat(32)}`;
/** Kinds of faults after which the flow of frames is not what the phone sent. */
export const DISTURBING = /^(twilio|vapi|stranger)\.|^caller\.mutes/;
/** Sentences of the caller, ways to name a key, and the addresses of Vapi's sockets. */
export const NEEDLES = [
  API_KEY,
  CALLER_NUMBER,
  CALLED_NUMBER,
  'ws://vapi',
  'http://vapi',
  '"digit"',
  'appointment',
  'Tuesday',
];
