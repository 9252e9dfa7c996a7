import type { Socket } from 'node:net';
import type { Note, WorkerName } from './cluster-port.ts';

/** What goes from worker to worker, by way of the first process. A connection may go with it. */
export type Letter =
  | { kind: 'ask'; id: number; question: string; asked: unknown }
  | { kind: 'answer'; id: number; answered?: unknown }
  | ({ kind: 'note' } & Note)
  /** Base64 of what was read of the connection that comes along. */
  | { kind: 'line'; start: string };

/** What a worker says to the first process. */
export type FromWorker =
  /** First: it hears now. What is said to a process before that is lost. */
  | { type: 'joins' }
  | { type: 'to'; to: WorkerName; letter: Letter }
  | { type: 'place'; id: number; callSid: string | null }
  /** Its calls, and whether it takes more; said whenever one of the two changes. */
  | { type: 'state'; live: number; ready: boolean }
  /** The server of a worker listens. */
  | { type: 'listening' }
  /** It takes no more calls and ends after those that it has. */
  | { type: 'leaving' };

/** What the first process says to a worker. */
export type ToWorker =
  | { type: 'from'; from: WorkerName; letter: Letter }
  | { type: 'placed'; id: number; worker: WorkerName }
  /** The answer to `joins`: the key of tickets as base64, and the calls that this worker may have. */
  | { type: 'begin'; ticketKey: string; maxCalls: number }
  /** Said whenever it changes. */
  | { type: 'house'; live: number; ready: boolean; deaths: number; workers: readonly WorkerName[] }
  /** What a signal says to a process that is alone. */
  | { type: 'stop' };

/** Sends to the process at the other end; a connection that goes along is gone from here. */
export type Send<Message> = (message: Message, line?: Socket) => void;
