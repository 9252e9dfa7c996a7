import cluster, { type Worker } from 'node:cluster';
import { Socket } from 'node:net';
import type { Viewers } from '../inspector/viewers.ts';
import type { Clock, RandomBytes } from '../ports.ts';
import type { ClusterPort, WorkerName } from './cluster-port.ts';
import type { FromWorker, ToWorker } from './mail.ts';
import { createMember } from './member.ts';
import { createOverseer, type OverseerOptions, type StartWorker } from './overseer.ts';
import { createSharedViewers } from './shared-viewers.ts';

const TICKET_KEY_BYTES = 32;
/** How often a worker looks how many calls it has, and whether it takes more. */
const STATE_EVERY_MS = 250;

export interface ClusterOptions {
  clock: Clock;
  randomBytes: RandomBytes;
  log: OverseerOptions['log'];
  workers: number;
  /** Of all workers together. */
  maxCalls: number;
}

/** What a worker is given, and what it says of itself. */
export interface Membership {
  name: WorkerName;
  /** Whether it is the one that all others wait for. */
  isFirst: boolean;
  ticketKey: Buffer;
  /** Its share of the calls. */
  maxCalls: number;
  port: ClusterPort;
  /** Makes viewers of this worker viewers of all; see `createSharedViewers`. */
  shareViewers(arrive: Viewers['arrive'], isHere: (callId: string) => boolean): Viewers['arrive'];
  /** The server listens: from now on it is known how many calls there are, and whether more are taken. */
  listens(state: { live(): number; ready(): boolean }): void;
  /** It takes no more calls. */
  leaves(): void;
  /** What to do when all are to stop. Signals are for the first process. */
  onStop(stop: () => void): void;
}

/**
 * The first process starts the workers and stays here until it ends; a worker, which is the same program started once
 * more, becomes a member. Node's cluster has the first process accept all connections and deal them out in turn.
 */
export function joinCluster(options: ClusterOptions): Promise<Membership> {
  if (cluster.isPrimary) return oversee(options);
  return join(options);
}

function oversee({ clock, randomBytes, log, workers, maxCalls }: ClusterOptions): Promise<never> {
  const overseer = createOverseer({
    clock,
    log,
    workers,
    maxCalls,
    ticketKey: randomBytes(TICKET_KEY_BYTES).toString('base64'),
    startWorker,
    exit: (code) => process.exit(code),
  });
  process.on('SIGTERM', overseer.stop);
  process.on('SIGINT', overseer.stop);
  overseer.begin();
  return new Promise(() => {});
}

const startWorker: StartWorker = (ear) => {
  const worker = cluster.fork();
  worker.on('message', (message: FromWorker, line: unknown) => ear.said(message, taken(line)));
  worker.on('exit', (code, signal) => ear.ended(code, signal));
  // Whatever it is, its exit follows.
  worker.on('error', () => {});
  return {
    name: String(worker.id),
    pid: worker.process.pid,
    send: (message, line) => sendBy(worker, message, line),
  };
};

async function join({ clock, log }: ClusterOptions): Promise<Membership> {
  const { worker } = cluster;
  if (!worker) throw new Error('This process is no worker.');
  // A signal from a terminal goes to all processes at once, and a second one hurries.
  process.on('SIGTERM', () => {});
  process.on('SIGINT', () => {});
  // Otherwise the first process takes all workers and their calls with it, should it die.
  worker.exitedAfterDisconnect = true;

  const name = String(worker.id);
  const send = (message: FromWorker, line?: Socket) => sendBy(worker, message, line);
  const failed = (err: unknown) => log.error({ err }, '[Bug] Another worker could not be answered');
  const member = createMember({ name, clock, send, failed });
  let stop: (() => void) | undefined;
  /** Asked to before it can. */
  let stopsAsked = 0;
  function askToStop(): void {
    if (stop) stop();
    else stopsAsked += 1;
  }
  process.on('disconnect', askToStop);
  const { ticketKey, maxCalls } = await new Promise<Extract<ToWorker, { type: 'begin' }>>((begin) => {
    process.on('message', (message: ToWorker, line: unknown) => {
      if (message.type === 'begin') begin(message);
      else if (message.type === 'stop') askToStop();
      else member.hear(message, taken(line));
    });
    send({ type: 'joins' });
  });

  return {
    name,
    isFirst: worker.id === 1,
    ticketKey: Buffer.from(ticketKey, 'base64'),
    maxCalls,
    port: member.port,
    shareViewers: (arrive, isHere) => createSharedViewers({ cluster: member.port, arrive, isHere }),
    listens({ live, ready }) {
      let told = '';
      function look(): void {
        const state = { type: 'state', live: live(), ready: ready() } as const;
        const text = JSON.stringify(state);
        if (text !== told) send(state);
        told = text;
        clock.setTimeout(look, STATE_EVERY_MS);
      }
      send({ type: 'listening' });
      look();
    },
    leaves: () => send({ type: 'leaving' }),
    onStop(how) {
      stop = how;
      for (let asked = 0; asked < stopsAsked; asked += 1) how();
    },
  };
}

/** Sends, unless the other process is gone. */
function sendBy(worker: Worker, message: FromWorker | ToWorker, line: Socket | undefined): void {
  if (!worker.isConnected()) {
    line?.destroy();
    return;
  }
  if (!line) {
    // What cannot be delivered is lost with whom it is for.
    worker.send(message, () => {});
    return;
  }
  letGo(line);
  worker.send(message, line, () => line.destroy());
}

/**
 * Keeps this process from a connection that another is to have. Node has no other way for one that was read from: until
 * the other says that it has it, this process would go on reading, and what it reads would be lost; and the server that
 * accepted it would not end before the other process has closed it.
 */
function letGo(line: Socket & { _handle?: { reading: boolean; readStop(): void } | null }): void {
  const { _handle: handle } = line;
  if (handle) handle.reading = false;
  handle?.readStop();
  Object.assign(line, { server: null });
}

/** A connection that came with a message. */
function taken(line: unknown): Socket | undefined {
  if (!(line instanceof Socket)) return undefined;
  line.on('error', () => line.destroy());
  // As those are that an HTTP server accepts: it answers who has said all.
  line.allowHalfOpen = true;
  return line;
}
