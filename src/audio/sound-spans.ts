import { isQuiet, MULAW_TO_PCM } from './mulaw.ts';

const BYTES_PER_MS = 8;
const FRAME_BYTES = 160;
const FRAME_MS = 20;

/** A stretch of sound is over once it was quiet for this long, in ms. */
const QUIET_MS = 200;
/** One frame alone is a click on the line, in ms. */
const CLICK_MS = 20;

/**
 * The level, in dBFS, from which a caller's frame counts as sound. Speech comes at -35 to -15, a quiet line hisses at
 * -60 to -50; on a line noisier than this the noise counts too.
 */
const CALLER_FLOOR_DBFS = -45;
/** Every so many samples one is looked at. Odd, so that no tone of the telephone's is met in the same phase each time. */
const STRIDE = 7;

const POWER: Float64Array = Float64Array.from(MULAW_TO_PCM, (sample) => (sample / 32_768) ** 2);
const CALLER_FLOOR = 10 ** (CALLER_FLOOR_DBFS / 10);

/** Is told of a stretch of sound when it is over; times in ms. */
export type SoundTold = (from: number, to: number) => void;

/** Joins what is audible into stretches. */
function createSpans(told: SoundTold, clickMs: number) {
  let from = 0;
  /** Long ago: there is no stretch. */
  let until = Number.NEGATIVE_INFINITY;

  function end(): void {
    const [began, ended] = [from, until];
    until = Number.NEGATIVE_INFINITY;
    if (ended - began > clickMs) told(began, ended);
  }

  return {
    audible(start: number, stop: number): void {
      if (start - until >= QUIET_MS) {
        end();
        from = start;
      }
      until = stop;
    },
    /** Nothing is heard at `now`. */
    quiet(now: number): void {
      if (now - until >= QUIET_MS) end();
    },
    /** What was to be heard after `now` is not. */
    cut(now: number): void {
      until = now <= from ? Number.NEGATIVE_INFINITY : Math.min(until, now);
    },
    end,
  };
}

/** Finds the stretches in which the caller can be heard. */
export interface CallerSounds {
  /** A frame of the caller has come. */
  frame(mulaw: Uint8Array): void;
  /** The call is over: a stretch that lasts is told. */
  end(): void;
}

/** `now` is in ms; a frame ends when it comes. */
export function createCallerSounds(now: () => number, told: SoundTold): CallerSounds {
  const spans = createSpans(told, CLICK_MS);

  return {
    frame(mulaw) {
      const at = now();
      if (isAboveFloor(mulaw)) spans.audible(at - mulaw.length / BYTES_PER_MS, at);
      else spans.quiet(at);
    },
    end: spans.end,
  };
}

function isAboveFloor(mulaw: Uint8Array): boolean {
  let power = 0;
  for (let i = 0; i < mulaw.length; i += STRIDE) power += POWER[mulaw[i] as number] as number;
  return power * STRIDE >= CALLER_FLOOR * mulaw.length;
}

/** Finds the stretches in which the caller hears the agent, from what Twilio is given. */
export interface AgentSounds {
  /** Twilio is given µ-law in whole frames: it plays them after what it has. */
  sent(mulaw: Uint8Array): void;
  /** Twilio's queue is emptied. */
  cleared(): void;
  /** Time passes: a stretch that is over by now is told. */
  passed(): void;
  /** The call is over. */
  end(): void;
}

/** `now` is in ms; what is sent is taken to be played from then on, without the way there. */
export function createAgentSounds(now: () => number, told: SoundTold): AgentSounds {
  const spans = createSpans(told, 0);
  let playedUntil = Number.NEGATIVE_INFINITY;

  function cleared(): void {
    playedUntil = Math.min(playedUntil, now());
    spans.cut(playedUntil);
  }

  return {
    sent(mulaw) {
      playedUntil = Math.max(playedUntil, now());
      for (let at = 0; at < mulaw.length; at += FRAME_BYTES) {
        if (!isQuiet(mulaw, at, at + FRAME_BYTES)) spans.audible(playedUntil, playedUntil + FRAME_MS);
        playedUntil += FRAME_MS;
      }
    },
    cleared,
    passed: () => spans.quiet(now()),
    end() {
      cleared();
      spans.end();
    },
  };
}
