import { type CallRecording, FEED_VERSION } from '../../messages.ts';

export type ReadRecording = { ok: true; recording: CallRecording } | { ok: false; words: string };

type Fields = Readonly<Record<string, unknown>>;

/** A saved call has some 100 kB; one of 25 busy minutes some megabytes. In characters. */
const MAX_LENGTH = 64_000_000;

/** What is wrong with a part, or nothing. */
type Check = (value: unknown) => string | undefined;

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const list =
  (of: string, isOne: (value: unknown) => boolean): Check =>
  (value) => {
    if (!Array.isArray(value)) return `it has no ${of}`;
    const wrong = value.findIndex((one) => !isOne(one));
    return wrong === -1 ? undefined : `number ${wrong + 1} of its ${of} cannot be read`;
  };

const fields =
  (of: string, ...numbers: readonly string[]): Check =>
  (value) => {
    if (!isFields(value)) return `it has no ${of}`;
    const wrong = numbers.find((name) => typeof value[name] !== 'number');
    return wrong === undefined ? undefined : `its ${of} lacks ${wrong}`;
  };

function isMachine(value: unknown): boolean {
  return (
    isFields(value) &&
    typeof value.machine === 'string' &&
    Array.isArray(value.states) &&
    Array.isArray(value.transitions)
  );
}

function isRecord(value: unknown): boolean {
  if (!isFields(value) || typeof value.seq !== 'number' || typeof value.at !== 'number') return false;
  switch (value.type) {
    case '@xstate.actor':
      return typeof value.actor === 'string' && isFields(value.context) && Array.isArray(value.timers);
    case '@xstate.transition':
      return typeof value.actor === 'string' && isFields(value.event) && Array.isArray(value.edges);
    case 'wire':
      return typeof value.from === 'string' && typeof value.to === 'string' && isFields(value.facts);
    case 'sound':
      return typeof value.side === 'string' && typeof value.from === 'number';
    default:
      return false;
  }
}

const isLevel = (value: unknown) =>
  Array.isArray(value) && value.length === 3 && value.every((part) => typeof part === 'number');

const checks: ReadonlyArray<readonly [name: keyof CallRecording, check: Check]> = [
  ['machines', list('statecharts', isMachine)],
  ['row', fields('call', 'openedAt', 'stateSince', 'endsBy', 'bargeIns')],
  ['figures', fields('figures')],
  ['settings', fields('settings')],
  ['records', list('records', isRecord)],
  ['levels', list('levels', isLevel)],
];

/** Reads a file that is said to be a saved call. Nonsense is told in words, never thrown. */
export function readRecording(text: string): ReadRecording {
  if (text.length > MAX_LENGTH) return refuse('This file is too large to be a saved call.');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refuse('This is no saved call: it is not JSON. Save one with the button “Save” of a call’s page.');
  }
  if (!isFields(value) || value.format !== 'vapi-twilio-bridge.call')
    return refuse('This JSON is no saved call. Save one with the button “Save” of a call’s page.');
  if (value.version !== FEED_VERSION)
    return refuse(
      `This call was saved in form ${String(value.version)}; this page reads form ${FEED_VERSION}. Open it with the inspector of the server that saved it.`,
    );
  for (const [name, check] of checks) {
    const wrong = check(value[name]);
    if (wrong !== undefined) return refuse(`This saved call is damaged: ${wrong}.`);
  }
  return { ok: true, recording: value as unknown as CallRecording };
}

function refuse(words: string): ReadRecording {
  return { ok: false, words };
}
