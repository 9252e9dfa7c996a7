import type { OperatorAction } from '../call/operator.ts';

/** Words that an agent is given to say, or that are added to a conversation, in characters. */
const LONGEST_TEXT = 1_000;
/** By how much a call's life can be extended at once, in ms. */
const SHORTEST_EXTENSION_MS = 1_000;
const LONGEST_EXTENSION_MS = 3_600_000;

const CONTROL_CHARACTER = /\p{Cc}/u;

type Fields = Readonly<Record<string, unknown>>;
type Reading = { ok: true; action: OperatorAction } | { ok: false; words: string };

const FIELDS: Readonly<Record<OperatorAction['action'], readonly string[]>> = {
  hangUp: [],
  say: ['text'],
  mute: [],
  unmute: [],
  addMessage: ['text', 'respond'],
  flush: [],
  extend: ['ms'],
};

/** What an operator asks for, or in words why that is nothing. Total: any value has an answer. */
export function readAction(body: unknown): Reading {
  if (!isFields(body)) return refused('The body is a JSON object such as {"action":"hangUp"}.');
  const { action, text, respond, ms } = body;
  if (!isName(action)) return refused(`The action is one of ${Object.keys(FIELDS).join(', ')}.`);
  const odd = Object.keys(body).find((name) => name !== 'action' && !FIELDS[action].includes(name));
  if (odd !== undefined) return refused(`To ${action} takes no field of that name besides what it needs.`);
  switch (action) {
    case 'say': {
      const fault = faultOfText(text);
      return fault === undefined ? { ok: true, action: { action, text: text as string } } : refused(fault);
    }
    case 'addMessage': {
      const fault = faultOfText(text);
      if (fault !== undefined) return refused(fault);
      if (typeof respond !== 'boolean') return refused('The field respond is true or false.');
      return { ok: true, action: { action, text: text as string, respond } };
    }
    case 'extend':
      if (typeof ms !== 'number' || !(ms >= SHORTEST_EXTENSION_MS && ms <= LONGEST_EXTENSION_MS)) {
        return refused(`The field ms is a number from ${SHORTEST_EXTENSION_MS} to ${LONGEST_EXTENSION_MS}.`);
      }
      return { ok: true, action: { action, ms } };
    default:
      return { ok: true, action: { action } };
  }
}

function refused(words: string): Reading {
  return { ok: false, words };
}

function faultOfText(text: unknown): string | undefined {
  if (typeof text !== 'string') return 'The field text is a string.';
  if (text.trim() === '') return 'The field text is empty.';
  if (text.length > LONGEST_TEXT) return `The field text has ${LONGEST_TEXT} characters at most.`;
  return CONTROL_CHARACTER.test(text) ? 'The field text holds a control character.' : undefined;
}

function isName(value: unknown): value is OperatorAction['action'] {
  return typeof value === 'string' && Object.hasOwn(FIELDS, value);
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
