import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { Watch } from '../inspector/watch.ts';
import { acceptedSocket, CLOSE_TIMEOUT_MS } from '../web-sockets.ts';
import { type AdminGate, isFromAnotherSite } from './access.ts';
import { refuseUpgrade } from './refuse-upgrade.ts';

export interface InspectorDoorOptions {
  mayLook: AdminGate;
  publicUrl: string | undefined;
  /** A viewer has come. */
  arrive: Watch['arrive'];
  refused(what: string): void;
}

/** The door for viewers. */
export interface InspectorDoor {
  upgrade(request: IncomingMessage, line: Duplex, head: Buffer): void;
  /** Cuts every socket that still is open. */
  close(): void;
}

/** A hundred ids and what is around them. */
const LIMITS = {
  maxPayload: 16 * 1024,
  maxFragments: 4,
  maxBufferedChunks: 256,
  perMessageDeflate: false,
  closeTimeout: CLOSE_TIMEOUT_MS,
};

/** Whether a request is for the feed. */
export function isForFeed({ url = '' }: IncomingMessage): boolean {
  return url.split('?', 1)[0] === '/inspector/feed';
}

/** The door for `WS /inspector/feed`: decides before the handshake is answered. */
export function createInspectorDoor(options: InspectorDoorOptions): InspectorDoor {
  const { mayLook, publicUrl, refused } = options;
  const sockets = new WebSocketServer({ noServer: true, ...LIMITS });

  return {
    upgrade(request, line, head) {
      line.on('error', () => line.destroy());
      const admitted = mayLook(request);
      if (!admitted.in) {
        refused('a viewer of the feed without the token');
        refuseUpgrade(line, admitted.waitMs > 0 ? 429 : 401);
        return;
      }
      if (isFromAnotherSite(request, publicUrl)) {
        refused('a viewer of the feed from a page of another site');
        refuseUpgrade(line, 403);
        return;
      }
      sockets.handleUpgrade(request, line, head, (ws) => {
        const socket = acceptedSocket(ws);
        const viewer = options.arrive({
          send: socket.sendText,
          unsentBytes: () => socket.unsentBytes,
          ping: socket.ping,
          close: socket.close,
        });
        socket.listen({
          text: viewer.heard,
          binary: () => socket.close(1003, 'this feed is text'),
          ponged: viewer.ponged,
          closed: viewer.gone,
        });
      });
    },
    close() {
      for (const ws of sockets.clients) ws.terminate();
    },
  };
}
