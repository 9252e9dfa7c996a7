import type { Socket } from 'node:net';

/** A worker: `1`, `2`, …, and a new name for the one that takes the place of a dead one. */
export type WorkerName = string;

/** An HTTP request, to be answered by another worker than the one that it reached. */
export interface RelayedRequest {
  method: string;
  /** As it came, with its query. */
  url: string;
  /** Names and values in turn, as they came. */
  headers: readonly string[];
  /** Base64. */
  body: string;
  /** The address that it came from: some answers are for this machine alone. */
  from: string;
}

export interface RelayedAnswer {
  status: number;
  headers: readonly (readonly [name: string, value: string | readonly string[]])[];
  /** Base64. */
  body: string;
}

/** What can be asked of a worker, and what it answers. All of it can be written as JSON. */
export interface Questions {
  /** Whether it has the call of this CallSid or id, alive or among its last that ended. */
  has: { asked: string; answered: boolean };
  request: { asked: RelayedRequest; answered: RelayedAnswer };
  /** Its calls, as `GET /calls` has them. */
  calls: { asked: null; answered: readonly ListedCall[] };
  /** Its metrics, as `prom-client` has them. */
  metrics: { asked: null; answered: readonly object[] };
  /** Whether it now shows this call to a viewer of ours; it stops showing any other. */
  watch: { asked: { viewer: number; callId: string | null }; answered: boolean };
}

export interface ListedCall {
  readonly startedAt: string;
  readonly ending: object | null;
}

/** What workers tell each other, unasked: of the viewers of the inspector, and to them. */
export type Note =
  | { note: 'viewerCame' | 'viewerLeft'; viewer: number }
  | { note: 'viewerSaid'; viewer: number; text: string }
  /** What a viewer of the worker that is told is to be told. */
  | { note: 'toViewer'; viewer: number; text: string };

/** What a worker hears of the others. */
export interface ClusterEar {
  told?(from: WorkerName, note: Note): void;
  /** A connection that another worker took in; `start` is what was read of it. */
  handed?(line: Socket, start: Buffer): void;
  came?(worker: WorkerName): void;
  gone?(worker: WorkerName): void;
}

/**
 * The other processes that have calls, as one of them knows them. Each call lives in one worker; whatever is asked
 * about it elsewhere is asked of that one. In a process that is alone there is no such port.
 */
export interface ClusterPort {
  readonly others: ReadonlySet<WorkerName>;
  /** Calls that are alive, in all workers; a moment old. */
  readonly live: number;
  /** Whether any worker takes calls; a moment old. */
  readonly ready: boolean;
  /** Workers that died or made a mistake and were to be replaced, since the first process started. */
  readonly deaths: number;
  /**
   * The worker that is to have this call: the one with the most room, and the same one each time it is asked. `null`:
   * a call without a CallSid. `undefined`: this one.
   */
  place(callSid: string | null): Promise<WorkerName | undefined>;
  /** `undefined` if that worker is gone, cannot say or does not answer in time. */
  ask<Name extends keyof Questions>(
    to: WorkerName,
    question: Name,
    asked: Questions[Name]['asked'],
  ): Promise<Questions[Name]['answered'] | undefined>;
  /** How questions of this name are answered here. */
  answer<Name extends keyof Questions>(question: Name, how: Answering<Name>): void;
  tell(to: WorkerName, note: Note): void;
  /** Gives a connection away, with what was read of it; it is gone from here. */
  hand(to: WorkerName, line: Socket, start: Buffer): void;
  /** May be called by several. */
  listen(ear: ClusterEar): void;
}

export type Answering<Name extends keyof Questions> = (
  asked: Questions[Name]['asked'],
  from: WorkerName,
) => Questions[Name]['answered'] | undefined | Promise<Questions[Name]['answered'] | undefined>;

/** The worker among all others that has the call of this CallSid or id; as soon as one says so, or all say no. */
export async function whoHas(
  { others, ask }: Pick<ClusterPort, 'others' | 'ask'>,
  id: string,
): Promise<WorkerName | undefined> {
  const asked = [...others].map(async (worker) => {
    if (await ask(worker, 'has', id)) return worker;
    throw new Error('not here');
  });
  return Promise.any(asked).catch(() => undefined);
}

/** What all others answer, without those that do not. */
export async function askOthers<Name extends keyof Questions>(
  { others, ask }: Pick<ClusterPort, 'others' | 'ask'>,
  question: Name,
  asked: Questions[Name]['asked'],
): Promise<Array<Questions[Name]['answered']>> {
  const answers = await Promise.all([...others].map((worker) => ask(worker, question, asked)));
  return answers.filter((answer) => answer !== undefined);
}
