import { memo } from 'react';
import { count, moment } from '../format.ts';
import { Button } from '../parts/button.tsx';
import { Icon } from '../parts/icon.tsx';
import { callStateOf, wordsOf } from '../state-words.ts';
import { behind, type Stretch } from './playhead.ts';
import type { Place } from './use-playhead.ts';

interface TimeBarProps {
  /** Of all records, in order. */
  moments: readonly number[];
  dropped: number;
  place: Place;
  step(way: 1 | -1): void;
  jump(way: 1 | -1): void;
}

const RATES = [1, 4];

/** One position in time for all views: live, paused or playing. */
export function TimeBar({ moments, dropped, place, step, jump }: TimeBarProps) {
  const { head, at, end, running, seek } = place;
  const late = behind(moments, at);
  const live = head.mode === 'live';

  return (
    <section className="time-bar" aria-label="Time" data-mode={head.mode}>
      <div className="time-buttons">
        <Button kind="quiet" icon="changeBack" label="State change before ([)" onClick={() => jump(-1)} />
        <Button kind="quiet" icon="stepBack" label="Record before (←)" onClick={() => step(-1)} />
        {live ? (
          <Button
            icon="pause"
            label={running ? 'Pause (space)' : 'Stay here (space)'}
            onClick={place.pause}
          />
        ) : (
          <Button
            icon={head.mode === 'playing' ? 'pause' : 'play'}
            label={head.mode === 'playing' ? 'Pause (p)' : 'Play (p)'}
            onClick={() => (head.mode === 'playing' ? place.pause() : place.play(1))}
          />
        )}
        <Button kind="quiet" icon="stepOn" label="Next record (→)" onClick={() => step(1)} />
        <Button kind="quiet" icon="changeOn" label="Next state change (])" onClick={() => jump(1)} />
        <span className="rates">
          {RATES.map((rate) => (
            <button
              key={rate}
              type="button"
              className="rate"
              aria-pressed={head.mode === 'playing' && head.rate === rate}
              onClick={() => place.play(rate)}
            >
              {rate}×
            </button>
          ))}
        </span>
      </div>
      <div className="time-track">
        <Bands stretches={place.stretches} end={end} />
        <span className="time-shade" style={{ left: `${share(at, end)}%` }} aria-hidden="true" />
        <input
          type="range"
          className="time-slider"
          aria-label="Moment of the call"
          aria-valuetext={moment(at)}
          min={0}
          max={Math.max(1, Math.round(end))}
          step={1}
          value={Math.round(at)}
          onChange={({ target }) => seek(Number(target.value))}
          onKeyDown={(event) => {
            // The arrows step from record to record, as everywhere on this page.
            if (event.key.startsWith('Arrow') || event.key === 'Home' || event.key === 'End')
              event.preventDefault();
            if (event.key.startsWith('Arrow')) {
              event.stopPropagation();
              step(event.key === 'ArrowRight' || event.key === 'ArrowUp' ? 1 : -1);
            }
          }}
        />
      </div>
      <output className="time-now figure">
        <span>{moment(at)}</span>
        <span className="faint"> / {moment(end)}</span>
      </output>
      <LiveButton live={live} running={running} late={late} goLive={place.goLive} />
      {dropped > 0 && (
        <span className="dropped" title="Older records were dropped for want of room.">
          <Icon name="warning" />
          {count(dropped, 'older record')} not kept
        </span>
      )}
    </section>
  );
}

interface LiveButtonProps {
  live: boolean;
  running: boolean;
  late: number;
  goLive(): void;
}

function LiveButton({ live, running, late, goLive }: LiveButtonProps) {
  const where = running ? 'Live' : 'End';
  const words = late === 0 ? `Go ${running ? 'live' : 'to the end'}` : `${count(late, 'event')} behind`;
  return (
    <button
      type="button"
      className="live-button"
      data-live={live}
      data-running={running}
      aria-pressed={live}
      onClick={goLive}
    >
      <span className="live-dot" />
      <span>{live ? where : words}</span>
      {!live && late > 0 && <span className="go-live">{running ? 'go live' : 'to the end'}</span>}
    </button>
  );
}

/** The states of the call behind the slider, in their colours. */
const Bands = memo(function Bands({ stretches, end }: { stretches: readonly Stretch[]; end: number }) {
  return (
    <span className="bands" aria-hidden="true">
      {stretches.map(({ word, from, to }) => (
        <span
          key={from}
          className="band"
          data-state={callStateOf(word)}
          title={wordsOf(word)}
          style={{ left: `${share(from, end)}%`, width: `${share((to ?? end) - from, end)}%` }}
        />
      ))}
    </span>
  );
});

function share(at: number, end: number): number {
  return end <= 0 ? 0 : Math.min(100, Math.max(0, (at / end) * 100));
}
