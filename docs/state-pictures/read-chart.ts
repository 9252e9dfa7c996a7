import type { AnyStateMachine, AnyStateNode, AnyTransitionDefinition } from 'xstate';

/** What a picture shows of a machine: the whole of it, or one state's inside. */
export interface View {
  machine: AnyStateMachine;
  /** Path of the state whose inside is shown, such as `live.bargeIn`; empty for the whole machine. */
  root?: string;
  /** Paths of states that are shown as one box. */
  folded?: readonly string[];
}

export type NodeKind =
  | 'state'
  | 'compound'
  /** A compound state whose children all run at once. */
  | 'parallel'
  /** One of a parallel state's children. */
  | 'region'
  /** A compound state shown as one box. */
  | 'folded'
  | 'final'
  /** The dot from which the first state is reached. */
  | 'initial'
  /** Stands inside a box for each of the states in it. */
  | 'anyState'
  /** A state outside of what is shown. */
  | 'elsewhere';

export interface ChartNode {
  id: string;
  name: string;
  kind: NodeKind;
  /** What the state runs, or holds folded away. */
  note: string;
  children: ChartNode[];
}

/** One way to take an edge: `event [guard]`. */
export interface Trigger {
  event: string;
  guard: string;
  isTimer: boolean;
}

export interface ChartEdge {
  from: string;
  to: string;
  triggers: Trigger[];
}

export interface Chart {
  /** The machine's name and what it runs, where the whole of it is shown. */
  title: string[];
  nodes: ChartNode[];
  edges: ChartEdge[];
}

const pathOf = (node: AnyStateNode) => node.path.join('.');
const nameOf = (node: AnyStateNode) => (node.path.length === 0 ? node.machine.id : node.key);
const childrenOf = (node: AnyStateNode) => Object.values(node.states) as AnyStateNode[];

function isWithin(node: AnyStateNode, outer: AnyStateNode): boolean {
  return outer.path.every((key, depth) => node.path[depth] === key);
}

function isInside(node: AnyStateNode, outer: AnyStateNode): boolean {
  return node !== outer && isWithin(node, outer);
}

/** Reads from a machine's definition the boxes and arrows of a view. Steps that change no state are left out. */
export function readChart({ machine, root: rootPath = '', folded = [] }: View): Chart {
  const root = stateAt(machine.root, rootPath);
  const edges = new Map<string, ChartEdge>();
  const entered = enteredByName(machine.root);
  const arrivals: ChartNode[] = [];
  const departures: ChartNode[] = [];

  const isFolded = (node: AnyStateNode) => folded.includes(pathOf(node));

  /** The box that stands for a state: itself, or the folded one around it. */
  function boxOf(node: AnyStateNode): AnyStateNode {
    for (let outer: AnyStateNode | undefined = node, box = node; ; outer = outer.parent) {
      if (!outer) return box;
      if (isFolded(outer)) box = outer;
    }
  }

  function addEdge(from: string, to: string, trigger?: Trigger): void {
    const key = `${from} → ${to}`;
    const edge = edges.get(key) ?? { from, to, triggers: [] };
    edges.set(key, edge);
    const told = edge.triggers.some(
      ({ event, guard }) => event === trigger?.event && guard === trigger.guard,
    );
    if (trigger && !told) edge.triggers.push(trigger);
  }

  function elsewhere(list: ChartNode[], side: string, node: AnyStateNode): string {
    const id = `${side}:${pathOf(node)}`;
    if (!list.some((known) => known.id === id)) {
      list.push({ id, name: nameOf(node), kind: 'elsewhere', note: '', children: [] });
    }
    return id;
  }

  function nodeFor(node: AnyStateNode): ChartNode {
    const id = idOf(node);
    const children = childrenOf(node);
    const name = nameOf(node);
    if (children.length === 0) {
      return { id, name, kind: node.type === 'final' ? 'final' : 'state', note: runsOf(node), children: [] };
    }
    if (isFolded(node)) {
      return { id, name, kind: 'folded', note: children.map(nameOf).join(' · '), children: [] };
    }
    const inside: ChartNode[] = [];
    const initial = node.initial.target?.[0];
    if (node.type === 'compound' && initial && entered.has(node)) {
      inside.push({ id: `${id}:initial`, name: '', kind: 'initial', note: '', children: [] });
      addEdge(`${id}:initial`, idOf(initial));
    }
    if (transitionsOf(node).some(([, { target }]) => target?.some((to) => isInside(to, node)))) {
      inside.push({ id: `${id}:any`, name: 'in any of them', kind: 'anyState', note: '', children: [] });
    }
    const kind =
      node.type === 'parallel' ? 'parallel' : node.parent?.type === 'parallel' ? 'region' : 'compound';
    return { id, name, kind, note: runsOf(node), children: [...inside, ...children.map(nodeFor)] };
  }

  function connect(source: AnyStateNode, trigger: Trigger, target: AnyStateNode): void {
    if (isInside(root, source)) return;
    const from = boxOf(source);
    const to = boxOf(target);
    if (from === to && source !== target) return;
    const [sourceIn, targetIn] = [isWithin(source, root), isWithin(target, root)];
    if (sourceIn && targetIn) {
      addEdge(isInside(to, from) ? `${idOf(from)}:any` : idOf(from), idOf(to), trigger);
    } else if (sourceIn) {
      addEdge(idOf(from), elsewhere(departures, 'to', to), trigger);
    } else if (targetIn) {
      addEdge(elsewhere(arrivals, 'from', from), idOf(to), trigger);
    }
  }

  function connectAll(node: AnyStateNode): void {
    for (const [trigger, { target }] of transitionsOf(node)) {
      for (const to of target ?? []) connect(node, trigger, to);
    }
    for (const child of childrenOf(node)) connectAll(child);
  }

  const box = nodeFor(root);
  connectAll(machine.root);
  const isWhole = root === machine.root;
  return {
    title: isWhole ? [box.name, box.note] : [],
    nodes: isWhole ? box.children : [...arrivals, box, ...departures],
    edges: [...edges.values()],
  };
}

