import twilio from 'twilio';
import { failureCode, failureWords } from '../failure-words.ts';
import { identifierFrom, isFields } from '../wire/fields.ts';

const TWILIO_API = 'https://api.twilio.com';
/** The package waits 30 s unless told otherwise: too long for a line that is meant to be down. */
const REQUEST_TIMEOUT_MS = 5_000;
/** Twilio answers 429 to a request that it has not acted upon, so that it may be sent again. */
const RETRIES_AFTER_429 = 1;
/** "Call is not in-progress", with HTTP 400: it has ended. */
const NOT_IN_PROGRESS = 21220;

export type HangUpResult =
  /** `already`: the call had ended before. */
  { ok: true; already: boolean } | { ok: false; words: string };

export interface TwilioRest {
  /**
   * Ends a call. Closing the media socket does not: it lets the TwiML go on. Never throws; `words` say what happened
   * and what to do, and hold no secret and nothing that came from outside.
   */
  hangUp(callSid: string): Promise<HangUpResult>;
}

export interface TwilioRestOptions {
  accountSid: string;
  authToken: string;
  /** The account's other token while one follows the other: asked with when the first one is refused. */
  secondaryAuthToken?: string | undefined;
  /** Where Twilio's REST API is, if not at Twilio: a proxy, another region, or a double. No slash at the end. */
  apiBaseUrl?: string | undefined;
  /** For one request, to its answer. */
  timeoutMs?: number;
}

/** The part of Twilio's REST API that a call needs. */
export function createTwilioRest(options: TwilioRestOptions): TwilioRest {
  const { accountSid, authToken, secondaryAuthToken } = options;
  const { apiBaseUrl = TWILIO_API, timeoutMs = REQUEST_TIMEOUT_MS } = options;
  const http = new twilio.RequestClient({
    timeout: timeoutMs,
    autoRetry: true,
    maxRetries: RETRIES_AFTER_429,
  });
  // The package knows edges and regions, but no other address.
  const send = http.request.bind(http);
  http.request = (request) => send({ ...request, uri: request.uri.replace(TWILIO_API, () => apiBaseUrl) });
  // Empty, not left out: left out, the package takes TWILIO_EDGE and TWILIO_REGION and sends calls elsewhere unasked.
  const clientWith = (token: string) => twilio(accountSid, token, { httpClient: http, edge: '', region: '' });
  const client = clientWith(authToken);
  const second = secondaryAuthToken === undefined ? undefined : clientWith(secondaryAuthToken);

  return {
    async hangUp(callSid) {
      // The package puts the id into a path and refuses only `/` and `?`.
      const id = identifierFrom(callSid);
      if (id === undefined)
        return { ok: false, words: 'Twilio was not asked to end the call: its CallSid is none.' };
      const complete = (as: typeof client) => as.calls(id).update({ status: 'completed' });
      try {
        await complete(client).catch((error) => {
          if (!second || !isUnknown(error)) throw error;
          return complete(second);
        });
        return { ok: true, already: false };
      } catch (error) {
        return resultOf(error, timeoutMs);
      }
    },
  };
}

/** Whether Twilio does not know who asks: the token has had its day, or the other one is not in force yet. */
function isUnknown(error: unknown): boolean {
  return isFields(error) && error.status === 401;
}

function resultOf(error: unknown, timeoutMs: number): HangUpResult {
  const { status, code } = isFields(error) ? error : {};
  if (status === 404 || code === NOT_IN_PROGRESS) return { ok: true, already: true };
  const why = typeof status === 'number' ? refusal(status, code) : silence(error, timeoutMs);
  return { ok: false, words: `Twilio did not end the call: ${why}.` };
}

/** Made of numbers alone: what the far end wrote may be anything. */
function refusal(status: number, code: unknown): string {
  const answer = typeof code === 'number' ? `HTTP ${status}, error ${code}` : `HTTP ${status}`;
  const isStranger = status === 401 || status === 403;
  return isStranger ? `${answer}; check TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN` : answer;
}

function silence(error: unknown, timeoutMs: number): string {
  const code = failureCode(error);
  if (code === undefined) return 'its answer could not be read';
  return code === 'ECONNABORTED' ? `no answer within ${timeoutMs} ms` : failureWords(error);
}
