import { type Drawing, LABEL_LETTER, labelOf, type PlacedEdge, type PlacedNode, SIZES } from './lay-out.ts';

const MARGIN = 14;
const CORNER = 7;

/** Colours, for a light and a dark page. The picture has its own ground, so that it can be read on either. */
const THEMES = {
  light: {
    ground: '#fbfcfe',
    frame: '#d5dce6',
    box: '#ffffff',
    group: ['#f3f6fa', '#eaeff6', '#e1e8f1', '#d8e1ec'],
    line: '#8794a8',
    name: '#17233a',
    note: '#5d6b82',
    arrow: '#64748b',
    event: '#1f4fa3',
    guard: '#7a4a9a',
    timer: '#a4520c',
  },
  dark: {
    ground: '#10161f',
    frame: '#2a3442',
    box: '#1d2734',
    group: ['#151d28', '#1a2431', '#202c3b', '#263445'],
    line: '#5d6d83',
    name: '#e8eef7',
    note: '#9aa8bc',
    arrow: '#8292a8',
    event: '#8db8ff',
    guard: '#cfa5ee',
    timer: '#f0ac68',
  },
};

type Theme = (typeof THEMES)['light'];

const rulesOf = (t: Theme) =>
  [
    `.ground{fill:${t.ground};stroke:${t.frame}}`,
    `.box{fill:${t.box};stroke:${t.line}}`,
    ...t.group.map((fill, depth) => `.group${depth}{fill:${fill};stroke:${t.line}}`),
    ...[t.ground, ...t.group].map((fill, place) => `.halo${place}{fill:${fill};stroke:${fill}}`),
    `.ring{fill:none;stroke:${t.line}}`,
    `.elsewhere{fill:none;stroke:${t.line};stroke-dasharray:2 3}`,
    `.dot,.head{fill:${t.arrow}}`,
    `.arrow{fill:none;stroke:${t.arrow}}`,
    `.name{fill:${t.name}}`,
    `.note,.plain{fill:${t.note}}`,
    `.event{fill:${t.event}}`,
    `.guard{fill:${t.guard}}`,
    `.timer{fill:${t.timer}}`,
    `.under{fill:${t.ground};fill-opacity:.88}`,
  ].join('');

const STYLE = [
  `text{font-family:ui-sans-serif,system-ui,-apple-system,"Segoe UI",Helvetica,Arial,sans-serif}`,
  `.label{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace;font-size:${SIZES.label}px}`,
  `.name,.title{font-size:${SIZES.name}px;font-weight:600}`,
  '.name{text-anchor:middle}',
  '.title{text-anchor:start}',
  `.note{font-size:${SIZES.note}px;text-anchor:middle}`,
  `.about{font-size:${SIZES.note}px;font-weight:400}`,
  '.plain{font-style:italic}',
  '.arrow{stroke-width:1.2}',
  '.halo{stroke-width:6;stroke-linejoin:round}',
  '.region{stroke-dasharray:6 4}',
  rulesOf(THEMES.light),
  `@media (prefers-color-scheme:dark){${rulesOf(THEMES.dark)}}`,
].join('\n');

