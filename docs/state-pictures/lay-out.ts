import ELK, { type ElkNode } from 'elkjs/lib/elk.bundled.js';
import type { Chart, ChartEdge, ChartNode, NodeKind, Trigger } from './read-chart.ts';

/** Pixels. Text is measured by the letter, because no browser is at hand; the widths are those of wide system fonts. */
export const SIZES = { name: 13, note: 11, label: 11, labelLine: 15 };
const NAME_LETTER = 7.9;
const NOTE_LETTER = 6;
/** Every monospaced font has letters of 0.6 of its size. */
export const LABEL_LETTER = SIZES.label * 0.6;
const MOST_NOTE_LETTERS = 26;

export interface PlacedNode {
  kind: NodeKind;
  name: string;
  note: string[];
  depth: number;
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface PlacedEdge {
  points: { x: number; y: number }[];
  triggers: Trigger[];
  label: { x: number; y: number; width: number; height: number } | undefined;
}

/** Boxes from the outermost inwards. */
export interface Drawing {
  title: string[];
  width: number;
  height: number;
  nodes: PlacedNode[];
  edges: PlacedEdge[];
}

/** Where the layers follow each other: to the right, or downwards. */
export type Direction = 'RIGHT' | 'DOWN';

const options = (direction: Direction) => ({
  'elk.algorithm': 'layered',
  'elk.direction': direction,
  'elk.hierarchyHandling': 'INCLUDE_CHILDREN',
  'elk.edgeRouting': 'ORTHOGONAL',
  'elk.json.shapeCoords': 'ROOT',
  'elk.json.edgeCoords': 'ROOT',
  'elk.layered.nodePlacement.strategy': 'NETWORK_SIMPLEX',
  'elk.layered.spacing.nodeNodeBetweenLayers': '26',
  'elk.layered.spacing.edgeNodeBetweenLayers': '16',
  'elk.layered.spacing.edgeEdgeBetweenLayers': '12',
  'elk.spacing.nodeNode': '28',
  'elk.spacing.edgeNode': '16',
  'elk.spacing.edgeEdge': '12',
  'elk.spacing.edgeLabel': '4',
  'elk.randomSeed': '1',
});

/** Places a chart's boxes, arrows and labels. The same chart is always placed the same way. */
export async function layOut({ title, nodes, edges }: Chart, direction: Direction): Promise<Drawing> {
  const known = new Map<string, { node: ChartNode; depth: number }>();
  const graph: ElkNode = {
    id: 'picture',
    layoutOptions: {
      ...options(direction),
      'elk.padding': `[top=${title.length > 0 ? 24 : 4},left=4,bottom=4,right=4]`,
    },
    children: nodes.map((node) => elkNode(node, 0)),
    edges: [],
  };

  function elkNode(node: ChartNode, depth: number): ElkNode {
    known.set(node.id, { node, depth });
    if (node.children.length === 0) return { id: node.id, ...sizeOf(node) };
    return {
      id: node.id,
      layoutOptions: {
        ...options(direction),
        'elk.padding': '[top=38,left=16,bottom=16,right=16]',
        'elk.nodeSize.constraints': 'MINIMUM_SIZE',
        'elk.nodeSize.minimum': `(${widthOfTitle(node)},40)`,
      },
      children: node.children.map((child) => elkNode(child, depth + 1)),
    };
  }

  // In the order of the definition life goes forward: an arrow back is laid out as one forward, and turned round.
  const order = new Map([...known.keys()].map((id, place) => [id, place]));
  const goesBack = ({ from, to }: ChartEdge) => (order.get(from) ?? 0) > (order.get(to) ?? 0);
  graph.edges = edges.map((edge, index) => elkEdge(edge, index, goesBack(edge)));

  const placed = await new ELK.default().layout(graph);
  const drawing: Drawing = {
    title,
    width: whole(placed.width),
    height: whole(placed.height),
    nodes: [],
    edges: [],
  };

  function gather(inner: readonly ElkNode[]): void {
    for (const { id, x, y, width, height, children } of inner) {
      const found = known.get(id);
      if (!found) continue;
      const { kind, name, note } = found.node;
      const box = { x: whole(x), y: whole(y), width: whole(width), height: whole(height) };
      drawing.nodes.push({ kind, name, note: linesOf(note), depth: found.depth, ...box });
      gather(children ?? []);
    }
  }
  gather(placed.children ?? []);

  for (const [index, { sections, labels }] of (placed.edges ?? []).entries()) {
    const points = (sections ?? []).flatMap(({ startPoint, bendPoints = [], endPoint }) => [
      startPoint,
      ...bendPoints,
      endPoint,
    ]);
    const edge = edges[index];
    if (edge && goesBack(edge)) points.reverse();
    const [label] = labels ?? [];
    drawing.edges.push({
      points: points.map(({ x, y }) => ({ x: whole(x), y: whole(y) })),
      triggers: edge?.triggers ?? [],
      label: label && {
        x: whole(label.x),
        y: whole(label.y),
        width: whole(label.width),
        height: whole(label.height),
      },
    });
  }
  return drawing;
}

/** What stands on an arrow for one way to take it. */
export function labelOf({ event, guard }: Trigger): string {
  return [event, guard && `[${guard}]`].filter(Boolean).join(' ');
}

function elkEdge({ from, to, triggers }: ChartEdge, index: number, reversed: boolean) {
  const letters = Math.max(0, ...triggers.map((trigger) => labelOf(trigger).length));
  const label = {
    text: 'label',
    width: Math.ceil(letters * LABEL_LETTER) + 8,
    height: triggers.length * SIZES.labelLine + 4,
    layoutOptions: { 'elk.edgeLabels.inline': 'true' },
  };
  const [sources, targets] = reversed ? [[to], [from]] : [[from], [to]];
  const isInner = boxOf(from) === boxOf(to);
  const layoutOptions = isInner
    ? { 'elk.layered.priority.shortness': '10', 'elk.layered.priority.straightness': '10' }
    : {};
  return { id: `e${index}`, layoutOptions, sources, targets, labels: triggers.length > 0 ? [label] : [] };
}

const boxOf = (id: string) => id.replace(/[.:][^.:]*$/, '');

function sizeOf({ kind, name, note }: ChartNode): { width: number; height: number } {
  if (kind === 'initial') return { width: 10, height: 10 };
  const notes = linesOf(note);
  const noteWidth = Math.max(0, ...notes.map((line) => line.length)) * NOTE_LETTER;
  const width = Math.ceil(Math.max(widthOfName(name), noteWidth)) + 28;
  if (kind === 'anyState') return { width: Math.ceil(name.length * NOTE_LETTER) + 16, height: 20 };
  return { width, height: 34 + notes.length * 15 };
}

const widthOfTitle = ({ name, note }: ChartNode) =>
  Math.ceil(widthOfName(name) + (note ? 8 + note.length * NOTE_LETTER : 0)) + 28;
const widthOfName = (name: string) => name.length * NAME_LETTER;

/** A note, in lines that are not much wider than a name. */
function linesOf(note: string): string[] {
  const lines: string[] = [];
  for (const word of note.split(' ').filter(Boolean)) {
    const last = lines.at(-1);
    if (last === undefined || `${last} ${word}`.length > MOST_NOTE_LETTERS) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}

const whole = (value = 0) => Math.round(value);
