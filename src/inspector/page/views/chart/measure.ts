import type { ChartState, Way } from './read-chart.ts';

/** Sizes of the drawing in px, before zooming; `chart.css` says the same. */
export const HEADER = 30;
export const LINE = 18;
export const PADDING = 8;
/** A letter of the lines, which are monospaced at 11 px, and one of the names. */
const LETTER = 6.7;
const NAME_LETTER = 8;
/** Room for a way's clock, or for the knob of its arrow. */
const KNOB = 26;
const CLOCK = 54;
/** The dot of a state and the space around its name. */
const NAME_ROOM = 50;
/** Lines at the head of a box stand in columns of about this width. */
const COLUMN_GAP = 24;

export function textOf({ event, guard, to }: Way): string {
  return [event, guard && `[${guard}]`, to && `→ ${to}`].filter(Boolean).join(' ');
}

const lineWidth = (way: Way) => textOf(way).length * LETTER + KNOB + (way.delay === null ? 0 : CLOCK);
const widest = (widths: readonly number[]) => Math.ceil(Math.max(0, ...widths));
const nameWidth = ({ key, runs }: ChartState) =>
  key.length * NAME_LETTER + NAME_ROOM + (runs.length > 0 ? runs.join(', ').length * 6 + 16 : 0);

/** The lines of a state that has nothing inside: ways, doors, and what it hears. */
export const linesOf = ({ ways, doors, hears }: ChartState): readonly Way[] => [...ways, ...doors, ...hears];

export function leafSize(state: ChartState): { width: number; height: number } {
  const lines = linesOf(state);
  return {
    width: Math.max(112, widest([nameWidth(state), ...lines.map(lineWidth)])),
    height: HEADER + (lines.length > 0 ? lines.length * LINE + PADDING : 2),
  };
}

/** The list of ways that stands inside of a box. */
export function listSize({ ways }: ChartState): { width: number; height: number } {
  return { width: widest(ways.map(lineWidth)), height: ways.length * LINE + PADDING };
}

/** The lines at a box's head, in columns. */
export interface Head {
  columns: number;
  columnWidth: number;
  height: number;
  width: number;
}

export function headOf(state: ChartState): Head {
  const lines = [...state.doors, ...state.hears];
  const columnWidth = widest(lines.map(lineWidth)) + COLUMN_GAP;
  const columns = Math.min(lines.length, lines.length > 6 ? 4 : lines.length > 3 ? 2 : 1);
  const rows = columns === 0 ? 0 : Math.ceil(lines.length / columns);
  return {
    columns,
    columnWidth,
    height: HEADER + rows * LINE + (rows > 0 ? PADDING : 4),
    width: Math.max(nameWidth(state), columns * columnWidth),
  };
}
