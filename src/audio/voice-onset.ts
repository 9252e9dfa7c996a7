import type { Clock } from '../ports.ts';
import { createBackground } from './background.ts';
import { createEchoGuard } from './echo-guard.ts';
import type { FarTrack } from './far-track.ts';
import { createFrameTimes } from './frame-times.ts';
import { createVoicing } from './voicing.ts';

const FRAME_BYTES = 160;
const FRAME_MS = 20;

/** How much a frame must repeat itself to be a voice: at first, and where it goes on with the same pitch. */
const VOICED = 0.6;
const STILL_VOICED = 0.4;
/** Two pitch periods this much apart, as a share, are of one voice. */
const SAME_PITCH = 0.2;
/** A frame this far above the noise floor that repeats itself this much is a voice beyond doubt. */
const STRONG_DB = 15;
const STRONG = 0.7;

/** What a frame is worth: a voice beyond doubt, a voice, a voice at another pitch than before, none. */
const STRONG_POINTS = 30;
const VOICED_POINTS = 20;
const STRAY_POINTS = 10;
const UNVOICED_POINTS = -15;
/** A voice is told at so many points: 40 ms of it at best, 60 as a rule. */
const ENOUGH_POINTS = 60;

/** A voice is this much louder than the echo that is expected, in dB. */
const ABOVE_ECHO = 8;
/** An echo is told from the background where it stands out of it, in dB below the busy level. */
const BELOW_BUSY = 2;

/** In a spell of voice a frame counts from so far above the noise floor, in dB: words fade as they end. */
const SPELL_DB = 6;
/** The voice has ended when there was none for so long. At 240 ms, one utterance in eight falls into two; at 300, hardly any. */
const HUSH_MS = 300;

/** What a caller's voice does while the agent speaks. Times are the clock's. */
export type VoiceEdge =
  /** Somebody speaks, since `onsetAt`. */
  | { type: 'caller.voiced'; onsetAt: number }
  /** Nobody has spoken since `voicedUntil`; before, there were `voicedMs` of voice, pauses and hisses not counted. */
  | { type: 'caller.hushed'; voicedUntil: number; voicedMs: number };

/** Hears that the caller speaks over the agent, by the sound of a voice that is not the agent's own echo. */
export interface VoiceOnset {
  /**
   * Takes what arrived now of the caller's µ-law. What is no whole frame waits for the rest. Give it everything from
   * the start of the stream on: while disarmed it tells nothing and learns what is to be heard behind the caller.
   */
  take(mulaw: Uint8Array): void;
  /** Agent audio is outstanding: listen. */
  arm(): void;
  /** Nothing of the agent is outstanding: stop listening and forget the spell, telling nothing. What was learnt is kept. */
  disarm(): void;
}

export interface VoiceOnsetOptions {
  clock: Clock;
  /** What the caller's ear is given. */
  far: FarTrack;
  /** Told in the turn of the frame that decided it; `voiced` and `hushed` take turns, from `arm` on. */
  tell(edge: VoiceEdge): void;
}

/** Makes the detector of one call. It allocates nothing but the edges that it tells. */
export function createVoiceOnset(options: VoiceOnsetOptions): VoiceOnset {
  const { clock, tell } = options;
  const voicing = createVoicing();
  const background = createBackground();
  const guard = createEchoGuard(options.far);
  const frameTimes = createFrameTimes();
  const partial = new Uint8Array(FRAME_BYTES);
  let partialBytes = 0;

  let state: 'fresh' | 'disarmed' | 'quiet' | 'spell' = 'fresh';
  let points = 0;
  let period = 0;
  let passedOver = false;
  let onsetAt = 0;
  let voicedUntil = 0;
  let voicedMs = 0;

  function hear(mulaw: Uint8Array, start: number): void {
    const endAt = frameTimes(clock.now());
    if (state === 'disarmed') {
      // Most frames of a call come while nothing of the agent is outstanding: every second one teaches enough.
      passedOver = !passedOver;
      if (passedOver) return;
    }
    const level = voicing.level(mulaw, start);
    if (state === 'fresh') background.learnEarly(level);
    else if (state === 'disarmed') background.learnFloor(level);
    else listen(level, endAt);
  }

  function listen(level: number, endAt: number): void {
    const alone = state === 'quiet' && points === 0;
    const echo = guard.expect(endAt - FRAME_MS / 2);
    const mayBeEcho = level <= echo + ABOVE_ECHO;
    const loudEnough = level > (state === 'spell' ? background.floor + SPELL_DB : background.gate);
    const voiced = loudEnough && !mayBeEcho && isVoice(level, endAt);

    guard.learn(level, Math.max(background.floor, background.busy - BELOW_BUSY), alone);
    if (mayBeEcho && echo > background.busy) background.learn(level, 'echo');
    else background.learn(level, state === 'spell' ? 'spell' : 'quiet');

    if (state === 'quiet') {
      if (!voiced) points = Math.max(0, points + UNVOICED_POINTS);
      else if (points >= ENOUGH_POINTS) {
        state = 'spell';
        tell({ type: 'caller.voiced', onsetAt });
      }
    } else if (endAt - voicedUntil >= HUSH_MS) {
      state = 'quiet';
      points = 0;
      tell({ type: 'caller.hushed', voicedUntil, voicedMs });
    }
  }

  /** Whether the frame is a voice; counts it if it is. */
  function isVoice(level: number, endAt: number): boolean {
    const periodicity = voicing.periodicity();
    const begun = state === 'spell' || points > 0;
    const samePitch = begun && isSamePitch(period, voicing.period);
    if (periodicity <= (state === 'spell' || samePitch ? STILL_VOICED : VOICED)) return false;
    const strong = level > background.floor + STRONG_DB && periodicity > STRONG;
    if (!begun) {
      onsetAt = endAt - FRAME_MS;
      voicedMs = 0;
    }
    if (begun && !samePitch) points += STRAY_POINTS;
    else points += strong ? STRONG_POINTS : VOICED_POINTS;
    period = voicing.period;
    voicedMs += FRAME_MS;
    voicedUntil = endAt;
    return true;
  }

  return {
    take(mulaw) {
      let start = 0;
      if (partialBytes > 0) {
        start = Math.min(FRAME_BYTES - partialBytes, mulaw.length);
        for (let i = 0; i < start; i += 1) partial[partialBytes + i] = mulaw[i] as number;
        partialBytes += start;
        if (partialBytes < FRAME_BYTES) return;
        partialBytes = 0;
        hear(partial, 0);
      }
      for (; start + FRAME_BYTES <= mulaw.length; start += FRAME_BYTES) hear(mulaw, start);
      for (; start < mulaw.length; start += 1) {
        partial[partialBytes] = mulaw[start] as number;
        partialBytes += 1;
      }
    },
    arm() {
      if (state === 'fresh' || state === 'disarmed') state = 'quiet';
    },
    disarm() {
      if (state === 'quiet' || state === 'spell') state = 'disarmed';
      points = 0;
    },
  };
}

/** Whether two pitch periods are of one voice. An octave is: the measure often hits upon twice the period, or half. */
function isSamePitch(before: number, now: number): boolean {
  return isNear(before, now) || isNear(2 * before, now) || isNear(before, 2 * now);
}

function isNear(before: number, now: number): boolean {
  return Math.abs(now - before) <= SAME_PITCH * before;
}
