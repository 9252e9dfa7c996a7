import { useEffect, useMemo, useState } from 'react';
import type { CallRow } from '../../messages.ts';
import type { CallFile } from '../state/inspector.ts';
import { useKeys } from '../state/use-keys.ts';
import { goTo, noteRoute } from '../state/use-route.ts';
import { ActBar } from './act-bar.tsx';
import { CallHeader } from './call-header.tsx';
import { CallPanels } from './call-panels.tsx';
import { changeFrom, momentsOf, stepFrom } from './playhead.ts';
import { TimeBar } from './time-bar.tsx';
import { usePlayhead } from './use-playhead.ts';

interface BodyProps {
  call: CallFile;
  row: CallRow;
  /** The moment to begin at; `null`: as it is now. */
  first: number | null;
}

/** The page of one call: who it is, what can be done to it, and its views, all at the same moment. */
export function CallBody({ call, row, first }: BodyProps) {
  const place = usePlayhead(call, row, first);
  const { head, at, seek } = place;
  const [selected, setSelected] = useState<number | null>(null);

  const moments = useMemo(() => momentsOf(call.records), [call.records]);
  const step = (way: 1 | -1) => {
    const to = stepFrom(moments, at, way);
    if (to !== null) seek(to);
  };
  const jump = (way: 1 | -1) => {
    const to = changeFrom(place.stretches, at, way);
    if (to !== null) seek(to);
  };
  useKeys({
    ' ': () => (head.mode === 'paused' ? place.goLive() : place.pause()),
    p: () => (head.mode === 'playing' ? place.pause() : place.play(1)),
    ArrowLeft: () => step(-1),
    ArrowRight: () => step(1),
    '[': () => jump(-1),
    ']': () => jump(1),
    Home: () => seek(moments[0] ?? 0),
    End: place.goLive,
    Escape: () => goTo({ at: 'board' }),
  });

  // The address names the moment, so that it can be sent to somebody.
  const noted = head.mode === 'paused' ? head.at : null;
  useEffect(() => {
    if (call.source === 'feed') noteRoute({ at: 'call', callId: call.callId, moment: noted });
  }, [call.source, call.callId, noted]);

  return (
    <main className="call-page" data-source={call.source} data-mode={head.mode}>
      <CallHeader call={call} row={row} place={place} />
      {call.source === 'feed' && <ActBar row={row} />}
      <CallPanels call={call} row={row} place={place} selected={selected} select={setSelected} />
      <TimeBar moments={moments} dropped={call.dropped} place={place} step={step} jump={jump} />
    </main>
  );
}
