import type { Clip } from './agent-clips.ts';
import { createSpeaker } from './speaker.ts';
import type { VapiCallLine } from './vapi-line.ts';

/** The agent's side of the talk: its words as sound, and what Vapi says about them. */
export interface AgentVoice {
  /** Says `clip`; `finished` is told when all of it has been said. Something else that was being said is cut short. */
  speak(clip: Clip, finished: () => void): void;
  /** Stops in the middle of a word, if it speaks. The transcript then holds the words that were said. */
  stop(): void;
  readonly speaking: boolean;
}

/** Makes the voice of one call. */
export function createAgentVoice(line: VapiCallLine): AgentVoice {
  const speaker = createSpeaker({ clock: line.clock, format: line.format, send: line.sendAudio });
  let turn = -1;
  let clip: Clip | undefined;

  function sayUpdate(status: 'started' | 'stopped'): void {
    line.sendMessage({ type: 'speech-update', status, role: 'assistant', turn });
  }

  function sayTranscript(transcriptType: 'partial' | 'final', transcript: string): void {
    line.sendMessage({ type: 'transcript', role: 'assistant', transcriptType, transcript });
  }

  function end(said: string): void {
    clip = undefined;
    sayUpdate('stopped');
    if (said !== '') sayTranscript('final', said);
  }

  function stop(): void {
    if (!clip) return;
    const said = wordsUpTo(clip.text, speaker.progress);
    speaker.stop();
    end(said);
  }

  return {
    speak(next, finished) {
      stop();
      turn += 1;
      clip = next;
      sayUpdate('started');
      speaker.say(next.audio, () => {
        end(next.text);
        finished();
      });
      if (clip === next) sayTranscript('partial', firstSentence(next.text));
    },
    stop,
    get speaking() {
      return clip !== undefined;
    },
  };
}

function firstSentence(text: string): string {
  return /^.*?[.?!]/.exec(text)?.[0] ?? text;
}

function wordsUpTo(text: string, part: number): string {
  const words = text.split(' ');
  return words.slice(0, Math.round(words.length * part)).join(' ');
}
