import type { AudioFormat } from '../audio/agent-format.ts';
import type { Clock, RandomBytes, Socket } from '../ports.ts';
import { type CreateAnswer, type HttpAnswer, json, newCall, REFUSALS, refusal } from './vapi-answers.ts';
import { createVapiCall, type HeldVapiCall, type VapiCallSettings } from './vapi-call.ts';
import type { VapiCall, VapiCallLine, VapiDialect, VapiMind } from './vapi-line.ts';
import { type Fields, readCreateCall, readListCalls, readObject } from './vapi-requests.ts';

/** A request as it came; header names are in lower case. */
export interface HttpRequest {
  method: string;
  path: string;
  headers: Readonly<Record<string, string | undefined>>;
  body: string;
}

/** Vapi as its clients know it: calls made over HTTP, each with one WebSocket. Held in memory, moved by its clock. */
export interface VapiService {
  /** Answers an HTTP request as Vapi's API would. Never rejects. */
  request(request: HttpRequest): Promise<HttpAnswer>;
  /**
   * Whether a WebSocket for `path` would be let in: a call's own, once, or `/ws` with the key. For a server that must
   * answer the handshake before it has the socket; a no counts as a handshake refused.
   */
  admits(path: string, headers: HttpRequest['headers']): boolean;
  /** A WebSocket has come for `path`. False, and nothing done with it, where Vapi would refuse the handshake. */
  accept(path: string, headers: HttpRequest['headers'], socket: Socket): boolean;
  /** The calls in the order in which they were created. */
  readonly calls: readonly VapiCall[];
  /** Calls created and not ended. */
  live(): number;
}

/** How one `POST /call` is dealt with. */
export interface CreateScript {
  as?: CreateAnswer;
  /** Until it is acted upon. */
  delayMs?: number;
  /** From then until it is answered. */
  answerDelayMs?: number;
}

/** What goes otherwise than it should, or takes its time. */
export interface VapiScript extends Partial<Omit<VapiCallSettings, 'clock' | 'mind'>> {
  /** How the `n`-th `POST /call`, from 0, is answered, and after how long. `created` where it returns nothing. */
  answer?: (n: number) => CreateScript | undefined;
  /** How long every `POST /call` takes that `answer` gives no time for. */
  createDelayMs?: number;
  /** Whether the handshake of the `n`-th WebSocket that has the right to come, from 0, is refused. */
  refusesSocket?: (n: number) => boolean;
  /** The format of calls in the `direct` dialect, whose client cannot ask for one. */
  directFormat?: AudioFormat;
  concurrencyLimit?: number;
  /** Of calls that have ended, how many are kept in `calls`. */
  keepEndedCalls?: number;
}

export interface VapiServiceOptions {
  clock: Clock;
  randomBytes: RandomBytes;
  /** The private key that requests and `direct` sockets must bear. */
  apiKey: string;
  /** Where the service is reached, without a slash at the end; asked for when a call's addresses are made. */
  origin: () => { http: string; ws: string };
  /** Who answers each call. */
  mind: (line: VapiCallLine) => VapiMind;
  script?: VapiScript;
}

