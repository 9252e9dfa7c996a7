import type { Socket } from 'node:net';
import type { Clock } from '../ports.ts';
import type { WorkerName } from './cluster-port.ts';
import type { FromWorker, Send, ToWorker } from './mail.ts';
import { createSwitchboard } from './switchboard.ts';

/** A worker that dies is followed by another after this long, in ms; twice as long after each further death. */
const FIRST_PAUSE_MS = 250;
/** So many deaths within so many ms: whatever they die of, the next would, too. */
const MOST_DEATHS = 5;
const DEATHS_WITHIN_MS = 60_000;

/** What is heard of a worker's process. */
export interface WorkerProcessEar {
  said(message: FromWorker, line?: Socket): void;
  /** Its code, or the signal that killed it. */
  ended(code: number | null, signal: string | null): void;
}

/** Starts the process of a worker. */
export type StartWorker = (ear: WorkerProcessEar) => {
  name: WorkerName;
  pid: number | undefined;
  send: Send<ToWorker>;
};

export interface OverseerOptions {
  clock: Pick<Clock, 'now' | 'setTimeout'>;
  log: Record<'info' | 'warn' | 'error', (fields: Record<string, unknown>, line: string) => void>;
  workers: number;
  /** Of all workers together. */
  maxCalls: number;
  /** Base64. */
  ticketKey: string;
  startWorker: StartWorker;
  exit(code: number): void;
}

/** Keeps the workers. */
export interface Overseer {
  /** Starts the first; the others follow once it listens. */
  begin(): void;
  /** Asks all workers to stop, as a signal would one process; with each time they are quicker. */
  stop(): void;
}

/** Makes the overseer: it starts workers, replaces those that die, and ends when all have. It has no calls itself. */
export function createOverseer(options: OverseerOptions): Overseer {
  const { clock, log, workers } = options;
  const switchboard = createSwitchboard(clock);
  const running = new Set<WorkerName>();
  /** Those that hear. */
  const joined = new Map<WorkerName, Send<ToWorker>>();
  let deaths: number[] = [];
  let listened = false;
  let stopping = false;
  let exitCode = 0;

  /** Fills a place among the workers, which has its share of the calls. */
  function fill(share: number): void {
    if (stopping) return;
    let holdsPlace = true;
    /** Another is to take the place; told once. */
    function vacate(why: string): void {
      if (holdsPlace && !stopping) replace(share, why);
      holdsPlace = false;
    }
    const { name, pid, send } = options.startWorker({
      said(message, line) {
        if (message.type === 'joins') welcome();
        else if (message.type === 'leaving') vacate(`Worker ${name} takes no more calls`);
        else if (message.type === 'listening') {
          // Not before: what others say to it would not be heard.
          switchboard.join(name, { send, maxCalls: share });
          nowListens(name, pid);
        }
        switchboard.hear(name, message, line);
      },
      ended(code, signal) {
        running.delete(name);
        joined.delete(name);
        switchboard.leave(name);
        if (!listened) {
          leave(code ?? 1);
          return;
        }
        if (stopping) exitCode = Math.max(exitCode, code ?? 1);
        else vacate(`Worker ${name} died (${signal ?? `code ${code}`})`);
        if (stopping && running.size === 0) leave(exitCode);
      },
    });
    running.add(name);
    function welcome(): void {
      joined.set(name, send);
      send({ type: 'begin', ticketKey: options.ticketKey, maxCalls: share });
      if (stopping) send({ type: 'stop' });
    }
  }

  /** Of `maxCalls` the one that comes as number `place` has so many. */
  const shareOf = (place: number) =>
    Math.floor(options.maxCalls / workers) + (place < options.maxCalls % workers ? 1 : 0);

  function nowListens(name: WorkerName, pid: number | undefined): void {
    log.info({}, `[Workers] Worker ${name} takes calls (process ${pid})`);
    if (listened) return;
    listened = true;
    for (let place = 1; place < workers; place += 1) fill(shareOf(place));
  }

  function replace(share: number, why: string): void {
    switchboard.lost();
    const now = clock.now();
    deaths = [...deaths.filter((at) => at > now - DEATHS_WITHIN_MS), now];
    if (deaths.length >= MOST_DEATHS) {
      log.error(
        {},
        `[Workers] ${why}, the ${deaths.length}th within a minute. No other is started; all stop`,
      );
      exitCode = 1;
      stop();
      return;
    }
    const pauseMs = FIRST_PAUSE_MS * 2 ** (deaths.length - 1);
    log.warn({}, `[Workers] ${why}. Another is started in ${pauseMs} ms`);
    clock.setTimeout(() => fill(share), pauseMs);
  }

  function leave(code: number): void {
    if (stopping) log.info({}, '[Workers] All have stopped');
    options.exit(code);
  }

  function stop(): void {
    stopping = true;
    for (const send of joined.values()) send({ type: 'stop' });
    if (running.size === 0) leave(exitCode);
  }

  return { begin: () => fill(shareOf(0)), stop };
}
