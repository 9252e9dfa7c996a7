import type { Drawing, Rect } from './lay-out.ts';

/** Below this zoom the lines of a state cannot be read. */
export const READABLE = 0.52;
const LARGEST = 1.1;
const MARGIN = 24;

export interface Viewport {
  x: number;
  y: number;
  zoom: number;
}

/** The active states that have nothing inside. */
export function activeLeaves({ placed }: Drawing, active: ReadonlySet<string>): Rect[] {
  return placed.filter(({ state, part }) => part === 'leaf' && active.has(state.id));
}

/**
 * What is worth seeing of a drawing while these states are active: all of it, where that can be read; else the largest
 * box around them that can; else they with the states to which they may lead; else they alone.
 */
export function sceneOf(
  drawing: Drawing,
  active: ReadonlySet<string>,
  screen: { width: number; height: number },
): Rect {
  const whole = { x: 0, y: 0, width: drawing.width, height: drawing.height };
  const leaves = activeLeaves(drawing, active);
  if (leaves.length === 0) return whole;
  const around = drawing.placed.filter(({ state, part }) => part === 'box' && active.has(state.id));
  const holdsAll = (box: Rect) => leaves.every((leaf) => holds(box, leaf));
  const near = nearOf(drawing, active);
  const choices = [whole, ...around.filter(holdsAll), unionOf([...leaves, ...near]), unionOf(leaves)];
  return choices.find((rect) => zoomFor(rect, screen) >= READABLE) ?? unionOf(leaves);
}

function nearOf({ arrows, placed }: Drawing, active: ReadonlySet<string>): Rect[] {
  const isLit = (id: string) => active.has(id.replace(/:any$/, ''));
  const ids = new Set(
    arrows.flatMap(({ arrow: { kind, from, to } }) => (kind === 'way' && isLit(from) ? [to] : [])),
  );
  return placed.filter(({ state, part }) => part !== 'list' && ids.has(state.id));
}

export function zoomFor({ width, height }: Rect, screen: { width: number; height: number }): number {
  return Math.min((screen.width - MARGIN) / width, (screen.height - MARGIN) / height, LARGEST);
}

/** How the drawing must be moved for `rect` to fill the screen. */
export function viewportFor(rect: Rect, screen: { width: number; height: number }, least = 0.05): Viewport {
  const zoom = Math.max(least, zoomFor(rect, screen));
  return {
    zoom,
    x: screen.width / 2 - (rect.x + rect.width / 2) * zoom,
    y: screen.height / 2 - (rect.y + rect.height / 2) * zoom,
  };
}

/** Whether `rect` is on the screen, whole and large enough. */
export function isSeen(
  rect: Rect,
  { x, y, zoom }: Viewport,
  screen: { width: number; height: number },
): boolean {
  const left = rect.x * zoom + x;
  const top = rect.y * zoom + y;
  return (
    zoom >= READABLE * 0.9 &&
    left >= 0 &&
    top >= 0 &&
    left + rect.width * zoom <= screen.width &&
    top + rect.height * zoom <= screen.height
  );
}

function holds(box: Rect, rect: Rect): boolean {
  return (
    rect.x >= box.x &&
    rect.y >= box.y &&
    rect.x + rect.width <= box.x + box.width &&
    rect.y + rect.height <= box.y + box.height
  );
}

export function unionOf(rects: readonly Rect[]): Rect {
  const x = Math.min(...rects.map((rect) => rect.x));
  const y = Math.min(...rects.map((rect) => rect.y));
  return {
    x,
    y,
    width: Math.max(...rects.map((rect) => rect.x + rect.width)) - x,
    height: Math.max(...rects.map((rect) => rect.y + rect.height)) - y,
  };
}
