import type { Overhear, WireFacts } from '../ports.ts';
import type { DirectMessage } from '../wire/direct.ts';
import type { PhraseBook } from './phrases.ts';

/** What Vapi says of a call's status; another word is told as `other`. */
const STATUSES = new Set(['scheduled', 'queued', 'ringing', 'in-progress', 'forwarding', 'ended']);

/** Messages that say nothing of the call's course. Of `model-output` there is one for each piece of a word. */
const OTHERS: Readonly<Record<string, 'told' | 'left out'>> = {
  'conversation-update': 'told',
  'transfer-update': 'told',
  'model-output': 'left out',
};

/** Tells `overhear` what came from the agent: its words only with `withWords`. */
export function overhearAgent(
  message: DirectMessage,
  overhear: Overhear,
  { phrases, withWords }: { phrases: PhraseBook; withWords: boolean },
): void {
  const told = (name: string, facts?: WireFacts) => overhear('vapi', 'bridge', name, facts);
  switch (message.kind) {
    case 'audio':
    case 'unreadable':
      return;
    case 'userInterrupted':
      told('user-interrupted');
      return;
    case 'transcript': {
      const { role, final, text } = message;
      const facts = { role, final, letters: text.length, ...phrases.judge(text) };
      told('transcript', withWords ? { ...facts, text } : facts);
      return;
    }
    case 'speechUpdate':
      told('speech-update', { role: message.role, status: message.status });
      return;
    case 'statusUpdate':
      told('status-update', { status: STATUSES.has(message.status) ? message.status : 'other' });
      return;
    case 'voiceInput':
      told('voice-input', withWords ? { text: message.text } : { letters: message.text.length });
      return;
    case 'hang':
      told('hang');
      return;
    case 'toolCalls':
      told('tool-calls');
      return;
    case 'assistantStarted':
      told('assistant.started');
      return;
    case 'other':
      if (OTHERS[message.type] !== 'left out') told(OTHERS[message.type] ? message.type : 'other');
  }
}

/** Tells `overhear` what the agent is told in text, by its type; of a `control`, also what it asks for. */
export function overhearOrder(text: string, overhear: Overhear): void {
  const [, type = 'other', control] = /^\{"type":"([a-z-]+)"(?:,"control":"([a-z-]+)")?/.exec(text) ?? [];
  overhear('bridge', 'vapi', type, control === undefined ? {} : { control });
}
