import { type AnyStateMachine, StateMachine } from 'xstate';
import { BEGINS, type Replayed, replay } from './check.ts';
import type { Subject } from './subjects.ts';
import { nameOf, statesOf } from './transitions.ts';

/** A machine with one transition spoilt. */
export interface Mutant {
  /** Which transition, by its name. */
  of: string;
  how: 'removed' | 'retargeted' | 'misguarded' | 'silenced';
  machine: AnyStateMachine;
}

type Config = Record<string, unknown>;

/** Where a transition stands in its machine's definition: the path to it, without its place among several. */
interface Place {
  of: string;
  path: string[];
  index: number;
}

/** All mutants of a machine, made one at a time. */
export function* mutantsOf(machine: AnyStateMachine): Generator<Mutant> {
  for (const place of placesOf(machine)) {
    for (const [how, spoil] of Object.entries(spoilers(machine, place))) {
      const config = copy(machine.config) as Config;
      if (!change(config, place, spoil)) continue;
      yield { of: place.of, how: how as Mutant['how'], machine: rebuilt(machine, config) };
    }
  }
}

/** Whether any edge in whose state the spoilt transition could matter comes out differently. */
export function isNoticed(subject: Subject, { of, machine }: Mutant, replayed: readonly Replayed[]): boolean {
  const [source] = of.split(' ');
  const concerned = replayed.filter(({ took, within }) => took.includes(of) || within.includes(source ?? ''));
  // Those that take it notice most; the others notice a guard that has become too generous.
  concerned.sort((left, right) => Number(right.took.includes(of)) - Number(left.took.includes(of)));
  return concerned.some(({ start, path, event, line }) => {
    try {
      return (
        replay({ machine, subject, start }, path, event.type === BEGINS ? undefined : event).line !== line
      );
    } catch {
      return true;
    }
  });
}

function placesOf(machine: AnyStateMachine): Place[] {
  return statesOf(machine).flatMap((node) => {
    const at = node.path.flatMap((name) => ['states', name]);
    const own = [...(node.always ?? []), ...[...node.transitions.values()].flat()];
    return own.map((transition) => {
      const { eventType } = transition;
      const siblings = eventType === '' ? (node.always ?? []) : (node.transitions.get(eventType) ?? []);
      return {
        of: nameOf(transition),
        path: [...at, ...slotOf(eventType, node.config as Config)],
        index: siblings.indexOf(transition),
      };
    });
  });
}

/** Where a state's definition has the transitions of an event. */
function slotOf(eventType: string, config: Config): string[] {
  if (typeof config.on === 'object' && config.on !== null && eventType in config.on) return ['on', eventType];
  if (eventType === '') return ['always'];
  const [, delay] = /^xstate\.after\.([^.]+)\./.exec(eventType) ?? [];
  if (delay !== undefined) return ['after', delay];
  if (eventType.startsWith('xstate.done.state.')) return ['onDone'];
  const [, how, id] = /^xstate\.(done|error)\.actor\.(.+)$/.exec(eventType) ?? [];
  if (how === undefined) return ['on', eventType];
  const slot = how === 'done' ? 'onDone' : 'onError';
  if (!Array.isArray(config.invoke)) return ['invoke', slot];
  const place = config.invoke.findIndex((invoked: Config) => invoked.id === id);
  return ['invoke', String(place), slot];
}

type Spoil = (transition: Config) => Config | undefined;

function spoilers(machine: AnyStateMachine, { of }: Place): Record<Mutant['how'], Spoil> {
  return {
    removed: () => undefined,
    retargeted: (transition) => ({ ...transition, target: otherTarget(machine, of, transition.target) }),
    misguarded: (transition) => {
      const { guard, ...rest } = transition;
      return guard === undefined ? { ...rest, guard: () => false } : rest;
    },
    silenced: (transition) => ({ ...transition, actions: [] }),
  };
}

/** Another state of the machine: the first that is neither where the transition starts nor where it leads. */
function otherTarget(machine: AnyStateMachine, of: string, target: unknown): string {
  const from = of.split(' ')[0] ?? '';
  const told = String(target ?? '');
  const others = statesOf(machine).filter(
    ({ id, type, parent }) =>
      parent !== undefined &&
      type !== 'history' &&
      id !== from &&
      !id.endsWith(told.replace(/^[#.]+/, '') || '\0'),
  );
  return `#${others.at(-1)?.id ?? machine.id}`;
}

/** Applies `spoil` where the transition stands. False where that changes nothing. */
function change(config: Config, { path, index }: Place, spoil: Spoil): boolean {
  const key = path.at(-1) ?? '';
  const holder = path.slice(0, -1).reduce<Config>((at, name) => at[name] as Config, config);
  const given = holder[key];
  const list = Array.isArray(given) && !given.every((part) => typeof part === 'string') ? given : [given];
  const written = list[index];
  const transition: Config =
    typeof written === 'string' || Array.isArray(written) ? { target: written } : { ...(written as Config) };
  const spoilt = spoil(transition);
  if (spoilt && JSON.stringify(withNames(spoilt)) === JSON.stringify(withNames(transition))) return false;
  if (
    spoilt &&
    Array.isArray(spoilt.actions) &&
    spoilt.actions.length === 0 &&
    transition.actions === undefined
  )
    return false;
  holder[key] = spoilt ? list.with(index, spoilt) : list.toSpliced(index, 1);
  return true;
}

function withNames(value: Config): Config {
  return Object.fromEntries(
    Object.entries(value).map(([name, of]) => [name, typeof of === 'function' ? String(of) : of]),
  );
}

/** A copy of a definition's objects and lists; functions and actors stay the same. */
function copy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copy);
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype)
    return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, copy(inner)]));
}

function rebuilt(machine: AnyStateMachine, config: Config): AnyStateMachine {
  return new StateMachine(config as never, machine.implementations as never) as unknown as AnyStateMachine;
}
