import { scrub } from '../scrub.ts';
import type { Fact, Facts } from './messages.ts';

/** Makes what the machines know and the wires bring into facts that may be shown. */
export interface Redactor {
  facts(fields: object): Facts;
  /** A text of the bridge's own, or of a protocol, without what it may quote. */
  words(text: string): string;
}

/** Fields whose texts are names of ours, ids, or words of a protocol. The text of any other field is withheld. */
const TOLD = new Set([
  ...['type', 'callId', 'callSid', 'streamSid', 'vapiCallId', 'actorId', 'id', 'name'],
  ...[
    'words',
    'reason',
    'cause',
    'outcome',
    'loss',
    'refusal',
    'why',
    'status',
    'state',
    'kind',
    'role',
    'control',
  ],
  ...['direction', 'bargeIn', 'format', 'dialect', 'mode', 'policy', 'side'],
]);
/** Fields with what was said. */
const SAID = new Set(['text', 'transcript']);
/** Fields that are left out whatever they hold. */
const WITHHELD = /digit|phone|number|secret|token|password|authorization|apikey|url/i;

const REDACTED = '[redacted]';
const MOST_CHARACTERS = 400;
const MOST_CHARACTERS_SAID = 2_000;
/** Of a longer list the newest are shown: a call that is interrupted all the time would be told whole each time. */
const MOST_ENTRIES = 24;
const DEEPEST = 6;
const MOST_KNOWN = 1_000;

/** Seven digits or more, however they are grouped: a phone number without its plus, or another that is nobody's business. */
const MANY_DIGITS = /(?<![\w.-])\(?\d(?:[ .()-]{0,2}\d){6,}(?!\w)/g;

/** Makes the redactor of a server. `transcripts`: the operator asked for what is said. */
export function createRedactor({ transcripts }: { transcripts: boolean }): Redactor {
  /** The same few words come again and again. */
  const known = new Map<string, string>();

  function words(text: string): string {
    let shown = known.get(text);
    if (shown !== undefined) return shown;
    shown = shortened(text);
    if (known.size === MOST_KNOWN) known.clear();
    known.set(text, shown);
    return shown;
  }

  function shortened(text: string): string {
    const shown = scrub(text.slice(0, MOST_CHARACTERS)).replace(MANY_DIGITS, REDACTED);
    return text.length > MOST_CHARACTERS ? `${shown} …` : shown;
  }

  function textOf(name: string, text: string): string {
    if (TOLD.has(name)) return words(text);
    return transcripts && SAID.has(name) ? text.slice(0, MOST_CHARACTERS_SAID) : REDACTED;
  }

  function factOf(name: string, value: unknown, depth: number): Fact | undefined {
    switch (typeof value) {
      case 'string':
        return textOf(name, value);
      case 'number':
        return Number.isFinite(value) ? Math.round(value * 10) / 10 : null;
      case 'boolean':
        return value;
      case 'object':
        if (value === null) return null;
        if (depth === DEEPEST) return undefined;
        if (Array.isArray(value)) {
          return value.slice(-MOST_ENTRIES).map((entry) => factOf(name, entry, depth + 1) ?? null);
        }
        return isPlain(value) ? factsOf(value, depth + 1) : undefined;
      default:
        return undefined;
    }
  }

  function factsOf(fields: object, depth: number): Facts {
    const facts: Record<string, Fact> = {};
    for (const [name, value] of Object.entries(fields)) {
      if (WITHHELD.test(name)) continue;
      const fact = factOf(name, value, depth);
      if (fact !== undefined) facts[name] = fact;
    }
    return facts;
  }

  return { facts: (fields) => factsOf(fields, 0), words };
}

/** Errors, buffers, actors and the like are no facts. */
function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
