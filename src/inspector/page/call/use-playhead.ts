import { useCallback, useContext, useEffect, useMemo, useRef, useState } from 'react';
import type { CallRow } from '../../messages.ts';
import { time } from '../browser.ts';
import { InspectorContext } from '../state/context.ts';
import type { CallFile } from '../state/inspector.ts';
import { useRead } from '../state/use-now.ts';
import { type Playhead, positionOf, type Stretch, settled, stretchesOf } from './playhead.ts';

/** Where the viewer is in a call, and what moves it. */
export interface Place {
  head: Playhead;
  /** The moment that is shown, and the call's last one, in ms since its start. */
  at: number;
  end: number;
  /** Whether the end moves. */
  running: boolean;
  stretches: readonly Stretch[];
  seek(at: number): void;
  goLive(): void;
  pause(): void;
  play(rate: number): void;
}

/** How often a moving picture is drawn anew, in ms. */
const MOVING_MS = 100;
const PLAYING_MS = 33;
const STILL_MS = 1_000;

export function usePlayhead(call: CallFile, row: CallRow, first: number | null): Place {
  const { inspector } = useContext(InspectorContext);
  const running = call.source === 'feed' && row.endedAt === null;
  const [head, setHead] = useState<Playhead>(
    first === null ? { mode: 'live' } : { mode: 'paused', at: first },
  );

  const lastAt = call.records.at(-1)?.at ?? 0;
  const { endedAt, openedAt } = row;
  const readEnd = useCallback(() => {
    const until = endedAt ?? (call.source === 'feed' ? inspector.serverNow() : openedAt);
    return Math.max(lastAt, until - openedAt);
  }, [inspector, call.source, endedAt, openedAt, lastAt]);
  const end = useRead(readEnd, running ? MOVING_MS : STILL_MS);

  const readAt = useCallback(() => positionOf(head, end, time.now()), [head, end]);
  const moving = useRead(readAt, head.mode === 'playing' ? PLAYING_MS : STILL_MS);
  const at = head.mode === 'playing' ? moving : positionOf(head, end, 0);

  useEffect(() => {
    const next = settled(head, end, time.now());
    if (next !== head && at >= end) setHead(next);
  }, [head, end, at]);

  const stretches = useMemo(() => stretchesOf(call.records), [call.records]);
  const here = useRef(at);
  here.current = at;

  const moves = useMemo(
    () => ({
      seek: (to: number) => setHead({ mode: 'paused', at: Math.max(0, to) }),
      goLive: () => setHead({ mode: 'live' }),
      pause: () => setHead({ mode: 'paused', at: here.current }),
      play: (rate: number) => setHead({ mode: 'playing', at: here.current, since: time.now(), rate }),
    }),
    [],
  );
  return { head, at, end, running, stretches, ...moves };
}
