import { countFrom, type Fields, identifierFrom, isFields } from './fields.ts';
import { vendorWords } from './vendor-words.ts';

/** The call exists at Vapi and waits for its socket to be opened, within a couple of seconds. */
export interface CallCreated {
  kind: 'created';
  vapiCallId: string;
  /** A secret: whoever knows it is in the call. To be used as it stands, never rewritten and never logged. */
  websocketCallUrl: string;
  /** A secret too. Takes the same messages as the socket, by POST. */
  controlUrl?: string;
  concurrencyLimit?: number;
  remainingConcurrentCalls?: number;
}

/**
 * - `keyRefused`: wrong, revoked or public key (401, 403 by Vapi)
 * - `unpaid`: the account cannot pay (402, or an end for that reason)
 * - `blocked`: stopped before it reached Vapi (403 by Cloudflare)
 * - `outOfSlots`: as many calls run as the account may have
 * - `rateLimited`: too many requests (429)
 * - `rejected`: Vapi does not accept what was asked for
 * - `broken`: Vapi failed, or answered what no API answers
 * - `noSocketUrl`: a call was made, but there is no way into it
 */
export type RefusalKind =
  | 'keyRefused'
  | 'unpaid'
  | 'blocked'
  | 'outOfSlots'
  | 'rateLimited'
  | 'rejected'
  | 'broken'
  | 'noSocketUrl';

/** There is no call to join. */
export interface CallRefused {
  kind: RefusalKind;
  /** What happened, to what, and what to do; fit for a log. */
  words: string;
  /** Set when Vapi made a call all the same: it takes a slot until it is ended. */
  vapiCallId?: string;
  /** How long to wait, where Vapi said so. It usually does not. */
  retryAfterMs?: number;
  concurrencyLimit?: number;
}

/** What came of asking for a call. */
export type CreateCallOutcome = CallCreated | CallRefused;

/** A created call is a few kilobytes. */
const longestBody = 262_144;

/**
 * Reads the answer to `POST /call`. Never throws, whatever comes.
 *
 * @param retryAfter the `Retry-After` header, if there is one; only its form in seconds is understood
 */
export function readCreateCallResponse(
  status: number,
  body: string,
  retryAfter?: string | null,
): CreateCallOutcome {
  const answer = body.length > longestBody ? undefined : parse(body);
  if (status >= 200 && status < 300) return readCreated(status, answer);
  return readRefusal(status, body, answer, retryAfter);
}

