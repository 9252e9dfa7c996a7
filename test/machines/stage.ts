import {
  type AnyActorRef,
  type AnyStateMachine,
  createActor,
  type EventObject,
  fromCallback,
  setup,
} from 'xstate';
import { createVirtualClock, type VirtualClock } from '../support/virtual-clock.ts';

/** A machine on a stage: its parent and its children are played by the test. */
export interface Stage {
  clock: VirtualClock;
  /** What the machine told its parent, in order. */
  told: EventObject[];
  /** Tells the machine something, as its parent or its children would. */
  tell(event: EventObject & Record<string, unknown>): void;
  state(): unknown;
  context(): Record<string, unknown>;
  alive(): boolean;
}

/** A child that writes down what it is ordered, and is otherwise silent. */
export function createRecorder<Order extends EventObject, Input extends object = { callId: string }>() {
  const orders: Order[] = [];
  let running = 0;
  const logic = fromCallback<Order, Input>(({ receive }) => {
    running += 1;
    receive((order) => orders.push(order));
    return () => {
      running -= 1;
    };
  });
  return {
    logic,
    orders,
    take: () => orders.splice(0),
    get running() {
      return running;
    },
  };
}

/** Starts `machine` as the child of a parent that writes down what it is told. */
export function onStage(machine: AnyStateMachine, input: object): Stage {
  const clock = createVirtualClock();
  const told: EventObject[] = [];
  const parent = setup({ actors: { subject: machine } }).createMachine({
    invoke: { src: 'subject', id: 'subject', input: () => input },
    on: { '*': { actions: ({ event }) => told.push(event) } },
  });
  const root = createActor(parent, { clock });
  root.start();
  const subject = root.getSnapshot().children.subject as AnyActorRef;

  return {
    clock,
    told,
    tell: (event) => subject.send(event),
    state: () => subject.getSnapshot().value,
    context: () => subject.getSnapshot().context,
    alive: () => subject.getSnapshot().status === 'active',
  };
}

/** The types of events, for reading at a glance; `closed` is the end of the machine on stage. */
export function typesOf(events: readonly EventObject[]): string[] {
  return events.map(({ type }) => (type === 'xstate.done.actor.subject' ? 'closed' : type));
}
