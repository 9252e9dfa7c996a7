import { failureWords, isNeverSent } from '../failure-words.ts';
import type { Clock, Overhear, Ports } from '../ports.ts';
import {
  buildCreateCall,
  type CreateCallOutcome,
  type CreateCallSpec,
  readCreateCallResponse,
  writeEndCall,
} from '../wire/vapi.ts';
import { callListPath, type ListedCall, readCallList } from '../wire/vapi-call-list.ts';

/** What came of asking for a call: Vapi's answer, or none. */
export type Answered =
  | { status: number; outcome: CreateCallOutcome }
  | { status: null; words: string; neverSent: boolean };

/** A call at Vapi, as far as ending it goes. */
export interface EndableCall {
  vapiCallId: string;
  /** A secret. */
  controlUrl?: string | undefined;
}

/** Vapi's HTTP side. Nothing here rejects; a `signal` gives up on the answer. */
export interface VapiHttp {
  create(spec: CreateCallSpec, signal: AbortSignal, overhear: Overhear): Promise<Answered>;
  /** Ends a call in both ways that there are, one after the other. Whether the second, which says so, succeeded. */
  end(call: EndableCall, signal: AbortSignal, overhear: Overhear): Promise<boolean>;
  /** The calls that were made since `epochMs`; nothing where that could not be learnt. */
  list(epochMs: number, signal: AbortSignal): Promise<ListedCall[] | undefined>;
}

export interface VapiHttpOptions {
  clock: Pick<Clock, 'setTimeout' | 'clearTimeout'>;
  fetch: Ports['fetch'];
  /** Secret. */
  apiKey: string;
  baseUrl: string;
}

/** The call's own server may be what has failed: the API is asked to end it after so long, in ms, all the same. */
const CONTROL_TIMEOUT_MS = 1_500;

/** Speaks with Vapi's API (docs/wire.md). */
export function createVapiHttp({ clock, fetch, apiKey, baseUrl }: VapiHttpOptions): VapiHttp {
  const authorization = { Authorization: `Bearer ${apiKey}` };
  const json = { 'Content-Type': 'application/json' };

  /** The answer's status, or nothing where there is no answer. */
  async function attempt(
    url: string,
    init: { method: string; headers: Record<string, string>; body?: string },
    signal: AbortSignal,
    overhear: Overhear,
  ): Promise<number | undefined> {
    try {
      const response = await fetch(url, { ...init, signal });
      await response.text();
      overhear('vapi', 'bridge', String(response.status));
      return response.status;
    } catch {
      if (signal.aborted) overhear('bridge', 'vapi', 'given up');
      else overhear('vapi', 'bridge', 'no answer');
      return undefined;
    }
  }

  return {
    async create(spec, signal, overhear) {
      overhear('bridge', 'vapi', 'POST /call');
      try {
        const response = await fetch(`${baseUrl}/call`, {
          method: 'POST',
          headers: { ...authorization, ...json },
          body: JSON.stringify(buildCreateCall(spec)),
          signal,
        });
        const { status, headers } = response;
        const outcome = readCreateCallResponse(status, await response.text(), headers.get('retry-after'));
        overhear('vapi', 'bridge', String(status), { outcome: outcome.kind });
        return { status, outcome };
      } catch (error) {
        if (signal.aborted) overhear('bridge', 'vapi', 'given up');
        else overhear('vapi', 'bridge', 'no answer', { outcome: 'unreachable' });
        const words = `Vapi could not be reached (${failureWords(error)}). Check VAPI_BASE_URL and the network.`;
        return { status: null, words, neverSent: isNeverSent(error) };
      }
    },
    async end({ vapiCallId, controlUrl }, signal, overhear) {
      if (controlUrl !== undefined) {
        overhear('bridge', 'vapi', 'POST end-call');
        const giveUp = new AbortController();
        const patience = clock.setTimeout(() => giveUp.abort(), CONTROL_TIMEOUT_MS);
        const either = AbortSignal.any([signal, giveUp.signal]);
        await attempt(controlUrl, { method: 'POST', headers: json, body: writeEndCall() }, either, overhear);
        clock.clearTimeout(patience);
      }
      overhear('bridge', 'vapi', 'DELETE /call');
      const url = `${baseUrl}/call/${encodeURIComponent(vapiCallId)}`;
      const status = await attempt(url, { method: 'DELETE', headers: authorization }, signal, overhear);
      return status !== undefined && (status < 300 || status === 404);
    },
    async list(epochMs, signal) {
      try {
        const url = baseUrl + callListPath(epochMs);
        const response = await fetch(url, { method: 'GET', headers: authorization, signal });
        return readCallList(response.status, await response.text());
      } catch {
        return undefined;
      }
    },
  };
}
