import { type Clip, loadAgentClips } from './agent-clips.ts';
import { createAgentVoice } from './agent-voice.ts';
import { createCallerTranscript, SHORT_SOUND_MS } from './caller-transcript.ts';
import { createTurnListener } from './turn-listener.ts';
import type { VapiCallLine, VapiMind } from './vapi-line.ts';
import { type Fields, fields } from './vapi-requests.ts';

/** From the end of the caller's turn to the answer. */
const THINKING_MS = 500;

/** How long nobody may say anything before the agent does. */
const PATIENCE_MS = 8_000;

/** From the agent's last word to the end of the call. */
const LINGER_MS = 500;

interface Speech {
  clip: Clip;
  interruptible: boolean;
  /** The call ends with this reason once all of it has been said. */
  thenEnds?: string;
}

/**
 * The agent that needs no service: it greets, hears by the caller's actual sound when a turn begins and ends, answers
 * each with its next recording, stops when it is talked over, and after its last words hangs up. It recognises no
 * words: whatever is said, it books an appointment. Between two sounds it has one timer, and none for audio.
 */
export function createSimulatedAgent(line: VapiCallLine): VapiMind {
  const { clock, request } = line;
  const clips = loadAgentClips(line.format);
  const voice = createAgentVoice(line);
  const transcript = createCallerTranscript(line);
  const overrides = fields(request.assistantOverrides) ?? {};
  const assistant = fields(request.assistant) ?? {};
  // Vapi's greeting cannot be interrupted unless the call asks for it.
  const greetingInterruptible =
    line.dialect === 'direct' ||
    (overrides.firstMessageInterruptionsEnabled ?? assistant.firstMessageInterruptionsEnabled) === true;
  const greets = (overrides.firstMessageMode ?? assistant.firstMessageMode) !== 'assistant-waits-for-user';

  let timer: unknown;
  /** What is being said, or was said last if the call ends with it. */
  let speech: Speech | undefined;
  let next: Speech | undefined;
  let answered = 0;
  let prompted = false;
  let callerSpeaks = false;
  let beganOverAgent = false;
  let owesAnswer = false;

  /** There is one thing to wait for at a time: the moment to answer, the end of patience, or the end of the call. */
  function wait(ms: number, fn: () => void): void {
    clock.clearTimeout(timer);
    timer = clock.setTimeout(fn, ms);
  }

  function speak(words: Speech): void {
    clock.clearTimeout(timer);
    speech = words;
    voice.speak(words.clip, () => {
      const { thenEnds } = words;
      if (thenEnds !== undefined) return wait(LINGER_MS, () => line.end(thenEnds));
      speech = undefined;
      goOn();
    });
  }

  function goOn(): void {
    if (next) {
      const words = next;
      next = undefined;
      speak(words);
      return;
    }
    if (callerSpeaks) return;
    if (owesAnswer) wait(THINKING_MS, answer);
    else wait(PATIENCE_MS, prompt);
  }

  function answer(): void {
    owesAnswer = false;
    const clip = clips.answers[answered];
    answered += 1;
    if (clip) speak({ clip, interruptible: true });
    else speak({ clip: clips.goodbye, interruptible: false, thenEnds: 'assistant-ended-call' });
  }

  function prompt(): void {
    if (prompted) speak({ clip: clips.goodbye, interruptible: false, thenEnds: 'silence-timed-out' });
    else speak({ clip: clips.stillThere, interruptible: true });
    prompted = true;
  }

  function say({
    content,
    endCallAfterSpoken,
    interruptionsEnabled,
    interruptAssistantEnabled,
  }: Fields): void {
    if (typeof content !== 'string') return;
    const words: Speech = { clip: clips.moment, interruptible: interruptionsEnabled !== false };
    if (endCallAfterSpoken === true) words.thenEnds = 'assistant-ended-call-after-message-spoken';
    if (speech && interruptAssistantEnabled !== true) next = words;
    else speak(words);
  }

  const listener = createTurnListener(line.format, {
    onset() {
      callerSpeaks = true;
      beganOverAgent = speech !== undefined;
      if (!speech) clock.clearTimeout(timer);
      transcript.began();
    },
    went(sinceOnsetMs, voicedMs, silentMs) {
      if (speech?.interruptible && voicedMs >= SHORT_SOUND_MS) {
        speech = undefined;
        next = undefined;
        line.sendMessage({ type: 'user-interrupted' });
        voice.stop();
      }
      transcript.went(sinceOnsetMs, voicedMs, silentMs);
    },
    ended(voicedMs) {
      callerSpeaks = false;
      transcript.ended(voicedMs);
      if (!beganOverAgent || voicedMs >= SHORT_SOUND_MS) {
        owesAnswer = true;
        prompted = false;
      }
      if (!speech) goOn();
    },
  });

  return {
    opened() {
      if (greets) speak({ clip: clips.greeting, interruptible: greetingInterruptible });
      else goOn();
    },
    audio: listener.hear,
    message(message) {
      if (message.type === 'say') say(message);
    },
    closed() {
      clock.clearTimeout(timer);
      voice.stop();
    },
  };
}
