import './views.css';
import './timeline/timeline.css';
import { type KeyboardEvent, useEffect, useMemo, useRef, useState } from 'react';
import type { Facts, JournalRecord, LevelSample } from '../../messages.ts';
import { moment as preciseTime } from '../format.ts';
import { placeAfter } from '../moment.ts';
import { wordsOf } from '../state-words.ts';
import { useColours } from './timeline/colours.ts';
import { paint } from './timeline/paint.ts';
import { placeFrom } from './timeline/paint-waves.ts';
import { deadAirOf, readTimeline, talkOverOf } from './timeline/read-timeline.ts';
import { useGestures } from './timeline/use-gestures.ts';
import { moved, showing, type View, windowOf, zoomed } from './timeline/window.ts';
import { useSize } from './use-size.ts';

interface Props {
  records: readonly JournalRecord[];
  /** Empty where nobody watched. */
  levels: readonly LevelSample[];
  figures: Facts;
  /** The call's last moment, or the present one, in ms since its start. */
  now: number;
  /** The moment that is shown. */
  upTo: number;
  live: boolean;
  onSeek(at: number): void;
}

/** One call along its time: states, both sides' sound, interruptions, answers and silences. */
export function TimelineView({ records, levels, figures, now, upTo, live, onSeek }: Props) {
  const surface = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const { width, height } = useSize(surface);
  const colours = useColours();
  const [view, setView] = useState<View>('all');
  const [hover, setHover] = useState<number | null>(null);
  const timeline = useMemo(() => readTimeline(records), [records]);
  const talkOver = useMemo(() => talkOverOf(timeline, now), [timeline, now]);
  const deadAir = useMemo(() => deadAirOf(timeline, now), [timeline, now]);
  const { from, to } = windowOf(view, now);

  const timeAt = (x: number) => from + (x / Math.max(1, width)) * (to - from);
  const seek = (at: number) => onSeek(Math.min(now, Math.max(0, at)));
  const gestures = useGestures(surface, {
    seek: (x) => seek(timeAt(x)),
    zoom: (x, factor) => setView((before) => zoomed(before, now, timeAt(x), factor)),
    pan: (px) => setView((before) => moved(before, now, (px / Math.max(1, width)) * (to - from))),
  });

  useEffect(() => {
    const pen = canvas.current?.getContext('2d');
    if (!canvas.current || !pen || width === 0 || height === 0) return;
    const ratio = window.devicePixelRatio;
    const [wide, tall] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (canvas.current.width !== wide) canvas.current.width = wide;
    if (canvas.current.height !== tall) canvas.current.height = tall;
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    paint(pen, { timeline, levels, talkOver, deadAir, window: { from, to }, now, width, height, colours });
  }, [timeline, levels, talkOver, deadAir, from, to, now, width, height, colours]);

  const step = useRef((ms: number) => ms);
  step.current = (at) => {
    const next = Math.min(now, Math.max(0, at));
    setView((before) => showing(before, now, next));
    onSeek(next);
    return next;
  };
  function pressed(event: KeyboardEvent): void {
    const far = event.shiftKey ? 1_000 : 100;
    const moves: Record<string, () => void> = {
      ArrowLeft: () => step.current(upTo - far),
      ArrowDown: () => step.current(upTo - far),
      ArrowRight: () => step.current(upTo + far),
      ArrowUp: () => step.current(upTo + far),
      PageDown: () => step.current(upTo - 5_000),
      PageUp: () => step.current(upTo + 5_000),
      Home: () => step.current(0),
      End: () => step.current(now),
      '+': () => setView((before) => zoomed(before, now, upTo, 0.5)),
      '-': () => setView((before) => zoomed(before, now, upTo, 2)),
      '0': () => setView('all'),
    };
    const move = moves[event.key];
    if (!move || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    move();
  }

  const looked = hover ?? upTo;
  const word =
    timeline.bands[
      placeAfter(
        timeline.bands.map(({ from: at }) => ({ at })),
        looked,
      ) - 1
    ]?.word;
  const level = levelAt(levels, looked);
  const cursor = ((upTo - from) / (to - from)) * width;

  return (
    <section className="view timeline-view" aria-label="Timeline">
      <div className="timeline-line">
        <span className="timeline-readout">
          <b>{preciseTime(looked)}</b> {word && wordsOf(word)}
          {level && (
            <>
              <i className="timeline-caller">caller {decibels(level[1])}</i>
              <i className="timeline-agent">agent {decibels(level[2])}</i>
            </>
          )}
        </span>
        {levels.length === 0 && (
          <span className="timeline-note">
            Loudness is measured only while somebody watches; the bars show who spoke.
          </span>
        )}
        {typeof figures.talkOverMs === 'number' && figures.talkOverMs > 0 && (
          <span className="timeline-note timeline-over">
            talked over each other {Math.round(figures.talkOverMs)} ms
          </span>
        )}
        <span className="timeline-tools">
          <button
            type="button"
            aria-label="See less time"
            onClick={() => setView((v) => zoomed(v, now, upTo, 0.5))}
          >
            +
          </button>
          <button
            type="button"
            aria-label="See more time"
            onClick={() => setView((v) => zoomed(v, now, upTo, 2))}
          >
            −
          </button>
          <button type="button" disabled={view === 'all'} onClick={() => setView('all')}>
            Whole call
          </button>
        </span>
      </div>
      <div
        ref={surface}
        className="timeline-surface"
        role="slider"
        tabIndex={0}
        aria-label="Moment of the call"
        aria-valuemin={0}
        aria-valuemax={Math.round(now)}
        aria-valuenow={Math.round(upTo)}
        aria-valuetext={`${preciseTime(upTo)}${word ? `, ${wordsOf(word)}` : ''}${live ? ', live' : ''}`}
        onKeyDown={pressed}
        onDoubleClick={() => setView('all')}
        onMouseMove={(event) =>
          setHover(timeAt(event.clientX - event.currentTarget.getBoundingClientRect().left))
        }
        onMouseLeave={() => setHover(null)}
        {...gestures}
      >
        <canvas ref={canvas} />
        <span className="timeline-side timeline-caller">caller</span>
        <span className="timeline-side timeline-side-low timeline-agent">agent</span>
        {cursor >= 0 && cursor <= width + 1 && (
          <span
            className="timeline-cursor"
            data-live={live}
            style={{ transform: `translateX(${cursor}px)` }}
          />
        )}
      </div>
    </section>
  );
}

/** The last sample before a moment, where it is not long before. */
function levelAt(levels: readonly LevelSample[], at: number): LevelSample | null {
  const sample = levels[placeFrom(levels, at)];
  return sample && at >= sample[0] && at - sample[0] < 500 ? sample : null;
}

const decibels = (db: number) => (db <= -89 ? 'silent' : `${Math.round(db)} dB`.replace('-', '−'));