/** Writes a drawing as an SVG that needs nothing but itself. */
export function paint({ title, width, height, nodes, edges }: Drawing, subject: string): string {
  const [fullWidth, fullHeight] = [width + 2 * MARGIN, height + 2 * MARGIN];
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" width="${fullWidth}" height="${fullHeight}" viewBox="${-MARGIN} ${-MARGIN} ${fullWidth} ${fullHeight}" role="img">`,
    `<title>${escaped(subject)}</title>`,
    `<style>\n${STYLE}\n</style>`,
    '<defs><marker id="head" viewBox="0 0 8 8" refX="7.5" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto"><path class="head" d="M0 .5 8 4 0 7.5Z"/></marker></defs>',
    `<rect class="ground" x="${0.5 - MARGIN}" y="${0.5 - MARGIN}" width="${fullWidth - 1}" height="${fullHeight - 1}" rx="10"/>`,
    ...nodes.map(nodeOf),
    ...edges.map(lineOf),
    titleOf(title, 2, 8, 0),
    ...nodes.map(boxTitleOf),
    ...edges.map(labelsOf),
    '</svg>',
  ]
    .filter(Boolean)
    .join('\n')}\n`;
}

function nodeOf({ kind, name, note, depth, x, y, width, height }: PlacedNode): string {
  const middle = x + width / 2;
  const rect = (className: string, inset = 0, radius = 9) =>
    `<rect class="${className}" x="${x + inset}" y="${y + inset}" width="${width - 2 * inset}" height="${height - 2 * inset}" rx="${radius}"/>`;
  const named = (className: string) => {
    const top = y + (height - note.length * 15) / 2 + 4.5;
    const lines = note.map((line, index) => textOf('note', middle, top + 16 + index * 15, line));
    return [textOf(className, middle, top, name), ...lines].join('');
  };

  switch (kind) {
    case 'initial':
      return `<circle class="dot" cx="${middle}" cy="${y + height / 2}" r="${width / 2}"/>`;
    case 'anyState':
      return textOf('note plain', middle, y + 14, name);
    case 'elsewhere':
      return rect('elsewhere', 0, height / 2) + textOf('name', middle, y + height / 2 + 4.5, name);
    case 'final':
      return rect('box') + rect('ring', 3.5, 6) + named('name');
    case 'state':
    case 'folded':
      return rect('box') + named('name');
    default:
      return rect(`group${depthOf(depth)}${kind === 'region' ? ' region' : ''}`);
  }
}

/** Boxes further in look alike. */
const depthOf = (depth: number) => Math.min(depth, 3);

/** The names of boxes with something in them stand above the arrows that cross them. */
function boxTitleOf({ kind, name, note, depth, x, y }: PlacedNode): string {
  if (kind !== 'compound' && kind !== 'parallel' && kind !== 'region') return '';
  return titleOf([name, note.join(' ')], x + 14, y + 22, depthOf(depth) + 1);
}

function titleOf([name, note]: string[], x: number, y: number, halo: number): string {
  if (!name) return '';
  const layer = (own: string, about: string) =>
    `<text class="title ${own}" x="${x}" y="${y}">${escaped(name)}${note ? `<tspan class="${about}" dx="8">${escaped(note)}</tspan>` : ''}</text>`;
  return layer(`halo halo${halo}`, 'about') + layer('name', 'note about');
}

function lineOf({ points }: PlacedEdge): string {
  const [start, ...rest] = points;
  if (!start) return '';
  let path = `M${start.x} ${start.y}`;
  for (const [index, point] of rest.entries()) {
    const next = rest[index + 1];
    const before = points[index];
    if (!next || !before) {
      path += `L${point.x} ${point.y}`;
      continue;
    }
    const [from, to] = [towards(point, before), towards(point, next)];
    path += `L${from.x} ${from.y}Q${point.x} ${point.y} ${to.x} ${to.y}`;
  }
  return `<path class="arrow" d="${path}" marker-end="url(#head)"/>`;
}

/** The point a corner's radius, or half the way, from a bend to its neighbour. */
function towards(bend: { x: number; y: number }, other: { x: number; y: number }) {
  const distance = Math.abs(other.x - bend.x) + Math.abs(other.y - bend.y);
  const share = distance === 0 ? 0 : Math.min(CORNER, distance / 2) / distance;
  const tenths = (value: number) => Math.round(value * 10) / 10;
  return { x: tenths(bend.x + (other.x - bend.x) * share), y: tenths(bend.y + (other.y - bend.y) * share) };
}

function labelsOf({ label, triggers }: PlacedEdge): string {
  if (!label) return '';
  const { x, y, width, height } = label;
  const lines = triggers.map((trigger, index) => {
    const { event, guard, isTimer } = trigger;
    const left = x + (width - labelOf(trigger).length * LABEL_LETTER) / 2;
    const parts = [
      event && `<tspan class="${isTimer ? 'timer' : 'event'}">${escaped(event)}</tspan>`,
      guard && `<tspan class="guard">[${escaped(guard)}]</tspan>`,
    ].filter(Boolean);
    return `<text class="label" x="${Math.round(left)}" y="${y + 13 + index * SIZES.labelLine}">${parts.join(' ')}</text>`;
  });
  return `<rect class="under" x="${x}" y="${y}" width="${width}" height="${height}" rx="3"/>${lines.join('')}`;
}

function textOf(className: string, x: number, y: number, text: string): string {
  return `<text class="${className}" x="${x}" y="${y}">${escaped(text)}</text>`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
