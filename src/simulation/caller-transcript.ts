import type { VapiCallLine } from './vapi-line.ts';

/**
 * What counts as an acknowledgement: a sound of the caller with less voice in it than this. The "mm-hm"s that this was
 * tried on have 160 to 360 ms.
 */
export const SHORT_SOUND_MS = 380;

/** From the onset of the caller's speech until Vapi says so: 0.38 s was seen, with some of it on the way. */
const STARTED_AFTER_MS = 300;

const FIRST_PARTIAL_MS = 640;
const PARTIAL_INTERVAL_MS = 500;

/** A short sound is taken for a whole one once it has been followed by this much silence. */
const SHORT_SOUND_SILENCE_MS = 300;

/** The caller's side of the talk: what Vapi says about it. */
export interface CallerTranscript {
  began(): void;
  went(sinceOnsetMs: number, voicedMs: number, silentMs: number): void;
  ended(voicedMs: number): void;
}

/** Makes the transcript of one call. It knows no words, so it tells how long they took. */
export function createCallerTranscript(line: VapiCallLine): CallerTranscript {
  let turn = -1;
  let transcribedMs = 0;
  let nextPartialMs = 0;

  function sayUpdate(status: 'started' | 'stopped'): void {
    line.sendMessage({ type: 'speech-update', status, role: 'user', turn });
  }

  function sayTranscript(transcriptType: 'partial' | 'final', voicedMs: number): void {
    line.sendMessage({ type: 'transcript', role: 'user', transcriptType, transcript: wordsFor(voicedMs) });
  }

  return {
    began() {
      turn += 1;
      transcribedMs = 0;
      nextPartialMs = FIRST_PARTIAL_MS;
    },
    went(sinceOnsetMs, voicedMs, silentMs) {
      if (sinceOnsetMs === STARTED_AFTER_MS) sayUpdate('started');
      const unsure = voicedMs < SHORT_SOUND_MS && silentMs < SHORT_SOUND_SILENCE_MS;
      if (sinceOnsetMs < nextPartialMs || voicedMs === transcribedMs || unsure) return;
      transcribedMs = voicedMs;
      nextPartialMs = sinceOnsetMs + PARTIAL_INTERVAL_MS;
      sayTranscript('partial', voicedMs);
    },
    ended(voicedMs) {
      sayTranscript('final', voicedMs);
      sayUpdate('stopped');
    },
  };
}

function wordsFor(voicedMs: number): string {
  return voicedMs < SHORT_SOUND_MS ? 'mm-hm' : `(${(voicedMs / 1_000).toFixed(1)} seconds of speech)`;
}
