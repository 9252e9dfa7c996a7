import type { Socket } from 'node:net';
import type { Clock } from '../ports.ts';
import type { WorkerName } from './cluster-port.ts';
import type { FromWorker, Send, ToWorker } from './mail.ts';

/** Within so many ms a call that was given a place is told of by the worker that has it. */
const OPENED_WITHIN_MS = 500;
/** CallSids whose worker is remembered, so that Twilio may ask twice. */
const KEPT_PLACES = 10_000;

interface Worker {
  send: Send<ToWorker>;
  maxCalls: number;
  live: number;
  ready: boolean;
  /** When calls were given a place here that may not be among the living yet. */
  placedAt: number[];
}

/** Connects workers with each other, and says which of them is to have a new call. */
export interface Switchboard {
  join(name: WorkerName, worker: { send: Send<ToWorker>; maxCalls: number }): void;
  leave(name: WorkerName): void;
  /** A worker is lost, as all are told. */
  lost(): void;
  hear(name: WorkerName, message: FromWorker, line?: Socket): void;
}

/** Makes the switchboard. It knows how many calls each worker has, and nothing of any call. */
export function createSwitchboard(clock: Pick<Clock, 'now'>): Switchboard {
  const workers = new Map<WorkerName, Worker>();
  const places = new Map<string, WorkerName>();
  let deaths = 0;

  function tellHouse(): void {
    const all = [...workers.values()];
    const live = all.reduce((sum, worker) => sum + worker.live, 0);
    const ready = all.some((worker) => worker.ready);
    const house: ToWorker = { type: 'house', live, ready, deaths, workers: [...workers.keys()] };
    for (const { send } of all) send(house);
  }

  /** Who has the most room; of those who have as much, the one that asks, which saves a way. */
  function roomiest(asking: WorkerName): WorkerName {
    const since = clock.now() - OPENED_WITHIN_MS;
    function roomOf(worker: Worker): number {
      worker.placedAt = worker.placedAt.filter((at) => at > since);
      return worker.ready ? worker.maxCalls - worker.live - worker.placedAt.length : Number.NEGATIVE_INFINITY;
    }
    let best = asking;
    let mostRoom = Number.NEGATIVE_INFINITY;
    for (const [name, worker] of workers) {
      const room = roomOf(worker);
      if (room < mostRoom || (room === mostRoom && name !== asking)) continue;
      best = name;
      mostRoom = room;
    }
    return best;
  }

  function placeOf(callSid: string | null, asking: WorkerName): WorkerName {
    const known = callSid === null ? undefined : places.get(callSid);
    if (known !== undefined && workers.has(known)) return known;
    const name = roomiest(asking);
    workers.get(name)?.placedAt.push(clock.now());
    if (callSid !== null) {
      places.set(callSid, name);
      const [oldest = ''] = places.keys();
      if (places.size > KEPT_PLACES) places.delete(oldest);
    }
    return name;
  }

  return {
    join(name, { send, maxCalls }) {
      workers.set(name, { send, maxCalls, live: 0, ready: false, placedAt: [] });
      tellHouse();
    },
    leave(name) {
      if (workers.delete(name)) tellHouse();
    },
    lost() {
      deaths += 1;
      tellHouse();
    },
    hear(name, message, line) {
      const worker = workers.get(name);
      switch (message.type) {
        case 'to': {
          const addressee = workers.get(message.to);
          if (addressee) addressee.send({ type: 'from', from: name, letter: message.letter }, line);
          else line?.destroy();
          return;
        }
        case 'place':
          worker?.send({ type: 'placed', id: message.id, worker: placeOf(message.callSid, name) });
          return;
        case 'state':
          if (!worker) return;
          worker.live = message.live;
          worker.ready = message.ready;
          tellHouse();
      }
    },
  };
}
