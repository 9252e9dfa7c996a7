import { type ClientOptions, type RawData, WebSocket } from 'ws';
import { failureCode, failureWords } from './failure-words.ts';
import type { OpenSocket, Socket, SocketEar } from './ports.ts';
import { USER_AGENT } from './user-agent.ts';

/** The largest message, bytes, that we take from a server; a larger one ends the socket: 1006 here, 1009 there. */
const MAX_PAYLOAD_BYTES = 1024 * 1024;

/** The most fragments that one message from a server may come in; more end the socket: 1006 here, 1008 there. */
const MAX_FRAGMENTS = 64;

/**
 * The most pieces, as the network brings them, that one message from a server may wait in. The largest message comes in
 * some 750 where each segment is read alone; more end the socket as too many fragments do.
 */
const MAX_BUFFERED_CHUNKS = 2_048;

/** What a ping of ours carries: its number. */
const PING_BYTES = 4;

/** How long, ms, the far end may take to answer our close before the line is cut. */
export const CLOSE_TIMEOUT_MS = 2_000;

/** The longest close reason, bytes: a control frame holds 125, the code takes two (RFC 6455 5.5). */
const MAX_REASON_BYTES = 123;

/** Opens a real WebSocket. See `OpenSocket`. */
export const openWebSocket: OpenSocket = (url, { headers, handshakeTimeoutMs }) => {
  if (!isWebSocketAddress(url)) return neverOpened('not a WebSocket address');
  try {
    const options: ClientOptions & { closeTimeout: number } = {
      headers: { 'User-Agent': USER_AGENT, ...headers },
      followRedirects: false,
      perMessageDeflate: false,
      maxPayload: MAX_PAYLOAD_BYTES,
      maxFragments: MAX_FRAGMENTS,
      maxBufferedChunks: MAX_BUFFERED_CHUNKS,
      closeTimeout: CLOSE_TIMEOUT_MS,
      handshakeTimeout: handshakeTimeoutMs,
    };
    return adapt(new WebSocket(url, options), handshakeTimeoutMs);
  } catch (error) {
    // A header or a path with characters that HTTP forbids.
    return neverOpened(`cannot be asked for (${failureCode(error) ?? 'unknown'})`);
  }
};

/** A `Socket` from one that a `WebSocketServer` accepted. Call it in the turn in which the server hands `ws` over. */
export function acceptedSocket(ws: WebSocket): Socket {
  return adapt(ws);
}

/** True of `ws://` and `wss://` addresses that can be dialled; `ws` itself would also take files and `http://`. */
export function isWebSocketAddress(url: string): boolean {
  return /^wss?:\/\//i.test(url) && !url.includes('#') && URL.canParse(url);
}

/** What a close frame may carry: a code that may not be sent becomes 1000, words are cut to what fits. */
export function sendableClose(code: number, words: string): [code: number, words: string] {
  const reserved = code === 1004 || code === 1005 || code === 1006;
  const sendable = (code >= 1000 && code <= 1014 && !reserved) || (code >= 3000 && code <= 4999);
  let fitting = words;
  while (Buffer.byteLength(fitting) > MAX_REASON_BYTES) fitting = [...fitting].slice(0, -1).join('');
  return [sendable ? code : 1000, fitting];
}

function adapt(ws: WebSocket, handshakeTimeoutMs = 0): Socket {
  const ear = createWaitingEar();
  let why = '';
  let paused = false;
  let cut = false;

  ws.on('open', () => {
    if (paused) ws.pause();
    ear.hear((on) => on.opened?.());
  });
  ws.on('message', (data, isBinary) => {
    if (cut) return;
    const bytes = toBuffer(data);
    ear.hear((on) => (isBinary ? on.binary(bytes) : on.text(bytes.toString('utf8'))));
  });
  ws.on('pong', (data) =>
    ear.hear((on) => on.ponged(data.length === PING_BYTES ? data.readUInt32BE() : Number.NaN)),
  );
  ws.on('unexpected-response', (_request, response) => {
    why ||= `refused with HTTP ${response.statusCode}`;
    ws.terminate();
  });
  // Every error is followed by 'close', so here it only leaves its words.
  ws.on('error', (error) => {
    why ||= errorWords(error, handshakeTimeoutMs);
  });
  ws.once('close', (code, reason) => {
    const words =
      why || reason.toString('utf8') || (code === 1006 ? (cut ? 'terminated' : 'connection lost') : '');
    ear.hear((on) => on.closed(code, words));
  });

  const isOpen = () => ws.readyState === WebSocket.OPEN;
  const isOpening = () => ws.readyState === WebSocket.CONNECTING;

  return {
    listen: ear.listen,
    sendText(text) {
      if (isOpen()) ws.send(text);
    },
    sendBinary(bytes) {
      if (isOpen()) ws.send(bytes);
    },
    ping(number = 0) {
      if (!isOpen()) return;
      const carried = Buffer.allocUnsafe(PING_BYTES);
      carried.writeUInt32BE(number);
      ws.ping(carried);
    },
    close(code, words) {
      if (isOpening()) why ||= 'closed before it opened';
      // The far end's answer can only be heard by reading on.
      if (isOpen()) ws.resume();
      ws.close(...sendableClose(code, words));
    },
    terminate() {
      if (isOpening()) why ||= 'closed before it opened';
      // `ws` would still hand over what a paused socket has read.
      cut = true;
      ws.terminate();
    },
    pause() {
      paused = true;
      if (isOpen()) ws.pause();
    },
    resume() {
      paused = false;
      if (isOpen()) ws.resume();
    },
    get unsentBytes() {
      return ws.bufferedAmount;
    },
  };
}

/** Keeps what is heard until there is an ear for it, and then tells it in order, in a microtask of its own. */
function createWaitingEar() {
  const waiting: Array<(on: SocketEar) => void> = [];
  let listener: SocketEar | undefined;

  return {
    listen(on: SocketEar) {
      listener = on;
      queueMicrotask(() => {
        for (let tell = waiting.shift(); tell; tell = waiting.shift()) tell(on);
      });
    },
    hear(tell: (on: SocketEar) => void) {
      if (listener && waiting.length === 0) tell(listener);
      else waiting.push(tell);
    },
  };
}

function neverOpened(words: string): Socket {
  const ear = createWaitingEar();
  ear.hear((on) => on.closed(1006, words));
  const nothing = () => {};
  return {
    listen: ear.listen,
    sendText: nothing,
    sendBinary: nothing,
    ping: nothing,
    close: nothing,
    terminate: nothing,
    pause: nothing,
    resume: nothing,
    unsentBytes: 0,
  };
}

function toBuffer(data: RawData): Buffer {
  if (Buffer.isBuffer(data)) return data;
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
}

function errorWords(error: Error, handshakeTimeoutMs: number): string {
  if (error.message === 'Opening handshake has timed out')
    return `handshake timed out after ${handshakeTimeoutMs} ms`;
  const code = failureCode(error);
  // Only `ws` itself makes errors without a code or with a WS_ code; its words never hold the address.
  return code === undefined || code.startsWith('WS_') ? error.message : failureWords(error);
}
