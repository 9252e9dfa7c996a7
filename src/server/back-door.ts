import { request as httpRequest, type IncomingMessage, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import type { RelayedAnswer, RelayedRequest } from '../cluster/cluster-port.ts';

/** The way in for what has reached another worker and is for this one. It leads to the same routes as the front door. */
export interface BackDoor {
  /** Answers a request as if it had come here. Rejects when it cannot be read. */
  ask(request: RelayedRequest): Promise<RelayedAnswer>;
  /** Takes a connection in; `start` is what was read of it. */
  take(line: Socket, start: Buffer): void;
  /** Whether a request came this way: it is not passed on once more. */
  cameThrough(request: IncomingMessage): boolean;
}

/** Those speak of one connection, or of a body whose form is another now. */
const OF_ONE_CONNECTION = new Set([
  'connection',
  'keep-alive',
  'transfer-encoding',
  'content-length',
  'expect',
]);

/** Makes the back door of a server. A request that is relayed comes in on a connection that is in memory. */
export function createBackDoor(server: Server): BackDoor {
  const lines = new WeakSet<Duplex>();

  return {
    ask: ({ method, url, headers, body, from }) =>
      new Promise((resolve, reject) => {
        const [near, far] = createPipe();
        lines.add(far);
        server.emit('connection', Object.assign(far, { remoteAddress: from }));
        const bytes = Buffer.from(body, 'base64');
        const kept = pairsOf(headers).filter(([name]) => !OF_ONE_CONNECTION.has(name.toLowerCase()));
        const request = httpRequest({
          createConnection: () => near,
          method,
          path: url,
          headers: [...kept.flat(), 'content-length', String(bytes.length), 'connection', 'close'],
        });
        request.on('error', reject);
        request.on('response', (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('error', reject);
          response.on('end', () =>
            resolve({
              status: response.statusCode ?? 500,
              headers: Object.entries(response.headers).flatMap(([name, value]) =>
                value === undefined || OF_ONE_CONNECTION.has(name) ? [] : [[name, value] as const],
              ),
              body: Buffer.concat(chunks).toString('base64'),
            }),
          );
        });
        request.end(bytes);
      }),
    take(line, start) {
      lines.add(line);
      line.unshift(start);
      server.emit('connection', line);
    },
    cameThrough: ({ socket }) => lines.has(socket),
  };
}

/** Names and values, as raw headers have them in turn. */
function pairsOf(headers: readonly string[]): Array<[name: string, value: string]> {
  return headers.flatMap((name, at) =>
    at % 2 === 0 ? [[name, headers[at + 1] ?? ''] as [string, string]] : [],
  );
}

/** Two ends of one connection, in memory. */
function createPipe(): [Duplex, Duplex] {
  const ends: Duplex[] = [];
  function makeEnd(other: number): Duplex {
    let saidAll = false;
    function sayAll(): void {
      if (!saidAll) ends[other]?.push(null);
      saidAll = true;
    }
    return new Duplex({
      read() {},
      write(chunk, _encoding, done) {
        ends[other]?.push(chunk);
        done();
      },
      final(done) {
        sayAll();
        done();
      },
      destroy(error, done) {
        sayAll();
        done(error);
      },
    });
  }
  const [near, far] = [makeEnd(1), makeEnd(0)];
  ends.push(near, far);
  return [near, far];
}
