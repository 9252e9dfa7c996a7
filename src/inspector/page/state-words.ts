import type { StateValue } from '../messages.ts';

/** The states of a call, in the order in which they are lived. Each has its colour in `theme/states.css`. */
export const callStates = [
  'connecting',
  'buffering',
  'streaming',
  'agentSpeaking',
  'bargeIn',
  'closing',
  'closed',
] as const;

export type CallState = (typeof callStates)[number];

/** What a person calls them. */
export const stateWords: Record<CallState, string> = {
  connecting: 'connecting',
  buffering: 'buffering',
  streaming: 'streaming',
  agentSpeaking: 'agent speaking',
  bargeIn: 'barge-in',
  closing: 'closing',
  closed: 'closed',
};

/** The state that a word such as `bargeIn.paused` is of. */
export function callStateOf(word: string): CallState {
  const outer = word.split('.')[0];
  return callStates.find((state) => state === outer) ?? 'closed';
}

/** `barge-in · paused` for `bargeIn.paused`. */
export function wordsOf(word: string): string {
  const inner = word.split('.').slice(1).join(' ');
  const outer = stateWords[callStateOf(word)];
  return inner === '' ? outer : `${outer} · ${inner}`;
}

/** The value of the call's chart as one word, as the board has it. */
export function wordOf(value: StateValue): string {
  if (typeof value === 'string') return value;
  const [outer = 'closed', inner] = Object.entries(value)[0] ?? [];
  if (inner === undefined) return outer;
  if (outer === 'live') return wordOf(inner);
  if (outer !== 'bargeIn') return outer;
  return `bargeIn.${typeof inner === 'string' ? inner : (Object.keys(inner)[0] ?? '')}`;
}
