/** Names and states as the views write them. */
import type { CSSProperties } from 'react';
import type { ActorName, StateValue } from '../../messages.ts';

export const ACTORS: readonly ActorName[] = [
  'call',
  'twilioSocket',
  'vapiSocket',
  'callerBuffer',
  'agentBuffer',
];

/** What each statechart of a call is, for a person. */
export const TITLE_OF: Readonly<Record<ActorName, string>> = {
  call: 'Call',
  twilioSocket: 'Twilio socket',
  vapiSocket: 'Vapi socket',
  callerBuffer: 'Caller’s audio',
  agentBuffer: 'Agent’s audio',
};

/** The names of a state value, in words: `bargeIn › paused › voiced`; regions side by side: `caller here + agent called`. */
export function statePath(value: StateValue | undefined): string {
  if (value === undefined) return '';
  if (typeof value === 'string') return value;
  const parts = Object.entries(value);
  const between = parts.length > 1 ? ' ' : ' › ';
  return parts.map(([key, inner]) => [key, statePath(inner)].filter(Boolean).join(between)).join(' + ');
}

/** The same without the box that all live states of a call share. */
export const shortPath = (value: StateValue | undefined) => statePath(value).replace(/^live › /, '');

const OWN_COLOUR = new Set([
  'connecting',
  'buffering',
  'streaming',
  'agentSpeaking',
  'bargeIn',
  'closing',
  'closed',
]);

/** The states of the children that mean much the same as one of the call's. */
const LIKE: Readonly<Record<string, string>> = {
  awaitingSocket: 'connecting',
  awaitingStart: 'connecting',
  idle: 'connecting',
  creating: 'connecting',
  holding: 'connecting',
  filling: 'buffering',
  opening: 'buffering',
  open: 'streaming',
  flowing: 'streaming',
  backlogged: 'bargeIn',
  paused: 'bargeIn',
  refusing: 'bargeIn',
  stopping: 'closing',
  ending: 'closing',
  finishing: 'closing',
};

/** The word by whose colour a state is drawn: that of the outermost of its names that has one. */
function colourWord(stateId: string): string {
  for (const name of stateId.split('.').slice(1)) {
    if (OWN_COLOUR.has(name)) return name;
    if (LIKE[name]) return LIKE[name];
  }
  return 'streaming';
}

export type OwnColours = CSSProperties & Record<'--own' | '--own-text', string>;

/** The colours of a state, by its id: `--own` draws and fills, `--own-text` is read. */
export function coloursOf(stateId: string): OwnColours {
  const word = colourWord(stateId);
  return { '--own': `var(--state-${word})`, '--own-text': `var(--state-${word}-text)` };
}

/** The colours of the innermost state that is active. */
export function coloursOfAll(active: ReadonlySet<string> | undefined): OwnColours {
  return coloursOf([...(active ?? [])].at(-1) ?? '.closed');
}
