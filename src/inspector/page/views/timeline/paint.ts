import type { LevelSample } from '../../../messages.ts';
import { clock, moment, wait } from '../../format.ts';
import { callStateOf, wordsOf } from '../../state-words.ts';
import type { Colours } from './colours.ts';
import { paintWaves } from './paint-waves.ts';
import type { Span, Timeline } from './read-timeline.ts';
import { stepOf } from './window.ts';

export interface Picture {
  timeline: Timeline;
  levels: readonly LevelSample[];
  talkOver: readonly Span[];
  deadAir: readonly Span[];
  window: Span;
  now: number;
  width: number;
  height: number;
  colours: Colours;
}

/** Heights in px, from the top; the waves share what is left. */
const RULER = 18;
const BAND = 19;
const ANSWERS = 18;
const FLAGS = 20;

const FONT = '11px ui-sans-serif, system-ui, "Segoe UI", "Liberation Sans", sans-serif';
/** An answer after longer than this is slow; after longer than that, too slow. In ms. */
const SLOW_MS = 1_000;
const TOO_SLOW_MS = 2_000;

export function paint(pen: CanvasRenderingContext2D, picture: Picture): void {
  const { timeline, window, now, width, height, colours } = picture;
  const scale = width / (window.to - window.from);
  const x = (at: number) => (at - window.from) * scale;
  const wave = { top: RULER + BAND + ANSWERS, bottom: height - FLAGS };
  const middle = (wave.top + wave.bottom) / 2;
  const half = (wave.bottom - wave.top) / 2 - 1;
  const isSeen = ({ from, to }: Span) => to >= window.from && from <= window.to;
  const area = ({ from, to }: Span, top: number, tall: number, least = 1) => {
    const left = Math.max(0, x(from));
    pen.fillRect(left, top, Math.max(least, Math.min(width, x(Math.min(to, now))) - left), tall);
  };

  pen.clearRect(0, 0, width, height);
  pen.font = FONT;
  pen.textBaseline = 'middle';

  ruler();
  bands();
  pen.fillStyle = colours.lineStrong;
  pen.fillRect(0, middle - 0.5, width, 1);
  if (timeline.missingUntil > 0) hatch({ from: 0, to: timeline.missingUntil }, 'older records were dropped');
  for (const span of picture.deadAir.filter(isSeen)) hatchSilence(span);
  speech();
  paintWaves(pen, picture, { x, middle, half });
  pen.globalAlpha = 0.34;
  pen.fillStyle = colours.bad;
  for (const span of picture.talkOver.filter(isSeen)) area(span, wave.top, wave.bottom - wave.top, 2);
  pen.globalAlpha = 1;
  answers();
  flags();

  function ruler(): void {
    const step = stepOf(window, width, 74);
    const first = Math.ceil(window.from / step) * step;
    for (let at = first; at <= window.to; at += step) {
      pen.fillStyle = colours.grid;
      pen.fillRect(Math.round(x(at)), RULER - 5, 1, height);
      pen.fillStyle = colours.textFaint;
      pen.textAlign = at === 0 ? 'left' : 'center';
      pen.fillText(step >= 1_000 ? clock(at) : moment(at).slice(1, -1), Math.round(x(at)), 8);
    }
  }

  function bands(): void {
    for (const { word, from, to } of timeline.bands) {
      const span = { from, to: to ?? now };
      if (!isSeen(span)) continue;
      const state = callStateOf(word);
      pen.fillStyle = colours.states[state];
      area(span, RULER, BAND - 3);
      pen.globalAlpha = 0.07;
      area(span, RULER + BAND, height);
      pen.globalAlpha = 1;
      const left = Math.max(0, x(from));
      const room = Math.min(width, x(span.to)) - left;
      const [short, long] = [wordsOf(state), wordsOf(word)];
      const label = [long, short].find((text) => pen.measureText(text).width < room - 8);
      if (!label) continue;
      pen.fillStyle = colours.onState;
      pen.textAlign = 'left';
      pen.fillText(label, left + 4, RULER + (BAND - 3) / 2 + 0.5);
    }
  }

  function speech(): void {
    for (const [side, top] of [
      ['caller', middle - half],
      ['agent', middle],
    ] as const) {
      pen.fillStyle = colours[side];
      for (const span of timeline.sounds[side].filter(isSeen)) {
        pen.globalAlpha = 0.16;
        area(span, top, half, 2);
        pen.globalAlpha = 1;
        area(span, side === 'caller' ? middle - 4 : middle + 1, 3, 2);
      }
    }
  }

  function hatchSilence(span: Span): void {
    const long = wait(span.to - span.from);
    hatch(span, `dead air ${long}`, long);
  }

  function hatch(span: Span, ...labels: string[]): void {
    const left = Math.max(0, x(span.from));
    const right = Math.min(width, x(span.to));
    pen.save();
    pen.beginPath();
    pen.rect(left, wave.top, right - left, wave.bottom - wave.top);
    pen.clip();
    pen.strokeStyle = colours.lineStrong;
    for (let at = left - (wave.bottom - wave.top); at < right; at += 7) {
      pen.beginPath();
      pen.moveTo(at, wave.bottom);
      pen.lineTo(at + wave.bottom - wave.top, wave.top);
      pen.stroke();
    }
    const label = labels.find((text) => pen.measureText(text).width + 10 < right - left);
    if (label) {
      const room = pen.measureText(label).width + 10;
      const middleX = (left + right) / 2;
      pen.fillStyle = colours.surface;
      pen.fillRect(middleX - room / 2, middle + half / 2 - 9, room, 18);
      pen.fillStyle = colours.textSoft;
      pen.textAlign = 'center';
      pen.fillText(label, middleX, middle + half / 2);
    }
    pen.restore();
  }

  function answers(): void {
    let free = -Infinity;
    const y = RULER + BAND + ANSWERS / 2;
    for (const { at, ms } of timeline.answers) {
      const left = x(at);
      if (left < -60 || left > width) continue;
      pen.fillStyle = ms > TOO_SLOW_MS ? colours.bad : ms > SLOW_MS ? colours.warn : colours.good;
      pen.fillRect(Math.round(left), y - 7, 1.5, wave.bottom - y + 7);
      const label = wait(ms);
      const long = pen.measureText(label).width + 8;
      if (left < free) continue;
      free = left + long;
      pen.textAlign = 'left';
      pen.fillText(label, left + 4, y);
    }
  }

  function flags(): void {
    pen.fillStyle = colours.textFaint;
    for (const at of timeline.marks) {
      if (at >= window.from && at <= window.to) pen.fillRect(Math.round(x(at)), height - 4, 1, 4);
    }
    let free = -Infinity;
    for (const { at, onset, clearAfterMs, outcome } of timeline.bargeIns) {
      const left = Math.round(x(at));
      if (left < -160 || left > width) continue;
      pen.fillStyle = colours.states.bargeIn;
      area({ from: onset ?? at, to: at + clearAfterMs }, wave.top, wave.bottom - wave.top, 2);
      pen.beginPath();
      pen.moveTo(left, wave.bottom - 1);
      pen.lineTo(left + 5, wave.bottom + 8);
      pen.lineTo(left - 5, wave.bottom + 8);
      pen.fill();
      pen.fillStyle = colours.states.bargeInText;
      const label = `cut in ${wait(at + clearAfterMs - (onset ?? at))} · ${outcome}`;
      const brief = outcome;
      const fits = [label, brief].find(
        (text) => left + 8 > free && (text === brief || fitsBefore(at, left, text)),
      );
      if (!fits) continue;
      free = left + 8 + pen.measureText(fits).width + 6;
      pen.textAlign = 'left';
      pen.fillText(fits, left + 8, wave.bottom + 8);
    }
  }

  /** Whether a flag's words end before the next flag. */
  function fitsBefore(at: number, left: number, text: string): boolean {
    const next = timeline.bargeIns.find((other) => other.at > at);
    return !next || left + 14 + pen.measureText(text).width < x(next.at);
  }
}
