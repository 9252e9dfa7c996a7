import { createSpeaker, type Pace } from './speaker.ts';
import type { VapiCallLine, VapiMind } from './vapi-line.ts';

/** An agent that does what it is told, when it is told. */
export interface ScriptedMind extends VapiMind {
  readonly line: VapiCallLine;
  /** Whether it still speaks. */
  readonly speaking: boolean;
  /**
   * Starts to say `audio`, in the call's format, with `speech-update` assistant started now and stopped when it is
   * over. What it was saying is cut short, without a word about it.
   */
  say(audio: Uint8Array, pace?: Pace): void;
  /** Stops speaking at once and says `speech-update` assistant stopped, if it spoke. */
  stop(): void;
  /** As Vapi does once it is sure that the caller takes over: `user-interrupted`, and nothing more of what was being said. */
  interrupt(): void;
  /** Says that the caller began, or ceased, to speak. */
  callerSpeech(status: 'started' | 'stopped'): void;
  /** Says what somebody, the caller unless told, was understood to say. */
  transcript(text: string, transcriptType: 'partial' | 'final', role?: 'user' | 'assistant'): void;
}

/** What a scripted mind does of itself, told in milliseconds since its socket opened. */
export interface Cue {
  atMs: number;
  act: (mind: ScriptedMind) => void;
}

/**
 * Makes a mind that plays `cues` and otherwise waits to be told. Hand it to a service as
 * `mind: (line) => createScriptedMind(line, cues)`, and keep hold of it to direct it.
 */
export function createScriptedMind(line: VapiCallLine, cues: readonly Cue[] = []): ScriptedMind {
  const { clock, format } = line;
  const speakers = {
    'real-time': createSpeaker({ clock, format, send: line.sendAudio, pace: 'real-time' }),
    'at-once': createSpeaker({ clock, format, send: line.sendAudio, pace: 'at-once' }),
  };
  let speaker = speakers['real-time'];
  let timers: unknown[] = [];

  function sayUpdate(role: 'assistant' | 'user', status: 'started' | 'stopped'): void {
    line.sendMessage({ type: 'speech-update', status, role });
  }

  function stop(): void {
    if (!speaker.speaking) return;
    speaker.stop();
    sayUpdate('assistant', 'stopped');
  }

  const mind: ScriptedMind = {
    line,
    get speaking() {
      return speaker.speaking;
    },
    say(audio, pace = 'real-time') {
      speaker.stop();
      speaker = speakers[pace];
      sayUpdate('assistant', 'started');
      speaker.say(audio, () => sayUpdate('assistant', 'stopped'));
    },
    stop,
    interrupt() {
      line.sendMessage({ type: 'user-interrupted' });
      stop();
    },
    callerSpeech: (status) => sayUpdate('user', status),
    transcript(text, transcriptType, role = 'user') {
      line.sendMessage({ type: 'transcript', role, transcriptType, transcript: text });
    },
    opened() {
      timers = cues.map(({ atMs, act }) => clock.setTimeout(() => act(mind), atMs));
    },
    audio() {},
    message() {},
    closed() {
      for (const timer of timers) clock.clearTimeout(timer);
      speaker.stop();
    },
  };
  return mind;
}
