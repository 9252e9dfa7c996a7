import type { AudioFormat } from '../audio/agent-format.ts';
import { MULAW_TO_PCM } from '../audio/mulaw.ts';

/** What a turn listener reports of the caller. Every number is milliseconds of audio, not of the clock. */
export interface TurnEar {
  /** The caller began to speak: three loud frames, so that a click is none. */
  onset(): void;
  /** Another 20 ms of the turn went by: since its onset, loud in it so far, and silent at its end so far. */
  went(sinceOnsetMs: number, voicedMs: number, silentMs: number): void;
  /** The caller has been silent for `END_OF_TURN_MS`. */
  ended(voicedMs: number): void;
}

/** Hears where the caller speaks and where the caller stops, from the level of the sound alone. */
export interface TurnListener {
  /** Takes the caller's next bytes, of any length. */
  hear(bytes: Uint8Array): void;
}

/** How long the caller must be silent for the turn to be over. */
export const END_OF_TURN_MS = 700;

const FRAME_MS = 20;
const ONSET_FRAMES = 3;

// Levels are dB relative to full scale. A frame is loud when it stands out from the noise. The noise is taken to be the
// quietest frame of late: followed down at once, and up every second, in which speech always has a quiet moment.
const QUIETEST_LOUD_DB = -48;
const ABOVE_NOISE_DB = 9;
const LOWEST_FLOOR_DB = -66;
const HIGHEST_FLOOR_DB = -30;
const HOLE_DB = -80;
const FLOOR_FRAMES = 50;

const SQUARES = Float64Array.from(MULAW_TO_PCM, (sample) => sample * sample);

/** Makes the listener of one call. It has no timer: everything is worked out as audio comes. */
export function createTurnListener(format: AudioFormat, ear: TurnEar): TurnListener {
  const frameBytes = format === 'mulaw' ? 160 : 640;
  const waiting = Buffer.alloc(frameBytes);
  let remainder = 0;
  let floorDb = 0;
  let lowestDb = 0;
  let frames = 0;
  let loudRun = 0;
  let turn: { frames: number; voiced: number; silent: number } | undefined;

  function isLoud(levelDb: number): boolean {
    if (frames === 0) floorDb = levelDb;
    // A hole in a noisy line tells nothing of its noise.
    else if (levelDb < HOLE_DB) return false;
    frames += 1;
    lowestDb = Math.min(lowestDb, levelDb);
    if (frames % FLOOR_FRAMES === 0) {
      floorDb = lowestDb;
      lowestDb = 0;
    }
    floorDb = Math.min(HIGHEST_FLOOR_DB, Math.max(LOWEST_FLOOR_DB, Math.min(levelDb, floorDb)));
    return levelDb > Math.max(QUIETEST_LOUD_DB, floorDb + ABOVE_NOISE_DB);
  }

  function hearFrame(levelDb: number): void {
    const loud = isLoud(levelDb);
    if (!turn) {
      loudRun = loud ? loudRun + 1 : 0;
      if (loudRun < ONSET_FRAMES) return;
      turn = { frames: loudRun, voiced: loudRun, silent: 0 };
      loudRun = 0;
      ear.onset();
      return;
    }
    turn.frames += 1;
    if (loud) turn.voiced += 1;
    turn.silent = loud ? 0 : turn.silent + 1;
    const { voiced, silent } = turn;
    ear.went(turn.frames * FRAME_MS, voiced * FRAME_MS, silent * FRAME_MS);
    if (silent * FRAME_MS < END_OF_TURN_MS) return;
    turn = undefined;
    ear.ended(voiced * FRAME_MS);
  }

  return {
    hear(bytes) {
      let at = 0;
      if (remainder > 0) {
        const taken = Math.min(bytes.length, frameBytes - remainder);
        waiting.set(bytes.subarray(0, taken), remainder);
        remainder += taken;
        at = taken;
        if (remainder < frameBytes) return;
        remainder = 0;
        hearFrame(levelOf(waiting, 0, format));
      }
      for (; at + frameBytes <= bytes.length; at += frameBytes) hearFrame(levelOf(bytes, at, format));
      waiting.set(bytes.subarray(at));
      remainder = bytes.length - at;
    },
  };
}

/** The level of the 20 ms that begin at `start`, in dB below full scale; digital silence is -90. */
function levelOf(bytes: Uint8Array, start: number, format: AudioFormat): number {
  const meanSquare = format === 'mulaw' ? meanSquareOfMulaw(bytes, start) : meanSquareOfPcm(bytes, start);
  return 10 * Math.log10(meanSquare / 2 ** 30 + 1e-9);
}

function meanSquareOfMulaw(bytes: Uint8Array, start: number): number {
  let sum = 0;
  for (let i = start; i < start + 160; i += 1) sum += SQUARES[bytes[i] as number] as number;
  return sum / 160;
}

function meanSquareOfPcm(bytes: Uint8Array, start: number): number {
  let sum = 0;
  for (let i = start; i < start + 640; i += 2) {
    const sample = (((bytes[i + 1] as number) << 24) >> 16) | (bytes[i] as number);
    sum += sample * sample;
  }
  return sum / 320;
}
