import type { AnyStateMachine, AnyStateNode, AnyTransitionDefinition, InspectionEvent } from 'xstate';

/** One transition of a machine, as it is written down: the state that has it, what it answers, and which of several. */
export interface Listed {
  /** Such as `call.live.streaming ─ agent.began` or `… ─ agent.finished #2`: its name in reports. */
  name: string;
  /** Whether it stands for an event that is to be ignored, and is so on purpose. */
  forbidden: boolean;
  targets: string[];
}

/** All transitions of a machine: on events, eventless, delayed, and those of children that end or fail. */
export function transitionsOf(machine: AnyStateMachine): Listed[] {
  const listed: Listed[] = [];
  for (const node of statesOf(machine)) {
    for (const transition of ownTransitions(node)) {
      listed.push({
        name: nameOf(transition),
        forbidden: transition.target === undefined && transition.actions.length === 0,
        targets: (transition.target ?? []).map(({ id }) => id),
      });
    }
  }
  return listed;
}

/** Every state of a machine, the machine itself first. */
export function statesOf(machine: AnyStateMachine): AnyStateNode[] {
  const under = (node: AnyStateNode): AnyStateNode[] => [node, ...Object.values(node.states).flatMap(under)];
  return under(machine.root);
}

function ownTransitions(node: AnyStateNode): AnyTransitionDefinition[] {
  return [...(node.always ?? []), ...[...node.transitions.values()].flat()];
}

/** The name of a transition: the same for every copy of its machine. */
export function nameOf(transition: AnyTransitionDefinition): string {
  const { source, eventType } = transition;
  const siblings = eventType === '' ? (source.always ?? []) : (source.transitions.get(eventType) ?? []);
  const place = siblings.indexOf(transition);
  const number = siblings.length > 1 ? ` #${place + 1}` : '';
  return `${source.id} ─ ${eventName(eventType, source.id)}${number}`;
}

function eventName(eventType: string, stateId: string): string {
  if (eventType === '') return 'always';
  return eventType
    .replace(/^xstate\.after\.(.+)$/, (_, rest: string) => `after ${rest.replace(`.${stateId}`, '')}`)
    .replace(/^xstate\.done\.actor\./, 'done ')
    .replace(/^xstate\.error\.actor\./, 'error ')
    .replace(/^xstate\.done\.state\..*$/, 'done');
}

/** Which transitions an interpreter has taken, told by itself. */
export interface Coverage {
  /** To be handed to `createActor`; one for any number of actors. */
  inspect(event: InspectionEvent): void;
  readonly taken: ReadonlySet<string>;
  readonly entered: ReadonlySet<string>;
  /** The transitions taken since this was asked last, in order. */
  latest(): string[];
}

/** The id of the parent that machines have on stage. */
export const STAGE = 'stage';

/** Makes a collector. It reads `_transitions`: exactly the edges that the interpreter took, guards decided. */
export function createCoverage(): Coverage {
  const taken = new Set<string>();
  const entered = new Set<string>();
  let latest: string[] = [];
  return {
    inspect(event) {
      if (event.type === '@xstate.microstep') {
        // The parent of a machine on stage is no machine of the bridge.
        const names = event._transitions.filter(({ source }) => source.machine.id !== STAGE).map(nameOf);
        for (const name of names) taken.add(name);
        latest.push(...names);
      }
      if (event.type !== '@xstate.snapshot' && event.type !== '@xstate.microstep') return;
      const { snapshot } = event;
      if ('_nodes' in snapshot && Array.isArray(snapshot._nodes)) {
        for (const { id } of snapshot._nodes) entered.add(id);
      }
    },
    taken,
    entered,
    latest() {
      const names = latest;
      latest = [];
      return names;
    },
  };
}

/** The transitions of a machine that serve a requirement. */
export function namedTransitions(machine: AnyStateMachine): { name: string; serves: string }[] {
  return statesOf(machine)
    .flatMap(ownTransitions)
    .flatMap((transition) =>
      transition.meta ? [{ name: nameOf(transition), serves: String(transition.meta.serves) }] : [],
    );
}
