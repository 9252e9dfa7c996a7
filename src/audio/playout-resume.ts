import { MULAW_TO_PCM } from './mulaw.ts';
import type { TakenBack } from './playout-ledger.ts';

const FRAME_BYTES = 160;

/**
 * Of what the caller heard last, the part that is said again when the agent goes on: from the quietest 20 ms on, the
 * latest of equals, for a word that was cut is understood from its beginning, and a cut in a gap is not heard.
 * Empty where the gap is in the first frame that follows.
 */
export function saidAgain({ heard, unheard, overlap }: TakenBack): Buffer {
  const last = Buffer.concat(heard);
  let quietest = last.length;
  let least = unheard[0] && overlap >= FRAME_BYTES ? energyOf(unheard[0], 0) : Number.POSITIVE_INFINITY;
  for (let at = last.length - FRAME_BYTES; at >= 0; at -= FRAME_BYTES) {
    const energy = energyOf(last, at);
    if (energy >= least) continue;
    least = energy;
    quietest = at;
  }
  return last.subarray(quietest);
}

function energyOf(mulaw: Buffer, start: number): number {
  let energy = 0;
  for (let i = start; i < start + FRAME_BYTES; i += 1) {
    energy += (MULAW_TO_PCM[mulaw[i] as number] as number) ** 2;
  }
  return energy;
}
