import type { ELK, ElkExtendedEdge, ElkNode, ElkPort, LayoutOptions } from 'elkjs/lib/elk-api.js';
import { groupBy } from '../group-by.ts';
import { HEADER, headOf, LINE, leafSize, listSize, PADDING } from './measure.ts';
import { anyOf, type Chart, type ChartArrow, type ChartState, dotOf, type Way } from './read-chart.ts';

export interface Rect {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface PlacedState extends Rect {
  state: ChartState;
  /** What of it stands here: itself, or, inside of it, the list of its ways. */
  part: 'box' | 'leaf' | 'list';
}

export interface PlacedArrow {
  arrow: ChartArrow;
  points: readonly { x: number; y: number }[];
}

/** A chart with everything in its place, in px; boxes before what is in them. */
export interface Drawing {
  chart: Chart;
  width: number;
  height: number;
  placed: readonly PlacedState[];
  dots: readonly { id: string; x: number; y: number }[];
  arrows: readonly PlacedArrow[];
}

const LAYERED: LayoutOptions = {
  'elk.algorithm': 'layered',
  'elk.direction': 'RIGHT',
  'elk.edgeRouting': 'ORTHOGONAL',
  'elk.json.shapeCoords': 'ROOT',
  'elk.json.edgeCoords': 'ROOT',
  'elk.layered.nodePlacement.strategy': 'NETWORK_SIMPLEX',
  'elk.layered.spacing.nodeNodeBetweenLayers': '34',
  'elk.layered.spacing.edgeNodeBetweenLayers': '14',
  'elk.layered.spacing.edgeEdgeBetweenLayers': '9',
  'elk.spacing.nodeNode': '22',
  'elk.spacing.edgeNode': '14',
  'elk.spacing.edgeEdge': '9',
  'elk.layered.thoroughness': '4',
  'elk.randomSeed': '1',
};
const WHOLE: LayoutOptions = { ...LAYERED, 'elk.hierarchyHandling': 'INCLUDE_CHILDREN' };
/** Acts are placed one under the other, each laid out by itself. */
const ACTS: LayoutOptions = {
  ...LAYERED,
  'elk.direction': 'DOWN',
  'elk.hierarchyHandling': 'SEPARATE_CHILDREN',
  'elk.layered.spacing.nodeNodeBetweenLayers': '40',
};

const DOT = 10;

/** Places a chart. The same chart is always placed the same way. */
export async function layOut(elk: ELK, chart: Chart): Promise<Drawing> {
  const { root, arrows, inActs } = chart;
  const nodes = new Map<string, { state: ChartState; part: PlacedState['part'] }>();
  const leaving = groupBy(arrows, ({ from }) => from);

  function portsOf(id: string, ways: readonly Way[], top: number, width: number): ElkPort[] {
    const port = (name: string, side: 'EAST' | 'WEST', y: number): ElkPort => ({
      id: `${id}@${name}`,
      x: side === 'EAST' ? width : 0,
      y,
      width: 0,
      height: 0,
      layoutOptions: { 'elk.port.side': side },
    });
    const out = (leaving.get(id) ?? []).flatMap(({ key, back, kind }) => {
      if (kind !== 'way') return [];
      const rows = ways.flatMap(({ arrow }, row) => (arrow === key ? [row] : []));
      const middle = ((rows[0] ?? 0) + (rows.at(-1) ?? 0) + 1) / 2;
      return [port(key, back ? 'WEST' : 'EAST', top + middle * LINE)];
    });
    return [...out, port('in', 'WEST', HEADER / 2), port('back', 'EAST', HEADER / 2)];
  }

  function leaf(state: ChartState): ElkNode {
    nodes.set(state.id, { state, part: 'leaf' });
    const size = leafSize(state);
    return {
      id: state.id,
      ...size,
      ports: portsOf(state.id, state.ways, HEADER, size.width),
      layoutOptions: { 'elk.portConstraints': 'FIXED_POS' },
    };
  }

  function list(state: ChartState): ElkNode[] {
    if (state.ways.length === 0) return [];
    const id = anyOf(state.id);
    nodes.set(id, { state, part: 'list' });
    const size = listSize(state);
    const ports = portsOf(id, state.ways, PADDING / 2, size.width).filter(({ id: port }) => /→/.test(port));
    return [{ id, ...size, ports, layoutOptions: { 'elk.portConstraints': 'FIXED_POS' } }];
  }

  function box(state: ChartState, isAct: boolean): ElkNode {
    nodes.set(state.id, { state, part: 'box' });
    const head = headOf(state);
    const dot = state.initial === null ? [] : [{ id: dotOf(state.id), width: DOT, height: DOT }];
    return {
      id: state.id,
      children: [...dot, ...list(state), ...state.children.map((child) => nodeOf(child, false))],
      edges: isAct
        ? arrows.filter(({ kind, from }) => kind !== 'act' && isIn(from, state.id)).map(edgeOf)
        : [],
      layoutOptions: {
        ...(isAct ? WHOLE : LAYERED),
        'elk.padding': `[top=${head.height + 6},left=16,bottom=16,right=16]`,
        'elk.nodeSize.constraints': 'MINIMUM_SIZE',
        'elk.nodeSize.minimum': `(${Math.ceil(head.width) + 32},60)`,
      },
    };
  }

  function nodeOf(state: ChartState, isAct: boolean): ElkNode {
    return state.children.length > 0 ? box(state, isAct) : leaf(state);
  }

  function edgeOf({ key, from, to, back, kind }: ChartArrow): ElkExtendedEdge {
    const source = nodes.get(from) && kind === 'way' ? `${from}@${key}` : from;
    const target = nodes.get(to)?.part === 'leaf' && kind !== 'act' ? `${to}@${back ? 'back' : 'in'}` : to;
    const [sources, targets] = back ? [[target], [source]] : [[source], [target]];
    return { id: key, sources, targets };
  }

  // Boxes know which arrows start in them only once all of them are known.
  for (const state of statesOf(root)) {
    nodes.set(state.id, { state, part: state.children.length > 0 ? 'box' : 'leaf' });
    if (state.children.length > 0) nodes.set(anyOf(state.id), { state, part: 'list' });
  }
  const head = headOf(root);
  const graph: ElkNode = {
    id: root.id,
    layoutOptions: {
      ...(inActs ? ACTS : WHOLE),
      'elk.padding': `[top=${head.height + 6},left=12,bottom=12,right=12]`,
    },
    children: root.children.map((child) => nodeOf(child, inActs)),
    edges: arrows.filter(({ kind }) => !inActs || kind === 'act').map(edgeOf),
  };
  const placed = await elk.layout(graph);
  nodes.set(root.id, { state: root, part: 'box' });

  const drawing = {
    placed: [] as PlacedState[],
    dots: [] as Drawing['dots'][number][],
    arrows: [] as PlacedArrow[],
  };
  const arrowOf = new Map(arrows.map((arrow) => [arrow.key, arrow]));
  function gather(node: ElkNode): void {
    const { id, x = 0, y = 0, width = 0, height = 0 } = node;
    const known = nodes.get(id);
    if (known) drawing.placed.push({ ...known, x, y, width, height });
    else drawing.dots.push({ id, x: x + DOT / 2, y: y + DOT / 2 });
    for (const edge of node.edges ?? []) {
      const arrow = arrowOf.get(edge.id);
      const points = (edge.sections ?? []).flatMap(({ startPoint, bendPoints = [], endPoint }) => [
        startPoint,
        ...bendPoints,
        endPoint,
      ]);
      if (arrow) drawing.arrows.push({ arrow, points: arrow.back ? points.reverse() : points });
    }
    for (const child of node.children ?? []) gather(child);
  }
  gather(placed);
  return { chart, width: placed.width ?? 0, height: placed.height ?? 0, ...drawing };
}

export const statesOf = (state: ChartState): ChartState[] => [state, ...state.children.flatMap(statesOf)];

const isIn = (id: string, box: string) => id === box || id.startsWith(`${box}.`) || id.startsWith(`${box}:`);
