import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { createToxicPipe, type ToxicPipe } from './toxic-pipe.ts';
import type { Toxic } from './toxics.ts';

export type { Toxic } from './toxics.ts';

/** From the client to the server, from the server to the client, or both. */
export type Way = 'up' | 'down' | 'both';

/** One connection through the proxy. What is done to it is done to no other. */
export interface ToxicLine {
  /** What the client said first, such as `GET /media HTTP/1.1` and its headers: tells whose line it is. */
  readonly opening: string;
  /** Makes the line bad from now on, both ways unless told. Returns how to take that off again. */
  poison(toxic: Toxic, way?: Way): () => void;
  /** Takes off everything at once; what was held up goes on. */
  cure(): void;
  /** Breaks it: each end gets an RST. */
  reset(): void;
  /** The receiving end of `way` is told that nothing more comes that way (FIN); the other way goes on. */
  halfClose(way: 'up' | 'down'): void;
  /** Bytes that were handed on, each way. */
  readonly carried: { readonly up: number; readonly down: number };
  /** Whether both ends are gone. */
  readonly closed: boolean;
}

/** A TCP proxy on 127.0.0.1 whose connections can be made bad, one by one, in the middle of what they carry. */
export interface ToxicProxy {
  readonly port: number;
  /** The connections whose client has said something, in the order in which it did, without those that are closed. */
  readonly lines: readonly ToxicLine[];
  /** Connections that are not closed. */
  readonly open: number;
  /** Stops listening and destroys what is connected. */
  close(): Promise<void>;
}

export interface ToxicProxyOptions {
  /** The server's port on 127.0.0.1; asked for with each connection. */
  to: () => number;
  /** A client has said its first words; they are handed on after this returns, so a line can be bad from its start. */
  onLine?: (line: ToxicLine) => void;
  /** From 0 to below 1, for what is left to chance. */
  random?: () => number;
}

const HOST = '127.0.0.1';

/** Opens a proxy on a free port. */
export async function openToxicProxy(options: ToxicProxyOptions): Promise<ToxicProxy> {
  const { random = Math.random } = options;
  const lines = new Set<ToxicLine>();
  const open = new Set<Socket>();

  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    const upstream = connect({ host: HOST, port: options.to(), allowHalfOpen: true, noDelay: true });
    const line = createLine(client, upstream, random, {
      opened() {
        lines.add(line);
        options.onLine?.(line);
      },
      closed() {
        lines.delete(line);
        open.delete(client);
        open.delete(upstream);
      },
    });
    open.add(client).add(upstream);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, HOST, resolve);
  });

  return {
    port: (server.address() as AddressInfo).port,
    get lines() {
      return [...lines];
    },
    get open() {
      return open.size / 2;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of open) socket.destroy();
      }),
  };
}

function createLine(
  client: Socket,
  server: Socket,
  random: () => number,
  told: { opened(): void; closed(): void },
): ToxicLine {
  let opening = '';
  let gone = 0;

  const up = createToxicPipe({
    from: client,
    to: server,
    random,
    first(bytes) {
      opening = bytes.toString('latin1');
      told.opened();
    },
  });
  const down = createToxicPipe({ from: server, to: client, random });
  for (const end of [client, server]) {
    end.on('close', () => {
      gone += 1;
      if (gone < 2) return;
      for (const pipe of [up, down]) pipe.stop();
      told.closed();
    });
  }
  const pipes = (way: Way): ToxicPipe[] => (way === 'both' ? [up, down] : [way === 'up' ? up : down]);

  return {
    get opening() {
      return opening;
    },
    poison(toxic, way = 'both') {
      const cures = pipes(way).map((pipe) => pipe.poison(toxic));
      return () => {
        for (const cure of cures) cure();
      };
    },
    cure() {
      for (const pipe of [up, down]) pipe.cure();
    },
    reset() {
      client.resetAndDestroy();
      server.resetAndDestroy();
    },
    halfClose: (way) => (way === 'up' ? up : down).finish(),
    get carried() {
      return { up: up.carried, down: down.carried };
    },
    get closed() {
      return gone === 2;
    },
  };
}
