import type { VapiCall } from './vapi-line.ts';

/** An HTTP answer. */
export interface HttpAnswer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/**
 * How Vapi answers `POST /call`:
 *
 * - `created`: 201 with the call, where the request is in order
 * - `created-without-url`: 201 with no `websocketCallUrl`
 * - `concurrency-blocked`: 201 with `subscriptionLimits.concurrencyBlocked`, for a call that never starts
 * - `bad-request`, `bad-request-list`: 400 whose message is a string, or a list of strings
 * - `invalid-key`: 401; `payment-required`: 402
 * - `blocked`: 403 in plain text, from the proxy in front of Vapi, as a client without a User-Agent gets it
 * - `rate-limited`: 429 with no Retry-After; `server-error`: 500 as JSON; `bad-gateway`: 502 as HTML
 */
export type CreateAnswer =
  | 'created'
  | 'created-without-url'
  | 'concurrency-blocked'
  | 'bad-request'
  | 'bad-request-list'
  | 'invalid-key'
  | 'payment-required'
  | 'blocked'
  | 'rate-limited'
  | 'server-error'
  | 'bad-gateway';

/** The answers that make no call, whatever was asked. */
export const REFUSALS: Partial<Record<CreateAnswer, HttpAnswer>> = {
  'bad-request': refusal(400, 'Bad Request', "Couldn't Find Assistant."),
  'bad-request-list': refusal(400, 'Bad Request', [
    'assistantOverrides.firstMessage must be a string',
    'name must be shorter than or equal to 40 characters',
  ]),
  'invalid-key': refusal(
    401,
    'Unauthorized',
    'Invalid Key. Hot tip, you may be using the private key instead of the public key, or vice versa.',
  ),
  'payment-required': refusal(402, 'Payment Required', 'Payment required'),
  blocked: {
    status: 403,
    headers: { 'content-type': 'text/plain; charset=UTF-8' },
    body: 'error code: 1010',
  },
  'rate-limited': refusal(429, 'Too Many Requests', 'Rate limit exceeded'),
  'server-error': refusal(500, 'Internal Server Error', 'Internal server error'),
  'bad-gateway': {
    status: 502,
    headers: { 'content-type': 'text/html' },
    body: '<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body><h1>502 Bad Gateway</h1></body>\r\n</html>\r\n',
  },
};

/** An error in the shape that Vapi's API gives its errors. */
export function refusal(status: number, error: string, message: string | string[]): HttpAnswer {
  return json(status, { message, error, statusCode: status });
}

/** An answer whose body is `value`. */
export function json(status: number, value: unknown): HttpAnswer {
  return {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8' },
    body: JSON.stringify(value),
  };
}

/** A call as the answer to its creation shows it. */
export function newCall(
  call: VapiCall,
  origin: { http: string; ws: string },
  epochMs: number,
  withoutUrl: boolean,
) {
  const at = new Date(epochMs).toISOString();
  return {
    id: call.id,
    assistantId: call.request.assistantId,
    orgId: 'eb166faa-7145-46ef-8044-589b47ae3b56',
    type: 'vapi.websocketCall',
    status: 'queued',
    createdAt: at,
    updatedAt: at,
    cost: 0,
    transport: {
      provider: 'vapi.websocket',
      ...(withoutUrl ? {} : { websocketCallUrl: `${origin.ws}/${call.id}/transport` }),
    },
    monitor: {
      listenUrl: `${origin.ws}/${call.id}/listen`,
      controlUrl: `${origin.http}/${call.id}/control`,
    },
  };
}
