import { levelOf, MULAW_SQUARES, SILENCE_DBFS } from './loudness.ts';

/** How far apart the levels are that the track tells. A frame lies on its slots as it is heard, wherever it begins. */
export const FAR_STEP_MS = 10;

const SLOT_BYTES = 80;
/** 1280 ms: the oldest sound that an echo is looked for in (800 ms), what is sent ahead (200 ms), and room to spare. */
const SLOTS = 128;
const RING = SLOTS - 1;

/** What the caller's ear is given, as levels by time. */
export interface FarTrack {
  /** These whole frames of µ-law are heard from `fromMs` on, by the clock. Told as they are sent, in order. */
  playing(mulaw: Uint8Array, fromMs: number): void;
  /** Nothing that was to be heard from `atMs` on will be: the queue was cleared. */
  cut(atMs: number): void;
  /**
   * Fills `into` with the levels, in dBFS, of the 20 ms around `atMs`, of those around 10 ms before it, and so on
   * back, each to within 5 ms; -90 where nothing is heard, or where it is more than a second ago.
   */
  levels(atMs: number, into: Float64Array): void;
}

/** Makes the track of one call: slots of 10 ms in a ring, so that it costs the same however long the call. */
export function createFarTrack(): FarTrack {
  /** The mean square of each slot, of 0…1. */
  const energies = new Float64Array(SLOTS);
  /** The level of the 20 ms that end with each slot. */
  const levels = new Float64Array(SLOTS).fill(SILENCE_DBFS);
  /** The last slot in the ring, as all are counted from the clock's origin. */
  let newest = Number.NEGATIVE_INFINITY;

  function reach(slot: number): void {
    for (let empty = Math.max(newest, slot - SLOTS) + 1; empty <= slot; empty += 1) energies[empty & RING] = 0;
    newest = Math.max(newest, slot);
  }

  function add(slot: number, energy: number): void {
    energies[slot & RING] = (energies[slot & RING] as number) + energy;
  }

  function measureFrom(first: number): void {
    for (let slot = first; slot <= newest; slot += 1) {
      const both = (energies[(slot - 1) & RING] as number) + (energies[slot & RING] as number);
      levels[slot & RING] = levelOf(both / 2);
    }
  }

  return {
    playing(mulaw, fromMs) {
      let at = fromMs / FAR_STEP_MS;
      reach(Math.floor(at) - 1);
      for (let start = 0; start + SLOT_BYTES <= mulaw.length; start += SLOT_BYTES) {
        const slot = Math.floor(at);
        const late = at - slot;
        const energy = energyOf(mulaw, start);
        reach(slot + 1);
        add(slot, energy * (1 - late));
        add(slot + 1, energy * late);
        at += 1;
      }
      measureFrom(Math.floor(fromMs / FAR_STEP_MS));
    },
    cut(atMs) {
      const at = atMs / FAR_STEP_MS;
      const slot = Math.floor(at);
      if (slot > newest) return;
      energies[slot & RING] = (energies[slot & RING] as number) * (at - slot);
      newest = slot;
      reach(slot + 1);
      measureFrom(slot);
    },
    levels(atMs, into) {
      const last = Math.round(atMs / FAR_STEP_MS);
      for (let back = 0; back < into.length; back += 1) {
        const slot = last - back;
        const isHeld = slot <= newest && slot > newest - SLOTS;
        into[back] = isHeld ? (levels[slot & RING] as number) : SILENCE_DBFS;
      }
    },
  };
}

function energyOf(mulaw: Uint8Array, start: number): number {
  let sum = 0;
  for (let i = start; i < start + SLOT_BYTES; i += 1) sum += MULAW_SQUARES[mulaw[i] as number] as number;
  return sum / SLOT_BYTES;
}
