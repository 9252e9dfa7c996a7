import {
  type AnyActorRef,
  type AnyEventObject,
  type AnyMachineSnapshot,
  type AnyStateMachine,
  createActor,
  fromCallback,
  fromPromise,
  type InspectionEvent,
  setup,
} from 'xstate';
import { createConductor } from './conductor.ts';
import { STAGE } from './transitions.ts';

/** One run of a machine on the real interpreter, with its parent, its children and its time played by the test. */
export interface Run {
  tell(event: AnyEventObject): void;
  snapshot(): AnyMachineSnapshot;
  /** What the machine told its parent and its children since it was asked last, in order. */
  said(): string[];
  /** The timers that are armed: each with a number of its own, and the name of its delay. */
  armed(): Map<number, string>;
  stop(): void;
}

const AFTER = 'xstate.after.';

/** A machine with its recorders and its parent, and where they write at the moment. */
interface Theatre {
  parent: AnyStateMachine;
  lines: { now: string[] };
}

const theatres = new WeakMap<AnyStateMachine, Theatre>();

/**
 * Replaces every child by one that writes down what it is told, and those in `promises` by one that writes down that
 * it began. Made once for each machine: `provide` is dear.
 */
function theatreFor(machine: AnyStateMachine, promises: string[]): Theatre {
  const known = theatres.get(machine);
  if (known) return known;
  const lines = { now: [] as string[] };
  const actors = Object.keys(machine.implementations.actors).map((src) => {
    const recorder = promises.includes(src)
      ? fromPromise(() => {
          lines.now.push(`${src} begins`);
          return new Promise(() => {});
        })
      : fromCallback(({ self, receive }) => {
          receive((order) => lines.now.push(`${self.id} ← ${eventText(order)}`));
        });
    return [src, recorder];
  });
  const subject = machine.provide({ actors: Object.fromEntries(actors) });
  const parent = setup({
    types: {} as { input: object; context: { input: object } },
    actors: { subject },
  }).createMachine({
    id: STAGE,
    context: ({ input }) => ({ input }),
    invoke: {
      src: 'subject',
      id: 'subject',
      input: ({ context }: { context: { input: object } }) => context.input,
    },
    on: {
      '*': {
        actions: ({ event }) => {
          if (!event.type.startsWith('xstate.')) lines.now.push(`parent ← ${eventText(event)}`);
        },
      },
    },
  });
  const theatre = { parent, lines };
  theatres.set(machine, theatre);
  return theatre;
}

/** An event in one line, without its times. */
export function eventText({ type, ...fields }: AnyEventObject): string {
  const shown = Object.entries(fields)
    .filter(([name]) => name !== 'at' && name !== 'actorId')
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return [type, ...shown].join(' ');
}

/** Starts `machine` as the child of a parent that writes down what it is told. */
export function play(
  machine: AnyStateMachine,
  input: object,
  promises: string[],
  inspect: (event: InspectionEvent) => void = () => {},
): Run {
  const { parent, lines } = theatreFor(machine, promises);
  lines.now = [];
  const clock = createConductor();
  let failure: unknown;
  const root = createActor(parent, { input, clock, inspect });
  root.subscribe({
    error(error) {
      failure = error;
    },
  });
  root.start();
  const actor = root.getSnapshot().children.subject as AnyActorRef;
  const snapshot = () => actor.getSnapshot() as AnyMachineSnapshot;

  const scheduled = () => Object.values(root.system.getSnapshot()._scheduledEvents);

  /** What a length stands for: the event that it brings, by the name of its delay. */
  function nameOfDelay(ms: number): string {
    const found = scheduled().find(({ delay }) => delay === ms);
    const [, name] = /^xstate\.after\.([^.]+)\./.exec(found?.event.type ?? '') ?? [];
    return name ?? found?.id ?? `${ms} ms`;
  }

  return {
    tell(event) {
      if (snapshot().status !== 'active') return;
      if (event.type.startsWith(AFTER)) {
        const ms = scheduled().find((armed) => armed.event.type === event.type)?.delay;
        if (ms === undefined || !clock.fire(ms)) throw new Error(`No timer is armed for ${event.type}.`);
      } else {
        actor.send(event);
      }
      if (failure) throw failure;
    },
    snapshot,
    said: () => lines.now.splice(0),
    armed: () => new Map([...clock.armed].map(([id, ms]) => [id, nameOfDelay(ms)])),
    stop: () => root.stop(),
  };
}
