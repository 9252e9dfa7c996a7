import type { CreateOutcome } from '../../machines/vapi-socket.ts';
import { failureWords, isNeverSent } from '../failure-words.ts';
import type { Overhear, Ports } from '../ports.ts';
import {
  buildCreateCall,
  type CreateCallSpec,
  readCreateCallResponse,
  readVapiMessage,
  writeEndCall,
} from '../wire/vapi.ts';
import type { Dialect } from './dialect.ts';
import { isVapiAddress } from './vapi-addresses.ts';

export interface TransportOptions {
  ports: Pick<Ports, 'fetch' | 'openSocket'>;
  /** Secret. */
  apiKey: string;
  baseUrl: string;
  spec: CreateCallSpec;
  handshakeTimeoutMs: number;
}

/** A caller who hears nothing does not wait longer for a second request. */
const LONGEST_WAIT_MS = 2_000;

/**
 * Vapi's documented way: `POST /call`, then the socket whose address comes back (docs/wire.md). That address is as
 * good as a key, so it stays in here.
 */
export function createTransport({
  ports,
  apiKey,
  baseUrl,
  spec,
  handshakeTimeoutMs,
}: TransportOptions): Dialect {
  let vapiCallId: string | undefined;
  let socketUrl = '';
  let controlUrl: string | undefined;

  const authorization = { Authorization: `Bearer ${apiKey}` };
  const json = { 'Content-Type': 'application/json' };

  async function create(signal: AbortSignal, overhear: Overhear = () => {}): Promise<CreateOutcome> {
    overhear('bridge', 'vapi', 'POST /call');
    try {
      const response = await ports.fetch(`${baseUrl}/call`, {
        method: 'POST',
        headers: { ...authorization, ...json },
        body: JSON.stringify(buildCreateCall(spec)),
        signal,
      });
      const outcome = readCreateCallResponse(
        response.status,
        await response.text(),
        response.headers.get('retry-after'),
      );
      overhear('vapi', 'bridge', String(response.status), { outcome: outcome.kind });
      vapiCallId = outcome.vapiCallId;
      if (outcome.kind !== 'created') {
        const refused = { created: false, refusal: outcome.kind, words: outcome.words } as const;
        if (vapiCallId !== undefined) return { ...refused, vapiCallId };
        const { retryAfterMs = 0 } = outcome;
        const isPassing = response.status === 429 || (response.status >= 500 && response.status !== 504);
        return isPassing && retryAfterMs <= LONGEST_WAIT_MS
          ? { ...refused, askAgainAfterMs: retryAfterMs }
          : refused;
      }
      if (outcome.controlUrl !== undefined && isVapiAddress(outcome.controlUrl, baseUrl))
        controlUrl = outcome.controlUrl;
      if (!isVapiAddress(outcome.websocketCallUrl, baseUrl)) {
        const words = `Vapi created call ${outcome.vapiCallId} with a socket that is not Vapi's, or not encrypted; it was not dialled. Check VAPI_BASE_URL, and who answers there.`;
        return { created: false, refusal: 'noSocketUrl', words, vapiCallId: outcome.vapiCallId };
      }
      socketUrl = outcome.websocketCallUrl;
      return { created: true, vapiCallId: outcome.vapiCallId };
    } catch (error) {
      if (signal.aborted) overhear('bridge', 'vapi', 'given up');
      else overhear('vapi', 'bridge', 'no answer', { outcome: 'unreachable' });
      const words = `Vapi could not be reached (${failureWords(error)}). Check VAPI_BASE_URL and the network.`;
      const refused = { created: false, refusal: 'unreachable', words } as const;
      return isNeverSent(error) ? { ...refused, askAgainAfterMs: 0 } : refused;
    }
  }

  async function end(signal: AbortSignal, overhear: Overhear = () => {}): Promise<void> {
    if (vapiCallId === undefined) return;
    if (controlUrl !== undefined) {
      overhear('bridge', 'vapi', 'POST end-call');
      await attempt(controlUrl, 'POST', json, writeEndCall(), signal, overhear);
    }
    overhear('bridge', 'vapi', 'DELETE /call');
    await attempt(
      `${baseUrl}/call/${encodeURIComponent(vapiCallId)}`,
      'DELETE',
      authorization,
      undefined,
      signal,
      overhear,
    );
  }

  /** One of two ways to the same end: a failure leaves it to the other, and in the end to Vapi's own time limits. */
  async function attempt(
    url: string,
    method: string,
    headers: Record<string, string>,
    body: string | undefined,
    signal: AbortSignal,
    overhear: Overhear,
  ): Promise<void> {
    try {
      const response = await ports.fetch(url, {
        method,
        headers,
        signal,
        ...(body === undefined ? {} : { body }),
      });
      await response.text();
      overhear('vapi', 'bridge', String(response.status));
    } catch {
      if (signal.aborted) overhear('bridge', 'vapi', 'given up');
      else overhear('vapi', 'bridge', 'no answer');
    }
  }

  return {
    creates: true,
    givesVerdicts: true,
    takesOrders: true,
    create,
    dial: () => ports.openSocket(socketUrl, { handshakeTimeoutMs }),
    read: readVapiMessage,
    farewell: writeEndCall(),
    end,
  };
}