const idOf = (node: AnyStateNode) => node.path.join('.') || node.machine.id;

function stateAt(root: AnyStateNode, path: string): AnyStateNode {
  return path
    .split('.')
    .filter(Boolean)
    .reduce<AnyStateNode>((node, key) => {
      const child = node.states[key];
      if (!child) throw new Error(`${root.machine.id} has no state ${path}.`);
      return child;
    }, root);
}

/** The states that something leads to by their own name, so that their first child is where one arrives. */
function enteredByName(root: AnyStateNode): Set<AnyStateNode> {
  const entered = new Set<AnyStateNode>();
  function enter(node: AnyStateNode): void {
    entered.add(node);
    const first = node.type === 'parallel' ? childrenOf(node) : (node.initial.target ?? []);
    for (const child of first) enter(child);
  }
  function visit(node: AnyStateNode): void {
    for (const [, { target }] of transitionsOf(node)) target?.forEach(enter);
    childrenOf(node).forEach(visit);
  }
  enter(root);
  visit(root);
  return entered;
}

function runsOf(node: AnyStateNode): string {
  const names = node.invoke.map(({ id }) => id);
  return names.length === 0 ? '' : `runs ${names.join(', ')}`;
}

/** Everything that leads out of a state or into its children, in the order in which it is told. */
function transitionsOf(node: AnyStateNode): [Trigger, AnyTransitionDefinition][] {
  const delays = new Map(node.after.map(({ eventType, delay }) => [eventType, `after ${delay}`]));
  const groups: [string, AnyTransitionDefinition[]][] = [...node.transitions, ['', node.always ?? []]];
  return groups.flatMap(([type, choices]) =>
    choices.map((choice, place): [Trigger, AnyTransitionDefinition] => {
      const guard = guardOf(choice.guard) || (place > 0 ? 'else' : '');
      return [{ event: delays.get(type) ?? eventName(type), guard, isTimer: delays.has(type) }, choice];
    }),
  );
}

function eventName(event: string): string {
  const [, how, actor] = /^xstate\.(done|error)\.actor\.(.+)$/.exec(event) ?? [];
  if (actor) return how === 'done' ? `${actor} done` : `${actor} failed`;
  return event.startsWith('xstate.done.state.') ? 'all done' : event;
}

function guardOf(guard: unknown): string {
  if (typeof guard === 'string') return guard;
  if (typeof guard === 'function' && 'stateValue' in guard) return `in ${statePath(guard.stateValue)}`;
  if (typeof guard === 'object' && guard !== null && 'type' in guard) return String(guard.type);
  return '';
}

function statePath(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.entries(value)
    .map(([key, inner]) => `${key}.${statePath(inner)}`)
    .join(', ');
}