/** Makes a Vapi with no calls. What it says and when follows Vapi's documentation and recordings of live calls. */
export function createVapiService(options: VapiServiceOptions): VapiService {
  const { clock, apiKey, origin, script = {} } = options;
  const { createDelayMs = 0, concurrencyLimit = 10, keepEndedCalls = Number.POSITIVE_INFINITY } = script;
  const settings: VapiCallSettings = {
    clock,
    mind: options.mind,
    ending: script.ending ?? 'said',
    statusDelayMs: script.statusDelayMs ?? 140,
    joinTimeoutMs: script.joinTimeoutMs ?? 20_000,
    silenceTimeoutMs: script.silenceTimeoutMs ?? 30_000,
    keepHeardBytes: script.keepHeardBytes ?? Number.POSITIVE_INFINITY,
    wrapMessages: script.wrapMessages ?? false,
    directAudio: script.directAudio ?? 'binary',
  };
  const calls = new Map<string, HeldVapiCall>();
  let creates = 0;
  let handshakes = 0;

  async function passed(ms: number): Promise<void> {
    if (ms > 0) await new Promise<void>((resolve) => clock.setTimeout(resolve, ms));
  }
  const live = () => [...calls.values()].filter((call) => call.state !== 'ended').length;
  const hasKey = (headers: HttpRequest['headers']) => headers.authorization === `Bearer ${apiKey}`;

  function openCall(dialect: VapiDialect, format: AudioFormat, request: Fields): HeldVapiCall {
    const ended = [...calls.values()].filter((call) => call.state === 'ended');
    for (const call of ended.slice(0, Math.max(0, ended.length - keepEndedCalls))) calls.delete(call.id);
    const call = createVapiCall(settings, { id: uuid(options.randomBytes(16)), dialect, format, request });
    calls.set(call.id, call);
    return call;
  }

  async function createCall({ headers, body }: HttpRequest): Promise<HttpAnswer> {
    const { as = 'created', delayMs = createDelayMs, answerDelayMs = 0 } = script.answer?.(creates) ?? {};
    creates += 1;
    await passed(delayMs);
    const refused = REFUSALS[hasKey(headers) ? as : 'invalid-key'];
    if (refused) return refused;
    const request = readObject(body);
    if (!request) return refusal(400, 'Bad Request', 'Unexpected token in JSON');
    const read = readCreateCall(request);
    if ('wrong' in read) return refusal(400, 'Bad Request', read.wrong);
    const call = openCall('transport', read.format, request);
    const blocked = as === 'concurrency-blocked' || live() > concurrencyLimit;
    if (blocked) call.end('call.start.error-subscription-concurrency-limit-reached');
    const answer = json(201, {
      ...newCall(call, origin(), call.createdAt, as === 'created-without-url'),
      subscriptionLimits: {
        concurrencyBlocked: blocked,
        concurrencyLimit,
        remainingConcurrentCalls: Math.max(0, concurrencyLimit - live()),
      },
    });
    await passed(answerDelayMs);
    return answer;
  }

  function seen(call: HeldVapiCall) {
    return {
      id: call.id,
      name: call.request.name,
      type: 'vapi.websocketCall',
      status: call.state,
      createdAt: new Date(call.createdAt).toISOString(),
      ...(call.endedReason === null ? {} : { endedReason: call.endedReason }),
    };
  }

  function listCalls({ path, headers }: HttpRequest): HttpAnswer {
    if (!hasKey(headers)) return REFUSALS['invalid-key'] as HttpAnswer;
    const read = readListCalls(new URLSearchParams(path.split('?')[1]));
    if ('wrong' in read) return refusal(400, 'Bad Request', read.wrong);
    const listed = [...calls.values()].filter(({ createdAt }) => createdAt >= read.since);
    return json(200, listed.reverse().slice(0, read.limit).map(seen));
  }

  function aboutCall({ method, headers }: HttpRequest, id: string): HttpAnswer {
    if (!hasKey(headers)) return REFUSALS['invalid-key'] as HttpAnswer;
    const call = calls.get(id);
    if (!call) return refusal(404, 'Not Found', 'Call not found');
    if (method === 'DELETE') call.end('manually-canceled');
    return json(200, seen(call));
  }

  // Live call control asks for no key: the address is the secret.
  function control({ body }: HttpRequest, id: string): HttpAnswer {
    const call = calls.get(id);
    if (!call || call.state === 'ended') return refusal(404, 'Not Found', 'Call not found');
    const message = readObject(body);
    if (!message || !call.tell(message)) return refusal(400, 'Bad Request', 'Invalid message');
    return json(200, {});
  }

  function refusesNext(): boolean {
    const refuses = script.refusesSocket?.(handshakes) ?? false;
    if (refuses) handshakes += 1;
    return refuses;
  }

  function admitted(path: string, headers: HttpRequest['headers']): 'direct' | HeldVapiCall | undefined {
    const [id = '', ...rest] = segments(path);
    if (id === 'ws' && rest.length === 0) return hasKey(headers) ? 'direct' : undefined;
    if (rest.join('/') !== 'transport') return undefined;
    const call = calls.get(id);
    return call?.state === 'queued' ? call : undefined;
  }

  return {
    async request(request) {
      const { method } = request;
      const [first = '', second, ...rest] = segments(request.path);
      if (rest.length === 0 && first === 'call') {
        if (second === undefined && method === 'POST') return createCall(request);
        if (second === undefined && method === 'GET') return listCalls(request);
        if (second !== undefined && (method === 'GET' || method === 'DELETE'))
          return aboutCall(request, second);
      }
      if (rest.length === 0 && second === 'control' && method === 'POST') return control(request, first);
      return refusal(404, 'Not Found', `Cannot ${method} ${request.path}`);
    },
    admits: (path, headers) => admitted(path, headers) !== undefined && !refusesNext(),
    accept(path, headers, socket) {
      const whose = admitted(path, headers);
      if (whose === undefined || refusesNext()) return false;
      handshakes += 1;
      const call = whose === 'direct' ? openCall('direct', script.directFormat ?? 'pcm_s16le', {}) : whose;
      call.join(socket);
      return true;
    },
    get calls() {
      return [...calls.values()];
    },
    live,
  };
}

function segments(path: string): string[] {
  return (path.split('?')[0] ?? '').split('/').filter((segment) => segment !== '');
}

function uuid(random: Buffer): string {
  const bytes = Buffer.from(random);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x40, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
