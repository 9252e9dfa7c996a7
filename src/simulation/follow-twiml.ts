import type { StreamEnd } from './phone-line.ts';
import type { Refusal } from './twilio-requests.ts';
import { parametersOf, type Verb } from './twiml.ts';

/** How a call ended. */
export interface CallEnding {
  /**
   * The caller hung up; the server ended it; the line broke; a person was dialled, and answered; the caller left a
   * message; or there was no call at all.
   */
  endedBy: 'caller' | 'bridge' | 'line' | 'dialled' | 'voicemail' | 'refused';
  /** The same in a sentence. */
  ending: string;
  /** Only when `refused`. */
  refusal?: Refusal;
}

/** What becomes of a `<Dial>`, as its action is told (`DialCallStatus`). */
export type DialStatus = 'completed' | 'busy' | 'no-answer' | 'failed';

/** What the verbs of a TwiML document need of the call. */
export interface Switchboard {
  /** Asks the server for the TwiML at `url`, which may be relative, and tells it `fields` besides the usual ones. */
  ask(url: string, fields: Record<string, string>): Promise<Verb[] | Refusal>;
  /** What becomes of the person of a `<Dial>`; without it, every one is answered. */
  dial?(dial: Verb): DialStatus;
  /** Takes the caller's message; what the `<Record>`'s action is told of it. Nothing, and without it: none is left. */
  record?(record: Verb): Record<string, string> | undefined;
  /** Takes the call along a `<Stream>` that Twilio would accept, to its end. */
  talk(stream: Verb): Promise<StreamEnd>;
  /** Why a stream was refused, with the remedy that is known. */
  refusalOf(end: StreamEnd, stream: Verb): Refusal;
  /** Tells the person at the phone. */
  tell(words: string): void;
  readonly callerHungUp: boolean;
}

/** Verbs followed in one call: enough for several reconnections, an end to a TwiML that redirects to itself. */
const MOST_VERBS = 50;
/** Twilio's bound on one `<Parameter>`, name and value together. */
const PARAMETER_CHARACTERS = 500;

const ONE_WAY =
  'The TwiML has <Start><Stream>, which can only listen: what is sent back on it is never played. Use <Connect><Stream>.';
const NO_STREAM = 'The TwiML has no <Connect><Stream>, so the call reaches no agent.';

/** The ending of a call that never was. */
export const refused = (refusal: Refusal): CallEnding => ({
  endedBy: 'refused',
  ending: refusal.words,
  refusal,
});

/** The ending of a call of which `end` was the last stream. */
export function endingOf(end: StreamEnd): CallEnding {
  if (end.by === 'caller') return { endedBy: 'caller', ending: 'The caller hung up.' };
  if (end.by === 'line') return { endedBy: 'line', ending: `The line broke: ${end.words}.` };
  return { endedBy: 'bridge', ending: `The server ended the call${end.words && ` (${end.words})`}.` };
}

/** Why Twilio would not open the `<Stream>` of a `<Connect>`; undefined when it would. */
function streamFault(stream: Verb | undefined): string | undefined {
  if (!stream) return 'The TwiML has a <Connect> without a <Stream>.';
  const { url = '', track = 'inbound_track' } = stream.attributes;
  if (!/^wss:\/\//i.test(url) || !URL.canParse(url))
    return 'Its <Stream> needs a wss:// address (error 31922).';
  if (url.includes('?'))
    return 'Its <Stream> has an address with a query, which Twilio refuses (error 31920).';
  if (track !== 'inbound_track')
    return `<Connect><Stream> takes only the inbound_track, not ${track} (error 31941).`;
  const long = Object.entries(parametersOf(stream)).find(
    ([name, value]) => name.length + value.length >= PARAMETER_CHARACTERS,
  );
  return (
    long && `Its <Parameter> ${long[0].slice(0, 40)} is too long: name and value have under 500 characters.`
  );
}

/** Follows TwiML as Twilio does, verb by verb, until the call is over. `<Pause>` and speech take no time. */
export async function followTwiml(twiml: Verb[], switchboard: Switchboard): Promise<CallEnding> {
  let verbs = twiml;
  let lastStream: StreamEnd | undefined;
  let trouble: Refusal | undefined;
  /** Where the caller got after the streams. */
  let arrived: CallEnding | undefined;
  const said: string[] = [];

  /** The call is over for want of further verbs. */
  function over(): CallEnding {
    if (arrived) return arrived;
    if (lastStream) return endingOf(lastStream);
    if (trouble) return refused(trouble);
    if (said.length === 0) return refused({ kind: 'twiml', words: NO_STREAM });
    return refused({
      kind: 'busy',
      words: `The server does not take the call. It says: "${said.join(' ')}"`,
    });
  }

  async function goTo(url: string, fields: Record<string, string> = {}): Promise<void> {
    const answer = await switchboard.ask(url, fields);
    verbs = Array.isArray(answer) ? answer : [];
    if (!Array.isArray(answer)) {
      trouble ??= answer;
      switchboard.tell(answer.words);
    }
  }

  async function connect(verb: Verb): Promise<void> {
    const stream = verb.children.find((child) => child.name === 'Stream');
    const fault = streamFault(stream);
    if (!stream || fault !== undefined) {
      verbs = [];
      trouble = { kind: 'twiml', words: fault ?? NO_STREAM };
      return;
    }
    const end = await switchboard.talk(stream);
    if (end.by === 'refusal') trouble ??= switchboard.refusalOf(end, stream);
    else lastStream = end;
    if (end.by === 'caller' || switchboard.callerHungUp) return;
    // An action's answer takes the place of what follows `</Connect>`.
    if (verb.attributes.action) await goTo(verb.attributes.action);
  }

  async function dial(verb: Verb): Promise<void> {
    const status = switchboard.dial?.(verb) ?? 'completed';
    if (status === 'completed')
      arrived = { endedBy: 'dialled', ending: 'The server puts the caller through to a person.' };
    switchboard.tell(`Twilio dials a person: ${status}`);
    if (verb.attributes.action) await goTo(verb.attributes.action, { DialCallStatus: status });
  }

  async function record(verb: Verb): Promise<void> {
    const message = switchboard.record?.(verb);
    if (!message) return;
    arrived = { endedBy: 'voicemail', ending: 'The caller leaves a message.' };
    switchboard.tell('Twilio takes a message');
    if (verb.attributes.action) await goTo(verb.attributes.action, message);
  }

  for (let step = 0; step < MOST_VERBS; step += 1) {
    if (switchboard.callerHungUp || lastStream?.by === 'caller') return endingOf({ by: 'caller', words: '' });
    const verb = verbs[0];
    verbs = verbs.slice(1);
    switch (verb?.name) {
      case undefined:
      case 'Hangup':
        return over();
      case 'Reject':
        return refused({ kind: 'busy', words: 'The server rejects the call.' });
      case 'Dial':
        await dial(verb);
        break;
      case 'Record':
        await record(verb);
        break;
      case 'Say':
        said.push(verb.text.trim());
        switchboard.tell(`Twilio says: "${verb.text.trim()}"`);
        break;
      case 'Start':
        if (verb.children.some((child) => child.name === 'Stream')) {
          trouble ??= { kind: 'twiml', words: ONE_WAY };
        }
        break;
      case 'Redirect':
        await goTo(verb.text.trim());
        break;
      case 'Connect':
        await connect(verb);
        break;
    }
  }
  return refused({
    kind: 'twiml',
    words: `The TwiML goes on after ${MOST_VERBS} verbs: it leads back to itself.`,
  });
}
