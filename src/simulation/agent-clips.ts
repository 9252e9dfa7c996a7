import { readFileSync } from 'node:fs';
import { type AudioFormat, createCallerEncoder } from '../audio/agent-format.ts';

/** Something the simulated agent can say. */
export interface Clip {
  readonly text: string;
  /** The words spoken, in one format, without a header. */
  readonly audio: Buffer;
}

/** All that the simulated agent can say. */
export interface AgentClips {
  readonly greeting: Clip;
  /** What it answers, turn by turn; the first takes 12 s, long enough to be interrupted. */
  readonly answers: readonly Clip[];
  /** What it says for words that it has no recording of. */
  readonly moment: Clip;
  readonly stillThere: Clip;
  readonly goodbye: Clip;
}

const loaded = new Map<AudioFormat, AgentClips>();

/** The recordings in `speech/agent`, in `format`. Read and converted once for all calls. */
export function loadAgentClips(format: AudioFormat): AgentClips {
  const clips = loaded.get(format) ?? load(format);
  loaded.set(format, clips);
  return clips;
}

function load(format: AudioFormat): AgentClips {
  const clip = (name: string, text: string): Clip => {
    const mulaw = readFileSync(new URL(`./speech/agent/${name}.ulaw`, import.meta.url));
    return { text, audio: createCallerEncoder(format).encode(mulaw) };
  };
  return {
    greeting: clip('greeting', 'Hello, this is the simulated agent. How can I help you today?'),
    answers: [
      clip(
        'times',
        'Of course. This week I have Tuesday at two in the afternoon, Wednesday at half past three, and Thursday at a ' +
          'quarter past four. Next week is still open, and I can call you back as soon as something earlier comes ' +
          'free. Which of these would you like?',
      ),
      clip(
        'morning',
        'No problem. In the morning I have Wednesday at nine, or Friday at half past ten. Which do you prefer?',
      ),
      clip('booked', 'Very good, your appointment is booked. Is there anything else I can do for you?'),
    ],
    moment: clip('moment', 'One moment, please.'),
    stillThere: clip('still-there', 'Are you still there?'),
    goodbye: clip('goodbye', 'Thank you for calling. Goodbye.'),
  };
}
