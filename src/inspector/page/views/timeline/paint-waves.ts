import type { LevelSample } from '../../../messages.ts';
import { meterOf } from '../../format.ts';
import type { Picture } from './paint.ts';

/** Columns are so wide, with a pixel between them, in px. */
const COLUMN = 3;
/** A sample fills at most so many columns: where samples are further apart, nobody measured. */
const WIDEST = 12;
const SILENCE_DB = -90;

interface Place {
  x(at: number): number;
  /** The line between caller and agent, and the height of either side. */
  middle: number;
  half: number;
}

/** Draws the levels, the caller's upwards and the agent's downwards: in each column the loudest that falls into it. */
export function paintWaves(
  pen: CanvasRenderingContext2D,
  { levels, window, colours }: Picture,
  { x, middle, half }: Place,
): void {
  const heightOf = (db: number) => meterOf(db) * (half - 5);
  const columns: { column: number; caller: number; agent: number }[] = [];
  for (let place = placeFrom(levels, window.from); place < levels.length; place += 1) {
    const sample = levels[place];
    if (!sample || sample[0] > window.to) break;
    const [at, caller, agent] = sample;
    const column = Math.floor(x(at) / COLUMN);
    const last = columns.at(-1);
    if (last?.column === column) {
      last.caller = Math.max(last.caller, caller);
      last.agent = Math.max(last.agent, agent);
    } else columns.push({ column, caller, agent });
  }

  const draw = (side: 'caller' | 'agent') => {
    pen.fillStyle = colours[side];
    for (const [place, one] of columns.entries()) {
      const tall = heightOf(one[side] ?? SILENCE_DB);
      if (tall <= 0.5) continue;
      const next = columns[place + 1]?.column ?? one.column + 1;
      for (let column = one.column; column < Math.min(next, one.column + WIDEST); column += 1) {
        pen.fillRect(column * COLUMN, side === 'caller' ? middle - 4 - tall : middle + 4, COLUMN - 1, tall);
      }
    }
  };
  draw('caller');
  draw('agent');
}

/** The place of the last sample that is not after `at`. */
export function placeFrom(levels: readonly LevelSample[], at: number): number {
  let [low, high] = [0, levels.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((levels[middle]?.[0] ?? 0) <= at) low = middle + 1;
    else high = middle;
  }
  return Math.max(0, low - 1);
}
