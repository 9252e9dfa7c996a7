import { HttpFetchError } from '../../src/http-fetch.ts';
import type { Clock, Fetch, OpenSocket } from '../../src/ports.ts';
import { isWebSocketAddress } from '../../src/web-sockets.ts';
import { createMemoryLink, type MemoryEnd, type MemoryRole, type MemorySocket } from './memory-link.ts';

export type { MemoryLine, MemorySocket } from './memory-link.ts';

/** Header names are in lower case, as a Node server gives them. */
export type MemoryHeaders = Record<string, string>;

/**
 * What a server says to a WebSocket that would open: true (101), false (404), another HTTP status, or nothing, so
 * that the handshake times out.
 */
export type MemoryAnswer = boolean | number | 'silence';

/** Meets a WebSocket at the door. `path` holds the query; `socket` is the server's end: what it sends is heard after `opened`, or never if refused. */
export type MemorySocketHandler = (
  path: string,
  headers: MemoryHeaders,
  socket: MemorySocket,
) => MemoryAnswer;

export interface MemoryRequest {
  method: string;
  /** With the query. */
  path: string;
  headers: MemoryHeaders;
  /** Empty without a body. */
  body: string;
}

export interface MemoryResponse {
  status: number;
  headers?: Record<string, string>;
  body?: string;
}

export type MemoryHttpHandler = (request: MemoryRequest) => Promise<MemoryResponse> | MemoryResponse;

export interface MemoryNetwork {
  /** Two ends joined and open. The first counts as the opener: it hears `opened` as soon as it listens. */
  pair(): [MemorySocket, MemorySocket];
  /** `opened`, or a refusal, is heard in a microtask after the call (with latency: after two journeys of it). */
  openSocket: OpenSocket;
  /** Answers from `serveHttp`; an origin that nobody serves rejects as a refused connection does. */
  fetch: Fetch;
  /** Meets every WebSocket to `origin` (`ws://agent`); a second handler replaces the first. */
  serve(origin: string, handler: MemorySocketHandler): void;
  /** Answers every request to `origin` (`https://api`); a second handler replaces the first. */
  serveHttp(origin: string, handler: MemoryHttpHandler): void;
  /** Socket ends in use: both ends of every link count until each has ended. */
  readonly openSockets: number;
}

/** A network held in memory, on the given clock. Without latency what is sent is heard before `send…` returns. */
export function createMemoryNetwork(options: { clock: Clock; latencyMs?: number }): MemoryNetwork {
  const { clock, latencyMs = 0 } = options;
  const socketHandlers = new Map<string, MemorySocketHandler>();
  const httpHandlers = new Map<string, MemoryHttpHandler>();
  let openSockets = 0;

  function createLink(departed: (role: MemoryRole) => void = () => {}): [MemoryEnd, MemoryEnd] {
    openSockets += 2;
    return createMemoryLink({
      clock,
      latencyMs,
      departed(role) {
        openSockets -= 1;
        departed(role);
      },
    });
  }

  function afterJourney(fn: () => void) {
    if (latencyMs === 0) queueMicrotask(fn);
    else clock.setTimeout(fn, latencyMs);
  }

  const openSocket: OpenSocket = (url, { headers = {}, handshakeTimeoutMs }) => {
    const [client, server] = createLink((role) => {
      if (role === 'opener') clock.clearTimeout(timeout);
    });
    const timeout = clock.setTimeout(
      () => refuse(`handshake timed out after ${handshakeTimeoutMs} ms`),
      handshakeTimeoutMs,
    );

    function refuse(words: string) {
      server.vanish();
      client.end(1006, words);
    }

    function meet() {
      if (client.ended) return refuse('');
      if (!isWebSocketAddress(url)) return refuse('not a WebSocket address');
      const { origin, path } = parts(url);
      const handler = socketHandlers.get(origin);
      if (!handler) return afterJourney(() => refuse('connection refused'));
      server.open();
      const answer = handler(path, inLowerCase(headers), server);
      if (answer === 'silence') return;
      const status = answer === true ? 101 : answer === false ? 404 : answer;
      if (status !== 101) return afterJourney(() => refuse(`refused with HTTP ${status}`));
      if (latencyMs === 0) welcome();
      else clock.setTimeout(welcome, latencyMs);
    }

    function welcome() {
      clock.clearTimeout(timeout);
      client.open();
    }

    afterJourney(meet);
    return client;
  };

  const fetch: Fetch = (url, { method, headers, body = '', signal }) =>
    new Promise((resolve, reject) => {
      const abort = () => reject(signal.reason);
      if (signal.aborted) return abort();
      signal.addEventListener('abort', abort, { once: true });
      const settle = (fn: () => void) =>
        afterJourney(() => {
          signal.removeEventListener('abort', abort);
          fn();
        });

      afterJourney(() => {
        if (!URL.canParse(url)) return settle(() => reject(new HttpFetchError('connection failed')));
        const { origin, path } = parts(url);
        const handler = httpHandlers.get(origin);
        if (!handler) return settle(() => reject(new HttpFetchError('connection refused', 'ECONNREFUSED')));
        const request = { method, path, headers: inLowerCase(headers), body };
        Promise.resolve()
          .then(() => handler(request))
          .then(
            (response) => settle(() => resolve(readable(response))),
            (error) => settle(() => reject(error)),
          );
      });
    });

  return {
    pair() {
      const [opener, accepter] = createLink();
      accepter.open();
      opener.open();
      return [opener, accepter];
    },
    openSocket,
    fetch,
    serve(origin, handler) {
      socketHandlers.set(parts(origin).origin, handler);
    },
    serveHttp(origin, handler) {
      httpHandlers.set(parts(origin).origin, handler);
    },
    get openSockets() {
      return openSockets;
    },
  };
}

function parts(url: string): { origin: string; path: string } {
  const { protocol, host, pathname, search } = new URL(url);
  return { origin: `${protocol}//${host}`, path: pathname + search };
}

function inLowerCase(headers: Record<string, string>): MemoryHeaders {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

function readable({ status, headers = {}, body = '' }: MemoryResponse) {
  const named = inLowerCase(headers);
  return {
    status,
    headers: { get: (name: string) => named[name.toLowerCase()] ?? null },
    text: () => Promise.resolve(body),
  };
}
