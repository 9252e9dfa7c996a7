import { levelOf, MULAW_SQUARES, SILENCE_DBFS } from './loudness.ts';

/** With slots of 20 ms, a frame that lies half in one and half in the next is 3 dB too low in both. */
const SLOT_MS = 10;
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

  /** Makes room up to `slot`: nothing is heard there yet. */
  function reach(slot: number): void {
    for (let empty = Math.max(newest, slot - SLOTS) + 1; empty <= slot; empty += 1) {
      energies[empty & RING] = 0;
      levels[empty & RING] = SILENCE_DBFS;
    }
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
      let at = fromMs / SLOT_MS;
      for (let start = 0; start + SLOT_BYTES <= mulaw.length; start += SLOT_BYTES) {
        const slot = Math.floor(at);
        const late = at - slot;
        const energy = energyOf(mulaw, start);
        reach(slot + 1);
        add(slot, energy * (1 - late));
        add(slot + 1, energy * late);
        at += 1;
      }
      measureFrom(Math.floor(fromMs / SLOT_MS));
    },
    cut(atMs) {
      const at = atMs / SLOT_MS;
      const slot = Math.floor(at);
      if (slot > newest) return;
      energies[slot & RING] = (energies[slot & RING] as number) * (at - slot);
      newest = slot;
      reach(slot + 1);
      measureFrom(slot);
    },
    levels(atMs, into) {
      const last = Math.round(atMs / SLOT_MS);
      const first = Math.min(into.length, Math.max(0, last - newest));
      const end = Math.max(first, Math.min(into.length, last - newest + SLOTS));
      const index = last & RING;
      into.fill(SILENCE_DBFS, 0, first);
      for (let back = first; back < end; back += 1) into[back] = levels[(index - back) & RING] as number;
      into.fill(SILENCE_DBFS, end);
    },
  };
}

function energyOf(mulaw: Uint8Array, start: number): number {
  // Two sums, so that neither addition waits for the other.
  let even = 0;
  let odd = 0;
  for (let i = start; i < start + SLOT_BYTES; i += 2) {
    even += MULAW_SQUARES[mulaw[i] as number] as number;
    odd += MULAW_SQUARES[mulaw[i + 1] as number] as number;
  }
  return (even + odd) / SLOT_BYTES;
}
