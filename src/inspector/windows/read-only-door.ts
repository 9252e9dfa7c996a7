import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocket, WebSocketServer } from 'ws';

/** Whoever looks through a window. */
export interface Viewer {
  /** Sends one message; a viewer that does not read is cut off. */
  send(message: string): void;
  /** Sends it away at once. */
  cut(): void;
}

export interface DoorOptions {
  /** 0 takes a free one. */
  port: number;
  /** The sites whose pages may look, such as `https://stately.ai`. What is no page of a site always may. */
  sites: readonly string[];
  /** What a browser is shown at `/`; without it there is nothing to see. */
  page?: Page;
  came(viewer: Viewer): void;
  /** What a viewer says. */
  said(viewer: Viewer, message: string): void;
  left(viewer: Viewer): void;
  refused(what: string): void;
}

export interface Page {
  html: string;
  /** Its Content-Security-Policy. */
  policy: string;
}

export interface Door {
  readonly port: number;
  close(): Promise<void>;
}

/** A tool has a handful of tabs open, and says little. */
const MOST_VIEWERS = 20;
const LIMITS = { maxPayload: 16 * 1024, maxFragments: 4, perMessageDeflate: false };

/** The most, bytes, that may wait for a viewer: the full picture of a thousand calls. */
const MOST_WAITING_BYTES = 64 * 1024 * 1024;

const HERE = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/i;

/**
 * Opens a door on the loopback interface that lets look and lets nothing in: an HTTP server with one page at most,
 * and WebSockets that are only written to. Rejects where the port cannot be had.
 */
export async function openReadOnlyDoor(options: DoorOptions): Promise<Door> {
  const { page, sites, refused } = options;
  const sockets = new WebSocketServer({ noServer: true, ...LIMITS });
  const http = createServer((request, response) => {
    const shown = request.url === '/' && isFromHere(request) ? page : undefined;
    if (!shown) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, {
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Security-Policy': shown.policy,
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
    });
    response.end(shown.html);
  });

  /** Why a socket is not let in, or nothing. A browser says whose page opens it; other programs say nothing. */
  function faultOf(request: IncomingMessage): string | undefined {
    const { origin } = request.headers;
    if (!isFromHere(request)) return 'a viewer from another machine';
    if (origin !== undefined && !sites.includes(origin) && !isSiteOfThisMachine(origin)) {
      return 'a viewer on a page of another site';
    }
    return sockets.clients.size >= MOST_VIEWERS ? `more than ${MOST_VIEWERS} viewers` : undefined;
  }

  http.on('upgrade', (request: IncomingMessage, line: Duplex, head: Buffer) => {
    line.on('error', () => line.destroy());
    const fault = faultOf(request);
    if (fault === undefined) {
      sockets.handleUpgrade(request, line, head, welcome);
      return;
    }
    refused(fault);
    line.once('finish', () => line.destroy());
    line.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
  });

  function welcome(ws: WebSocket): void {
    const viewer: Viewer = {
      send(message) {
        if (ws.readyState !== WebSocket.OPEN) return;
        ws.send(message);
        if (ws.bufferedAmount <= MOST_WAITING_BYTES) return;
        refused('a viewer that does not read');
        ws.terminate();
      },
      cut: () => ws.terminate(),
    };
    // Every error is followed by 'close'.
    ws.on('error', () => {});
    ws.once('close', () => options.left(viewer));
    ws.on('message', (data) => options.said(viewer, String(data)));
    options.came(viewer);
  }

  await new Promise<void>((resolve, reject) => {
    http.once('error', reject);
    http.listen(options.port, '127.0.0.1', resolve);
  });

  return {
    port: (http.address() as AddressInfo).port,
    close() {
      for (const ws of sockets.clients) ws.terminate();
      return new Promise((resolve) => {
        http.close(() => resolve());
        http.closeAllConnections();
      });
    },
  };
}

/** A tunnel runs on this machine too, and a page elsewhere can give its own name this machine's address. */
function isFromHere({ headers }: IncomingMessage): boolean {
  const forwarded = Object.keys(headers).some(
    (name) => name === 'forwarded' || name.startsWith('x-forwarded-'),
  );
  return !forwarded && HERE.test(headers.host ?? '');
}

function isSiteOfThisMachine(origin: string): boolean {
  return URL.canParse(origin) && HERE.test(new URL(origin).host);
}
