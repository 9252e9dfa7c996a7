import type { MachineDefinition, StateDefinition, TransitionDefinition } from '../../../messages.ts';
import { groupBy } from '../group-by.ts';

/**
 * How a statechart is drawn: every state is a box that lists its ways out, each way on a line of its own. From the
 * line an arrow leads to the target, so that no label ever lies on an arrow, and what a state waits for is read off
 * its box. Ways that lead from one act of the chart into another have no arrow of their own: their line names the
 * target, and one arrow stands for all of them.
 */
export interface Chart {
  root: ChartState;
  arrows: readonly ChartArrow[];
  /** Whether the outermost states are whole charts themselves, to be placed one under the other. */
  inActs: boolean;
}

export interface ChartState {
  id: string;
  key: string;
  kind: 'leaf' | 'final' | 'compound' | 'parallel' | 'region';
  depth: number;
  /** The actors that run while it is active. */
  runs: readonly string[];
  initial: string | null;
  /** Ways along an arrow, those of the same arrow together. */
  ways: readonly Way[];
  /** Ways into another act. */
  doors: readonly Way[];
  /** Events that it answers without leaving. */
  hears: readonly Way[];
  children: readonly ChartState[];
}

export interface Way {
  /** Its places in the machine's transitions. */
  places: readonly number[];
  event: string;
  guard: string;
  delay: string | null;
  /** The arrow along which it leads; `null` for doors and for what is only heard. */
  arrow: string | null;
  /** Where a door leads to, in words. */
  to: string;
}

export interface ChartArrow {
  key: string;
  /** The id of a state, or of its list of ways: `…:any`. */
  from: string;
  to: string;
  /** The places of the transitions that take it. */
  places: readonly number[];
  /** Whether it leads to a state that is written down earlier. */
  back: boolean;
  kind: 'way' | 'initial' | 'act';
}

/** The id of the list of ways that holds in any state inside of a box. */
export const anyOf = (id: string) => `${id}:any`;
/** The id of the dot in front of a box's first state. */
export const dotOf = (id: string) => `${id}:first`;

export function readChart({ states, transitions }: MachineDefinition): Chart {
  const [top] = states;
  if (!top) throw new Error('A chart without states cannot be drawn.');
  const byId = new Map(states.map((state) => [state.id, state]));
  const order = new Map(states.map(({ id }, place) => [id, place]));
  const childrenOf = (id: string) => states.filter(({ parent }) => parent === id);
  const hasChildren = ({ id }: StateDefinition) => childrenOf(id).length > 0;
  const arrows = new Map<string, ChartArrow & { places: number[] }>();
  const inActs =
    childrenOf(top.id).filter((state) => childrenOf(state.id).some((inner) => hasChildren(inner))).length > 1;

  function actOf(id: string): string {
    const around = byId.get(id)?.parent;
    return around === undefined || around === null || around === top?.id ? id : actOf(around);
  }

  const isDoor = ({ source, targets }: TransitionDefinition) =>
    source === top.id || (inActs && targets.some((target) => actOf(target) !== actOf(source)));

  function addArrow(from: string, to: string, place: number | null, kind: ChartArrow['kind']): string {
    const key = `${from} → ${to}`;
    const written = (id: string) => order.get(id.replace(/:any$/, '')) ?? -1;
    const arrow = arrows.get(key) ?? { key, from, to, places: [], back: written(to) < written(from), kind };
    if (place !== null) arrow.places.push(place);
    arrows.set(key, arrow);
    return key;
  }

  function wayOf(transition: TransitionDefinition, place: number, isBox: boolean): Way {
    const { source, targets, event, guard, delay } = transition;
    const way = { places: [place], event, guard, delay, arrow: null, to: '' };
    if (targets.length === 0) return way;
    if (!isDoor(transition)) {
      const from = isBox ? anyOf(source) : source;
      const [arrow] = targets.map((target) => addArrow(from, target, place, 'way'));
      return { ...way, arrow: arrow ?? null };
    }
    if (source !== top?.id) {
      for (const act of new Set(targets.map(actOf))) addArrow(actOf(source), act, place, 'act');
    }
    return { ...way, to: wordsOf(targets, top?.id ?? '') };
  }

  function stateOf(state: StateDefinition, depth: number): ChartState {
    const inner = childrenOf(state.id);
    const isBox = inner.length > 0;
    const own = transitions.flatMap((transition, place) =>
      transition.source === state.id ? [wayOf(transition, place, isBox)] : [],
    );
    const around = state.parent === null ? undefined : byId.get(state.parent);
    if (state.kind === 'compound' && state.initial && state !== top)
      addArrow(dotOf(state.id), state.initial, null, 'initial');
    return {
      id: state.id,
      key: state.key,
      kind: !isBox
        ? state.kind === 'final'
          ? 'final'
          : 'leaf'
        : around?.kind === 'parallel'
          ? 'region'
          : state.kind === 'parallel'
            ? 'parallel'
            : 'compound',
      depth,
      runs: state.invokes,
      initial: state.kind === 'compound' && state !== top ? state.initial : null,
      ways: gathered(own.filter(({ arrow }) => arrow !== null)),
      doors: own.filter(({ to }) => to !== ''),
      hears: heardOnce(own.filter(({ arrow, to }) => arrow === null && to === '')),
      children: inner.map((child) => stateOf(child, depth + 1)),
    };
  }

  const root = stateOf(top, 0);
  return { root, arrows: [...arrows.values()], inActs };
}

/** Ways along the same arrow stand next to each other, in the order of the first of them. */
function gathered(ways: readonly Way[]): Way[] {
  return [...groupBy(ways, ({ arrow }) => arrow).values()].flat();
}

/** One line for each event, however many alternatives act on it. */
function heardOnce(ways: readonly Way[]): Way[] {
  return [...groupBy(ways, ({ event }) => event).values()].flatMap((same) => {
    const [first] = same;
    return first ? [{ ...first, guard: '', places: same.flatMap(({ places }) => places) }] : [];
  });
}

/** `closing › hangingUp`, `closing › finishing + departed`: the act and the innermost names. */
function wordsOf(targets: readonly string[], top: string): string {
  const paths = targets.map((id) => id.slice(top.length + 1).split('.'));
  const acts = [...new Set(paths.map(([act]) => act))].join(' + ');
  const inner = paths.flatMap((path) => (path.length > 1 ? [path.at(-1)] : []));
  return inner.length > 0 ? `${acts} › ${inner.join(' + ')}` : acts;
}
