import type { MachineDefinition, StateDefinition, TransitionDefinition } from '../messages.ts';

/** One way out of a state, as XState's machine configurations write it. */
export interface TransitionConfig {
  target?: readonly string[];
  guard?: string;
  actions?: readonly string[];
}

/** A state, as XState 5's machine configurations write it; the whole machine where it is the outermost. */
export interface StateConfig {
  id: string;
  type?: 'parallel' | 'final' | 'history';
  initial?: string;
  entry?: readonly string[];
  exit?: readonly string[];
  invoke?: readonly { id: string; src: string }[];
  on?: Record<string, TransitionConfig[]>;
  after?: Record<string, TransitionConfig[]>;
  always?: TransitionConfig[];
  states?: Record<string, StateConfig>;
}

/** Writes a machine again as the configuration that it could have been made from: names, and nothing that runs. */
export function configOf({ states, transitions }: MachineDefinition): StateConfig {
  const [root] = states;
  if (!root) throw new Error('a machine without states');

  function write(state: StateDefinition): StateConfig {
    const { id, kind, initial, entry, exit, invokes } = state;
    const config: StateConfig = { id };
    if (kind === 'parallel' || kind === 'final' || kind === 'history') config.type = kind;
    const first = states.find((inner) => inner.id === initial);
    if (first) config.initial = first.key;
    if (entry.length > 0) config.entry = entry;
    if (exit.length > 0) config.exit = exit;
    if (invokes.length > 0) config.invoke = invokes.map((src) => ({ id: src, src }));
    for (const way of transitions) if (way.source === id) writeWay(config, way);
    const inside = states.filter(({ parent }) => parent === id);
    if (inside.length > 0)
      config.states = Object.fromEntries(inside.map((inner) => [inner.key, write(inner)]));
    return config;
  }

  return write(root);
}

function writeWay(
  config: StateConfig,
  { event, delay, targets, guard, actions }: TransitionDefinition,
): void {
  const way: TransitionConfig = {};
  if (targets.length > 0) way.target = targets.map((id) => `#${id}`);
  if (guard !== '' && guard !== 'else') way.guard = guard;
  if (actions.length > 0) way.actions = actions;
  if (event === 'always') {
    config.always = [...(config.always ?? []), way];
    return;
  }
  const group = delay === null ? 'on' : 'after';
  const key = delay ?? eventTypeOf(event, config.id);
  const ways = config[group] ?? {};
  config[group] = { ...ways, [key]: [...(ways[key] ?? []), way] };
}

/** XState's name of an event that a definition tells in a person's words. */
function eventTypeOf(event: string, state: string): string {
  if (event === 'all done') return `xstate.done.state.${state}`;
  const [, actor, how] = /^(\S+) (done|failed)$/.exec(event) ?? [];
  if (!actor) return event;
  return how === 'done' ? `xstate.done.actor.${actor}` : `xstate.error.actor.${actor}`;
}
