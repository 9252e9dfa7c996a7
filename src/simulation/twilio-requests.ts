import type { Ports } from '../ports.ts';
import { readTwiml, type Verb } from './twiml.ts';

/** The signature of a request: `url` in full, and the fields of its form (none for a WebSocket). */
export type Sign = (url: string, fields: Record<string, string>) => string;

export interface TwilioRequestsOptions {
  /** Where the server really answers: any of its `http(s)` or `ws(s)` addresses. */
  to: string;
  /** The address that the server goes by, if another: requests are signed for it and sent to `to`. */
  publicUrl?: string;
  /** Without it, nothing is signed. */
  sign?: Sign;
  /** The fields of every voice request. */
  fields: Record<string, string>;
}

/** Why there was no call. */
export interface Refusal {
  kind: 'unreachable' | 'forbidden' | 'http' | 'twiml' | 'busy';
  words: string;
}

/** Twilio's requests to the server. */
export interface TwilioRequests {
  /** Asks `url` what to do with the call. Never rejects. */
  askTwiml(url: string, extra: Record<string, string>): Promise<Verb[] | Refusal>;
  /** Posts a status callback, and leaves it at that. */
  tell(url: string, fields: Record<string, string>): void;
  /** Where to dial, and with which headers, for a stream whose TwiML says `url`. */
  streamAt(url: string): { url: string; headers: Record<string, string> };
  /** The address that the server goes by for what is reached at `url`. */
  publicAddress(url: string): string;
}

/** Twilio waits this long for TwiML (its `tt` connection override; 15 s is the default and the most). */
const TWIML_TIMEOUT_MS = 15_000;
const FORM = 'application/x-www-form-urlencoded; charset=UTF-8';

/** Requests as Twilio makes them: form-encoded, signed, sent from Twilio's own user agents. */
export function createTwilioRequests(
  { clock, fetch }: Pick<Ports, 'clock' | 'fetch'>,
  { to, publicUrl, sign, fields }: TwilioRequestsOptions,
): TwilioRequests {
  const door = new URL(to);
  const known = new URL(publicUrl !== undefined && URL.canParse(publicUrl) ? publicUrl : to);
  const secure = door.protocol === 'https:' || door.protocol === 'wss:';

  /** The server's own addresses are reached through `to`, by whatever name and scheme they are written. */
  function reach(url: string): string {
    const target = new URL(url);
    if (target.host !== door.host && target.host !== known.host) return url;
    const kind = target.protocol.startsWith('ws') ? 'ws' : 'http';
    return `${kind}${secure ? 's' : ''}://${door.host}${target.pathname}${target.search}`;
  }

  async function post(url: string, form: Record<string, string>) {
    const timeout = new AbortController();
    const timer = clock.setTimeout(() => timeout.abort(), TWIML_TIMEOUT_MS);
    const signature = sign && { 'X-Twilio-Signature': sign(url, form) };
    try {
      const response = await fetch(reach(url), {
        method: 'POST',
        headers: { 'Content-Type': FORM, 'User-Agent': 'TwilioProxy/1.1', ...signature },
        body: new URLSearchParams(form).toString(),
        signal: timeout.signal,
      });
      return { status: response.status, body: await response.text() };
    } catch {
      return undefined;
    } finally {
      clock.clearTimeout(timer);
    }
  }

  return {
    async askTwiml(url, extra) {
      const answer = await post(url, { ...fields, ...extra });
      const where = new URL(url).pathname;
      if (!answer) return { kind: 'unreachable', words: `Nothing answers at ${reach(url)}.` };
      const { status, body } = answer;
      if (status === 403) {
        return { kind: 'forbidden', words: `${where} answers 403: the signature is missing or wrong.` };
      }
      if (status !== 200) return { kind: 'http', words: `${where} answers ${status} where TwiML is needed.` };
      return readTwiml(body) ?? { kind: 'twiml', words: `What ${where} answers is not TwiML.` };
    },
    tell(url, form) {
      if (URL.canParse(url)) void post(url, form);
    },
    streamAt(url) {
      // Seen on Twilio's upgrade requests; the header is in lower case there.
      const signature = sign && { 'x-twilio-signature': sign(url, {}) };
      return { url: reach(url), headers: { 'User-Agent': 'Twilio.TmeWs/1.0', ...signature } };
    },
    publicAddress(url) {
      const { pathname, search } = new URL(url);
      return `${known.protocol}//${known.host}${pathname}${search}`;
    },
  };
}
