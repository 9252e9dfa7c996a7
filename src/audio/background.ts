/** What the noise floor and the busy level are before anything is heard, in dBFS. */
const FIRST_FLOOR = -50;
const FIRST_BUSY = -45;
/** The floor is the least level of so many frames: 1.5 s at least, in which any talker draws breath or closes their lips. */
const FLOOR_FRAMES = 75;
/** Below this a line is silent. */
const LEAST_FLOOR = -70;

/** Steps, in dB a frame, that settle where one frame in ten is louder: 1.25 dB a second down, nine times as much up. */
const BUSY_UP = 0.25;
const BUSY_DOWN = 0.025;
/** Before the agent's first word there is little time to learn in. */
const EARLY_HASTE = 4;
/** The most that is learnt then: it may be the caller saying hello. */
const EARLY_MOST = -40;
/** How fast the busy level rises: what a voice says is more likely the caller's than the background's, and an echo is neither. */
const HASTE = { quiet: 1, spell: 0.5, echo: 0 };

/** What a voice must exceed, in dB: the floor by 9; the busy level by 5 and a fifth of its height above the floor. */
const ABOVE_FLOOR = 9;
const ABOVE_BUSY = 5;
const UNREST = 0.2;
/** A caller is heard above this however loud the background: a telephone voice is -30…-16 dBFS. */
const MOST_FOR_BUSY = -24;
/** Nothing quieter than this is a caller who interrupts. */
const LEAST_GATE = -50;

/** What is to be heard behind the caller: a noise floor, and how busy it is above that. */
export interface Background {
  /** The steady noise, in dBFS. */
  readonly floor: number;
  /** The level that one frame in ten exceeds, in dBFS: far above the floor where a television talks. */
  readonly busy: number;
  /** The level above which a sound may be the caller's voice. */
  readonly gate: number;
  /** Learns from a frame's level before the agent's first word. */
  learnEarly(level: number): void;
  /** Learns the floor alone: the caller is expected to speak. */
  learnFloor(level: number): void;
  /** Learns from a frame while the agent speaks: one in a spell of voice, one that may be the agent's echo, or another. */
  learn(level: number, from: 'quiet' | 'spell' | 'echo'): void;
}

/** Makes the background of one call. */
export function createBackground(): Background {
  const recent = new Float64Array(FLOOR_FRAMES).fill(FIRST_FLOOR);
  let next = 0;
  let least = FIRST_FLOOR;
  let floor = FIRST_FLOOR;
  let busy = FIRST_BUSY;

  function learnFloor(level: number): void {
    const oldest = recent[next] as number;
    recent[next] = level;
    next = (next + 1) % FLOOR_FRAMES;
    // Only where the least of all is forgotten must the others be compared anew.
    if (level <= least) least = level;
    else if (oldest === least) least = recent.reduce(lesser);
    floor = Math.max(LEAST_FLOOR, least);
  }

  function learnBusy(level: number, haste: number, most: number): void {
    if (level > busy) busy = Math.max(busy, Math.min(busy + BUSY_UP * haste, level, most));
    else busy -= BUSY_DOWN * Math.max(1, haste);
  }

  return {
    learnEarly(level) {
      learnFloor(level);
      learnBusy(level, EARLY_HASTE, EARLY_MOST);
    },
    learnFloor,
    learn(level, from) {
      learnFloor(level);
      learnBusy(level, HASTE[from], 0);
    },
    get floor() {
      return floor;
    },
    get busy() {
      return busy;
    },
    get gate() {
      const aboveBusy = busy + ABOVE_BUSY + UNREST * (busy - floor);
      return Math.max(LEAST_GATE, floor + ABOVE_FLOOR, Math.min(MOST_FOR_BUSY, aboveBusy));
    },
  };
}

function lesser(one: number, other: number): number {
  return one < other ? one : other;
}
