import { type AnyEventObject, type AnyMachineSnapshot, type AnyStateMachine, emit } from 'xstate';
import { getAdjacencyMap } from 'xstate/graph';
import type { Subject } from './subjects.ts';
import { statesOf } from './transitions.ts';

/** An edge of the pure model: from a state that `path` leads to, by `event`, to `to`. */
export interface Edge {
  path: AnyEventObject[];
  from: AnyMachineSnapshot;
  event: AnyEventObject;
  to: AnyMachineSnapshot;
}

/** More steps than this mean that the facts of a subject do not bound it. */
const MOST_STEPS = 200_000;

/** What no machine knows. */
const NONSENSE = { type: 'no.such.event' };

/** All edges of the pure model, each with the shortest path to it. */
export function edgesOf(subject: Subject, input: object): Edge[] {
  const machine = withoutParent(subject.machine);
  const adjacency = getAdjacencyMap(machine, {
    input,
    limit: MOST_STEPS,
    events: (snapshot: AnyMachineSnapshot) =>
      snapshot.status === 'active' ? [...subject.events, NONSENSE, ...innerEventsOf(subject, snapshot)] : [],
    serializeState: (snapshot: AnyMachineSnapshot) => stateText(subject, snapshot),
    serializeEvent: (event: AnyEventObject) => JSON.stringify(event),
  } as never) as Adjacency;

  const [first] = Object.keys(adjacency);
  const paths = new Map<string, AnyEventObject[]>([[first ?? '', []]]);
  const edges: Edge[] = [];
  // A map keeps its keys in the order they were set: those that are reached are visited in turn.
  for (const [key, path] of paths) {
    const node = adjacency[key];
    if (node?.state.status !== 'active') continue;
    for (const { event, state: to } of Object.values(node.transitions)) {
      // A timer that has fired in a state does not fire there again; the pure model does not know.
      if (event.type.startsWith('xstate.after.') && path.some(({ type }) => type === event.type)) continue;
      edges.push({ path, from: node.state, event, to });
      const reached = stateText(subject, to);
      if (!paths.has(reached)) paths.set(reached, [...path, event]);
    }
  }
  return edges;
}

type Adjacency = Record<
  string,
  {
    state: AnyMachineSnapshot;
    transitions: Record<string, { event: AnyEventObject; state: AnyMachineSnapshot }>;
  }
>;

/** The pure model has no parent to tell; what is told is checked on the real interpreter. */
function withoutParent(machine: AnyStateMachine): AnyStateMachine {
  const told = Object.keys(machine.implementations.actions).filter((name) => name.startsWith('tell'));
  return machine.provide({
    actions: Object.fromEntries(told.map((name) => [name, emit({ type: name })])),
  } as never);
}

/** What time and children can bring about in this state. */
function innerEventsOf({ outputs }: Subject, snapshot: AnyMachineSnapshot): AnyEventObject[] {
  const types = snapshot._nodes.flatMap((node) => [...node.transitions.keys()]);
  return types.flatMap((type): AnyEventObject[] => {
    if (type.startsWith('xstate.after.')) return [{ type }];
    const [, how, actorId] = /^xstate\.(done|error)\.actor\.(.+)$/.exec(type) ?? [];
    if (how === 'done') return (outputs[actorId ?? ''] ?? []).map((output) => ({ type, actorId, output }));
    if (how === 'error') return [{ type, actorId, error: new Error('it failed') }];
    return [];
  });
}

/** A state in one line: what is active, and the facts that matter. */
export function stateText({ machine, facts }: Subject, snapshot: AnyMachineSnapshot): string {
  if (snapshot.status !== 'active') return snapshot.status === 'done' ? 'closed' : snapshot.status;
  const leaves = snapshot._nodes
    .filter((node) => Object.keys(node.states).length === 0)
    .map((node) => node.path.join('.'))
    .sort();
  const known = Object.entries(facts(snapshot))
    .filter(([, holds]) => holds)
    .map(([name]) => name);
  return [leaves.join(' + ') || machine.id, ...(known.length > 0 ? [`(${known.join(', ')})`] : [])].join(' ');
}

/** The names of all states of a machine. */
export function stateIdsOf(machine: AnyStateMachine): string[] {
  return statesOf(machine).map(({ id }) => id);
}