function parse(body: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return isFields(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function readCreated(status: number, answer: Fields | undefined): CreateCallOutcome {
  const vapiCallId = identifierFrom(answer?.id);
  if (answer === undefined || vapiCallId === undefined) {
    const words = `Vapi answered ${status} without a call in it. Check that VAPI_BASE_URL is Vapi's API and not a page.`;
    return { kind: 'broken', words };
  }
  const limits = isFields(answer.subscriptionLimits) ? answer.subscriptionLimits : {};
  const concurrencyLimit = optional('concurrencyLimit', countFrom(limits.concurrencyLimit));
  const made = { vapiCallId, ...concurrencyLimit };
  if (limits.concurrencyBlocked === true) return { kind: 'outOfSlots', words: outOfSlots(''), ...made };
  if (answer.status === 'ended') return { ...endedAtOnce(answer.endedReason), ...made };

  const transport = isFields(answer.transport) ? answer.transport : {};
  const websocketCallUrl = addressFrom(transport.websocketCallUrl, 'wss:', 'ws:');
  if (websocketCallUrl === undefined) {
    const words = `Vapi created call ${vapiCallId} without a usable websocketCallUrl. End that call, and check that the account may use the vapi.websocket transport.`;
    return { kind: 'noSocketUrl', words, ...made };
  }
  const monitor = isFields(answer.monitor) ? answer.monitor : {};
  return {
    kind: 'created',
    websocketCallUrl,
    ...made,
    ...optional('controlUrl', addressFrom(monitor.controlUrl, 'https:', 'http:')),
    ...optional('remainingConcurrentCalls', countFrom(limits.remainingConcurrentCalls)),
  };
}

/** Vapi's billing ends of a call that never began: `call.start.error-subscription-frozen` and its kin. */
const unpaidEnd = /subscription-(?:frozen|insufficient-credits|wallet-does-not-exist)/;

function endedAtOnce(endedReason: unknown): CallRefused {
  const reason = typeof endedReason === 'string' ? endedReason : '';
  if (unpaidEnd.test(reason)) return { kind: 'unpaid', words: unpaid(said(reason)) };
  if (reason === '' || /concurrency/.test(reason))
    return { kind: 'outOfSlots', words: outOfSlots(said(reason)) };
  const words = `Vapi ended the call as it was created${said(reason)}. Look up this reason in Vapi's documentation and mend the assistant or the account.`;
  return { kind: 'rejected', words };
}

function readRefusal(
  status: number,
  body: string,
  answer: Fields | undefined,
  retryAfter: string | null | undefined,
): CallRefused {
  const message = messageOf(body, answer);
  const quote = said(message);
  if (status === 401 || (status === 403 && answer !== undefined)) {
    const words = `Vapi refused the key (${status})${quote}. Set VAPI_API_KEY to the private key of the Vapi account; the public key is for browsers only.`;
    return { kind: 'keyRefused', words };
  }
  if (status === 402) return { kind: 'unpaid', words: unpaid(quote) };
  if (status === 403) {
    const words = `Cloudflare blocked the request before it reached Vapi (403)${quote}. Send a User-Agent header, and check that no proxy removes it; the key is not at fault.`;
    return { kind: 'blocked', words };
  }
  if (status < 500 && /concurren(?:cy|t)/i.test(message))
    return { kind: 'outOfSlots', words: outOfSlots(quote) };
  if (status === 429) {
    const words = `Vapi received too many requests from this account (429)${quote}. Create calls more slowly; a lock-out of about 20 seconds has been measured.`;
    return { kind: 'rateLimited', words, ...optional('retryAfterMs', waitFrom(retryAfter)) };
  }
  if (status >= 400 && status < 500 && status !== 408) {
    const words = `Vapi rejected the call (${status})${quote}. Check VAPI_ASSISTANT_ID, or the assistant in VAPI_ASSISTANT_FILE.`;
    return { kind: 'rejected', words };
  }
  const words = `Vapi failed to create the call (${status})${quote}. Try once more; if it lasts, see Vapi's status page and VAPI_BASE_URL.`;
  return { kind: 'broken', words, ...optional('retryAfterMs', waitFrom(retryAfter)) };
}

function unpaid(quote: string): string {
  return `Vapi wants payment before it takes a call${quote}. Add credit or mend the payment method of the Vapi account.`;
}

function outOfSlots(quote: string): string {
  return `Vapi has no slot free for another call${quote}. End calls that are stuck, raise the account's concurrency limit, or lower MAX_CALLS to it.`;
}

/** Vapi's message is a string or an array of strings; an older form has only `error`; a page has nothing to quote. */
function messageOf(body: string, answer: Fields | undefined): string {
  if (answer === undefined) return /^\s*[<{[]/.test(body) ? '' : body;
  const { message, error } = answer;
  if (Array.isArray(message)) return message.filter((part) => typeof part === 'string').join('; ');
  if (typeof message === 'string') return message;
  return typeof error === 'string' ? error : '';
}

function said(text: string): string {
  const quote = vendorWords(text).replace(/[.\s]+$/, '');
  return quote === '' ? '' : `: "${quote}"`;
}

function addressFrom(value: unknown, ...protocols: string[]): string | undefined {
  if (typeof value !== 'string' || !URL.canParse(value)) return undefined;
  return protocols.includes(new URL(value).protocol) ? value : undefined;
}

function waitFrom(retryAfter: string | null | undefined): number | undefined {
  const seconds = countFrom(retryAfter?.trim());
  return seconds === undefined ? undefined : seconds * 1000;
}

/** `{ [name]: value }`, or nothing at all when there is no value. */
function optional<Name extends string, Value>(name: Name, value: Value | undefined): { [K in Name]?: Value } {
  return (value === undefined ? {} : { [name]: value }) as { [K in Name]?: Value };
}
