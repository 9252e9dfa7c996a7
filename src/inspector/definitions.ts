import { createHash } from 'node:crypto';
import type { AnyStateMachine, AnyStateNode, AnyTransitionDefinition } from 'xstate';
import type { MachineDefinition, MachineName, StateDefinition, TransitionDefinition } from './messages.ts';

/** What can happen in the machines that are shown, and how what happens is found in it. */
export interface Definitions {
  readonly machines: readonly MachineDefinition[];
  /** A transition's place in its machine's list, also that of a copy made by `provide`. None: it is in none of them. */
  placeOf(transition: AnyTransitionDefinition): number | undefined;
}

/** Reads the machines once; everything that is shown of them is named as they name it. */
export function createDefinitions(machines: readonly AnyStateMachine[]): Definitions {
  const listed = new Map<string, number>();
  const places = new WeakMap<AnyTransitionDefinition, number>();

  for (const { root } of machines) {
    const transitions = statesOf(root).flatMap(transitionsOf);
    for (const [place, transition] of transitions.entries()) listed.set(keyOf(transition), place);
  }

  return {
    machines: machines.map(definitionOf),
    placeOf(transition) {
      const known = places.get(transition);
      if (known !== undefined) return known;
      const place = listed.get(keyOf(transition));
      if (place !== undefined) places.set(transition, place);
      return place;
    },
  };
}

function definitionOf({ id, root }: AnyStateMachine): MachineDefinition {
  const nodes = statesOf(root);
  const states = nodes.map(stateOf);
  const transitions = nodes.flatMap(transitionsOf).map(transitionOf);
  const version = createHash('sha256')
    .update(JSON.stringify([states, transitions]))
    .digest('hex')
    .slice(0, 12);
  return { machine: id as MachineName, version, states, transitions };
}

/** A state and all within it, parents before children. */
function statesOf(node: AnyStateNode): AnyStateNode[] {
  return [node, ...Object.values(node.states as Record<string, AnyStateNode>).flatMap(statesOf)];
}

function transitionsOf(node: AnyStateNode): AnyTransitionDefinition[] {
  return [...(node.always ?? []), ...[...node.transitions.values()].flat()];
}

function siblingsOf({ source, eventType }: AnyTransitionDefinition): readonly AnyTransitionDefinition[] {
  return (eventType === '' ? source.always : source.transitions.get(eventType)) ?? [];
}

/** The same for every copy of a machine: state, event, and which of several. */
function keyOf(transition: AnyTransitionDefinition): string {
  return `${transition.source.id} ${transition.eventType} ${siblingsOf(transition).indexOf(transition)}`;
}

function stateOf(node: AnyStateNode): StateDefinition {
  return {
    id: node.id,
    key: node.key,
    parent: node.parent?.id ?? null,
    kind: node.type,
    initial: node.type === 'compound' ? (node.initial.target?.[0]?.id ?? null) : null,
    invokes: node.invoke.map(({ id }) => id),
    entry: actionNames(node.entry),
    exit: actionNames(node.exit),
  };
}

function transitionOf(transition: AnyTransitionDefinition): TransitionDefinition {
  const { source, eventType, target, guard, actions } = transition;
  const siblings = siblingsOf(transition);
  const place = siblings.indexOf(transition);
  const delay = source.after.find((one) => one.eventType === eventType)?.delay;
  const event = delay === undefined ? eventName(eventType) : `after ${delay}`;
  return {
    name: `${source.id} ─ ${event}${siblings.length > 1 ? ` #${place + 1}` : ''}`,
    source: source.id,
    event,
    guard: guardName(guard) || (place > 0 ? 'else' : ''),
    targets: (target ?? []).map(({ id }) => id),
    actions: actionNames(actions),
    delay: delay === undefined ? null : String(delay),
  };
}

function eventName(eventType: string): string {
  if (eventType === '') return 'always';
  const [, how, actor] = /^xstate\.(done|error)\.actor\.(.+)$/.exec(eventType) ?? [];
  if (actor) return `${actor} ${how === 'done' ? 'done' : 'failed'}`;
  return eventType.startsWith('xstate.done.state.') ? 'all done' : eventType;
}

function guardName(guard: unknown): string {
  if (typeof guard === 'string') return guard;
  if (typeof guard === 'function' && 'stateValue' in guard) return `in ${statePath(guard.stateValue)}`;
  return isRecord(guard) ? String(guard.type ?? '') : '';
}

function statePath(value: unknown): string {
  if (!isRecord(value)) return String(value);
  return Object.entries(value)
    .map(([key, inner]) => `${key}.${statePath(inner)}`)
    .join(', ');
}

/** The actions that the machine names; what XState does by itself, such as arming timers, is left out. */
function actionNames(actions: readonly unknown[]): string[] {
  return actions.flatMap((action) => actionName(action) ?? []);
}

function actionName(action: unknown): string | undefined {
  if (typeof action === 'string') return action;
  if (!isRecord(action) || typeof action.type !== 'string') return undefined;
  const { params } = action;
  const said = isRecord(params) ? (params.type ?? params.reason ?? params.loss) : undefined;
  return typeof said === 'string' ? `${action.type} ${said}` : action.type;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
