import type { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Request, RequestHandler, Response } from 'express';
import type { Calls } from '../call/calls.ts';
import { type ClusterPort, type WorkerName, whoHas } from '../cluster/cluster-port.ts';
import type { BackDoor } from './back-door.ts';

/** Brings what is about a call to the worker that has it. */
export interface Owners {
  /** For routes of Twilio's webhooks, whose form has been read and whose signature is right. */
  ofTwilio: RequestHandler;
  /** For routes below `/calls/:id`. */
  ofCall: RequestHandler;
  /** Hands a media socket on, before its handshake is answered; `null`: one without a ticket. `false`: to nobody. */
  take(callSid: string | null, request: IncomingMessage, line: Duplex, head: Buffer): Promise<boolean>;
}

export interface OwnersOptions {
  cluster: ClusterPort;
  calls: Pick<Calls, 'get' | 'find'>;
  backDoor: BackDoor;
}

/** As much as a route would read. */
const MOST_BODY_BYTES = 64 * 1024;

/**
 * Makes the way to other workers. Whoever may not come in has been turned away before; the owner looks once more. If
 * nobody has the call, or its owner does not answer, the request stays here: a caller is better served than right.
 */
export function createOwners({ cluster, calls, backDoor }: OwnersOptions): Owners {
  const isHere = (id: string) => calls.get(id) !== undefined || calls.find(id) !== undefined;
  cluster.answer('has', isHere);
  cluster.answer('request', backDoor.ask);
  cluster.listen({ handed: backDoor.take });

  async function passOn(request: Request, response: Response, owner: WorkerName): Promise<boolean> {
    // What breaks off has nobody left to answer.
    const body = await bodyOf(request).catch(() => undefined);
    if (!body) {
      response.status(413).end();
      return true;
    }
    const answer = await cluster.ask(owner, 'request', {
      method: request.method,
      url: request.originalUrl,
      headers: request.rawHeaders,
      body: body.toString('base64'),
      from: request.socket.remoteAddress ?? '',
    });
    if (!answer) return false;
    response.status(answer.status);
    for (const [name, value] of answer.headers)
      response.setHeader(name, typeof value === 'string' ? value : [...value]);
    response.end(Buffer.from(answer.body, 'base64'));
    return true;
  }

  /** `find` says who has the call, if it is not this worker. */
  function route(
    idOf: (request: Request) => unknown,
    find: (id: string) => Promise<WorkerName | undefined>,
  ): RequestHandler {
    return async (request, response, next) => {
      const id = idOf(request);
      if (backDoor.cameThrough(request) || typeof id !== 'string' || isHere(id)) return next();
      const owner = await find(id);
      if (owner === undefined || !(await passOn(request, response, owner))) next();
    };
  }

  return {
    ofTwilio: route(({ body }) => body?.CallSid, cluster.place),
    ofCall: route(
      ({ params }) => params.id,
      (id) => whoHas(cluster, id),
    ),
    async take(callSid, request, line, head) {
      if (backDoor.cameThrough(request) || !(line instanceof Socket)) return false;
      const owner = await cluster.place(callSid);
      if (owner === undefined) return false;
      cluster.hand(owner, line, Buffer.concat([headOf(request), head]));
      return true;
    },
  };
}

/** The request as it came, up to its empty line. */
function headOf({ method, url, rawHeaders }: IncomingMessage): Buffer {
  const headers = rawHeaders.map((text, at) => (at % 2 === 0 ? `${text}: ` : `${text}\r\n`)).join('');
  return Buffer.from(`${method} ${url} HTTP/1.1\r\n${headers}\r\n`, 'latin1');
}

/** A form that was read, written again; else what is there to be read. Nothing if it is too much. */
async function bodyOf(request: Request): Promise<Buffer | undefined> {
  if (request.body !== undefined) return Buffer.from(formOf(request.body));
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes > MOST_BODY_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function formOf(body: Readonly<Record<string, string | string[]>>): string {
  const fields = Object.entries(body).flatMap(([name, value]) =>
    (typeof value === 'string' ? [value] : value).map((one) => [name, one] as [string, string]),
  );
  return new URLSearchParams(fields).toString();
}
