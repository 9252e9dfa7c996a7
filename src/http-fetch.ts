import { failureCode, failureWords } from './failure-words.ts';
import type { Fetch } from './ports.ts';
import { USER_AGENT } from './user-agent.ts';

/** The largest response body, bytes, that is read: Vapi's and Twilio's answers have a few kilobytes. */
export const MAX_BODY_BYTES = 256 * 1024;

/** Why there is no response, in words without the address. `code` is Node's (`ECONNREFUSED`), where there is one. */
export class HttpFetchError extends Error {
  override name = 'HttpFetchError';
  readonly code: string | undefined;

  constructor(words: string, code?: string) {
    super(words);
    this.code = code;
  }
}

/**
 * Asks over the real network. Redirects are handed back, not followed. Rejects with the signal's reason if aborted
 * (also while the body is read), else with `HttpFetchError`: no connection, or a body beyond `MAX_BODY_BYTES`.
 */
export const httpFetch: Fetch = async (url, { method, headers, body, signal }) => {
  const response = await orWords(
    signal,
    fetch(url, {
      method,
      headers: { 'User-Agent': USER_AGENT, ...headers },
      ...(body === undefined ? {} : { body }),
      signal,
      redirect: 'manual',
    }),
  );
  return {
    status: response.status,
    headers: response.headers,
    text: () => orWords(signal, readText(response)),
  };
};

async function readText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    // Leaving the loop cancels the body, so that the rest is not even received.
    if (size > MAX_BODY_BYTES)
      throw new HttpFetchError(`The response body is larger than ${MAX_BODY_BYTES / 1024} KiB.`);
    chunks.push(chunk);
  }
  return new TextDecoder().decode(Buffer.concat(chunks));
}

/** Keeps the address out of errors: those of `fetch` hold it in their message or their cause. */
async function orWords<T>(signal: AbortSignal, asked: Promise<T>): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (error instanceof HttpFetchError) throw error;
    throw new HttpFetchError(failureWords(error), failureCode(error));
  }
}
