import type { Socket } from 'node:net';
import type { Clock } from '../ports.ts';
import type { Answering, ClusterEar, ClusterPort, Questions, WorkerName } from './cluster-port.ts';
import type { FromWorker, Letter, Send, ToWorker } from './mail.ts';

/** How long another worker may take to answer. One that takes longer is stuck, and nobody waits for it. */
const ANSWER_TIMEOUT_MS = 2_000;
/** How long the first process may take to say where a call is to be. Twilio waits 15 s for its answer. */
const PLACE_TIMEOUT_MS = 5_000;

export interface MemberOptions {
  name: WorkerName;
  clock: Clock;
  /** To the first process. */
  send: Send<FromWorker>;
  /** A question could not be answered by a mistake of ours. */
  failed(error: unknown): void;
}

/** One worker's end of the cluster. */
export interface Member {
  port: ClusterPort;
  hear(message: ToWorker, line?: Socket): void;
}

interface Waiting {
  /** Who is to answer; `null`: the first process. */
  whom: WorkerName | null;
  answered(answer: unknown): void;
}

/** Makes the port of one worker: questions and their answers, over one line to the first process. */
export function createMember({ name, clock, send, failed }: MemberOptions): Member {
  const others = new Set<WorkerName>();
  const ears: ClusterEar[] = [];
  const answering = new Map<string, (asked: unknown, from: WorkerName) => unknown>();
  const waiting = new Map<number, Waiting>();
  let lastId = 0;
  let house = { live: 0, ready: false, deaths: 0 };

  /** Waits for an answer: that of `whom`, or `undefined` if there is none in time. */
  function awaitAnswer(
    whom: WorkerName | null,
    timeoutMs: number,
    ask: (id: number) => void,
  ): Promise<unknown> {
    lastId += 1;
    const id = lastId;
    return new Promise((resolve) => {
      const answered = (answer: unknown) => {
        waiting.delete(id);
        clock.clearTimeout(timer);
        resolve(answer);
      };
      const timer = clock.setTimeout(() => answered(undefined), timeoutMs);
      waiting.set(id, { whom, answered });
      ask(id);
    });
  }

  const write = (to: WorkerName, letter: Letter, line?: Socket) => send({ type: 'to', to, letter }, line);

  async function answerTo(from: WorkerName, id: number, question: string, asked: unknown): Promise<void> {
    let answered: unknown;
    try {
      answered = await answering.get(question)?.(asked, from);
    } catch (error) {
      failed(error);
    }
    write(from, { kind: 'answer', id, answered });
  }

  function receive(from: WorkerName, letter: Letter, line: Socket | undefined): void {
    switch (letter.kind) {
      case 'ask':
        void answerTo(from, letter.id, letter.question, letter.asked);
        return;
      case 'answer':
        waiting.get(letter.id)?.answered(letter.answered);
        return;
      case 'note':
        for (const ear of ears) ear.told?.(from, letter);
        return;
      case 'line': {
        // Its far end may have hung up on the way.
        const start = Buffer.from(letter.start, 'base64');
        if (line) for (const ear of ears) ear.handed?.(line, start);
      }
    }
  }

  function lookAround(workers: readonly WorkerName[]): void {
    const gone = [...others].filter((other) => !workers.includes(other));
    const come = workers.filter((other) => other !== name && !others.has(other));
    for (const other of gone) others.delete(other);
    for (const other of come) others.add(other);
    for (const { whom, answered } of [...waiting.values()])
      if (whom !== null && gone.includes(whom)) answered(undefined);
    for (const ear of ears) for (const other of gone) ear.gone?.(other);
    for (const ear of ears) for (const other of come) ear.came?.(other);
  }

  const port: ClusterPort = {
    others,
    get live() {
      return house.live;
    },
    get ready() {
      return house.ready;
    },
    get deaths() {
      return house.deaths;
    },
    async place(callSid) {
      const placed = await awaitAnswer(null, PLACE_TIMEOUT_MS, (id) => send({ type: 'place', id, callSid }));
      return typeof placed === 'string' && placed !== name ? placed : undefined;
    },
    async ask<Name extends keyof Questions>(
      to: WorkerName,
      question: Name,
      asked: Questions[Name]['asked'],
    ): Promise<Questions[Name]['answered'] | undefined> {
      if (!others.has(to)) return undefined;
      const answer = await awaitAnswer(to, ANSWER_TIMEOUT_MS, (id) =>
        write(to, { kind: 'ask', id, question, asked }),
      );
      // Both ends are the same program.
      return answer as Questions[Name]['answered'] | undefined;
    },
    answer<Name extends keyof Questions>(question: Name, how: Answering<Name>) {
      answering.set(question, (asked, from) => how(asked as Questions[Name]['asked'], from));
    },
    tell: (to, note) => write(to, { kind: 'note', ...note }),
    hand: (to, line, start) => write(to, { kind: 'line', start: start.toString('base64') }, line),
    listen: (ear) => ears.push(ear),
  };

  return {
    port,
    hear(message, line) {
      if (message.type === 'from') receive(message.from, message.letter, line);
      else if (message.type === 'placed') waiting.get(message.id)?.answered(message.worker);
      else if (message.type === 'house') {
        house = { live: message.live, ready: message.ready, deaths: message.deaths };
        lookAround(message.workers);
      }
    },
  };
}
