import type { ScriptedMind } from '../../src/simulation/scripted-mind.ts';
import { ANSWER_AFTER_MS, type Moment, WHISPER_ANSWER_AFTER_MS } from './plan.ts';

/**
 * What is assumed of Vapi: from the first sound of an interruption at Twilio's edge until the bridge is told, in ms.
 * `started`: `speech-update` user started. `verdict`: `user-interrupted`, with which the agent falls silent.
 * `partial`: the first partial transcript.
 */
export interface Assumptions {
  startedMs: number;
  verdictMs: number;
  partialMs: number;
}

export const ASSUMED: Assumptions = { startedMs: 200, verdictMs: 350, partialMs: 650 };

/** From the last sound until `speech-update` user stopped, and until the final transcript. */
const STOPPED_AFTER_MS = 250;
const FINAL_AFTER_MS = 400;

/** What the agent does at a moment of the call, in ms from the stream's start. */
export interface Cue {
  atMs: number;
  act: 'say' | 'started' | 'stopped' | 'interrupt' | 'fallSilent' | 'partial' | 'final';
  text: string;
}

/** What the agent and its service do about something that the caller does. */
export function cuesFor(moment: Moment, assumed: Assumptions): Cue[] {
  const { kind, onsetMs, offsetMs, text } = moment;
  const cue = (act: Cue['act'], atMs: number): Cue => ({ atMs, act, text });
  const startedMs = onsetMs + assumed.startedMs;
  const partialMs = onsetMs + assumed.partialMs;
  const stoppedMs = Math.max(offsetMs + STOPPED_AFTER_MS, startedMs + 50);
  switch (kind) {
    case 'interruption':
      return [
        cue('started', startedMs),
        cue('interrupt', onsetMs + assumed.verdictMs),
        cue('partial', partialMs),
        cue('stopped', stoppedMs),
        cue('final', Math.max(offsetMs + FINAL_AFTER_MS, partialMs + 50)),
        cue('say', offsetMs + ANSWER_AFTER_MS),
      ];
    // Words without a verdict: the bridge has to find out for itself, while the agent speaks on for some seconds.
    case 'whisper':
      return [
        cue('partial', partialMs),
        cue('final', Math.max(offsetMs + FINAL_AFTER_MS, partialMs + 50)),
        cue('fallSilent', onsetMs + WHISPER_ANSWER_AFTER_MS - 1_000),
        cue('say', onsetMs + WHISPER_ANSWER_AFTER_MS),
      ];
    case 'backchannel':
      return [cue('started', startedMs), cue('stopped', stoppedMs), cue('final', offsetMs + FINAL_AFTER_MS)];
    case 'event':
      return [];
  }
}

/** Does what the cue says; what there is to say is said by `say`. */
export function perform(mind: ScriptedMind, { act, text }: Cue, say: () => void): void {
  switch (act) {
    case 'say':
      say();
      break;
    case 'started':
    case 'stopped':
      mind.callerSpeech(act);
      break;
    case 'interrupt':
      mind.interrupt();
      break;
    case 'fallSilent':
      mind.stop();
      break;
    case 'partial':
      mind.transcript(text.split(' ').slice(0, 2).join(' '), 'partial');
      break;
    case 'final':
      mind.transcript(text, 'final');
      break;
  }
}
