import type { ReactNode } from 'react';
import type { CallRow } from '../../messages.ts';
import { Age, Left } from '../board/call-times.tsx';
import { endingWords } from '../ending-words.ts';
import { clock, span } from '../format.ts';
import { Button } from '../parts/button.tsx';
import { CopyId } from '../parts/copy-id.tsx';
import { Icon } from '../parts/icon.tsx';
import { StateChip } from '../parts/state-chip.tsx';
import { WarningChip } from '../parts/warning-chip.tsx';
import type { CallFile } from '../state/inspector.ts';
import { goTo } from '../state/use-route.ts';
import { wordOf } from '../state-words.ts';
import { SaveButtons } from './save-buttons.tsx';
import type { Place } from './use-playhead.ts';

/** Which call it is, and how it stands at the moment that is shown. */
export function CallHeader({ call, row, place }: { call: CallFile; row: CallRow; place: Place }) {
  const { at, stretches } = place;
  const actor = call.moments.at(at).actors.call;
  const word = actor ? wordOf(actor.value) : (stretches[0]?.word ?? row.state);
  const { callSid, streamSid, endedAt } = row;
  return (
    <header className="call-header">
      <Button kind="quiet" icon="back" label="Back to the board" onClick={() => goTo({ at: 'board' })} />
      <StateChip word={word} large />
      <h1 className="call-name">
        <span className="hidden-words">Call</span>
        {callSid === null ? <code>{call.callId}</code> : <CopyId id={callSid} what="CallSid" />}
      </h1>
      {streamSid !== null && <CopyId id={streamSid} what="StreamSid" />}
      <dl className="call-facts">
        {row.caller !== undefined && <Fact name="From" value={`${row.caller} → ${row.called ?? '–'}`} />}
        {endedAt === null ? (
          call.source === 'feed' && (
            <>
              <Fact name="Age" value={<Age row={row} />} />
              <Fact name="Left" value={<Left row={row} />} />
            </>
          )
        ) : (
          <Fact name="Lasted" value={lasted(endedAt - row.openedAt)} />
        )}
        {row.ending && <Fact name="Ending" value={endingWords(row.ending.reason)} title={row.ending.words} />}
      </dl>
      <span className="call-warnings">
        {endedAt === null && row.muted && <span className="muted-chip">muted</span>}
        {endedAt === null && row.warnings.map((warning) => <WarningChip key={warning} warning={warning} />)}
      </span>
      {call.source === 'file' && (
        <span className="recording-tag" title={call.savedAt ?? undefined}>
          <Icon name="film" />
          Recording{call.savedAt === null ? '' : ` of ${new Date(call.savedAt).toLocaleString()}`}
        </span>
      )}
      <SaveButtons call={call} />
    </header>
  );
}

function lasted(ms: number): string {
  return ms < 60_000 ? span(ms) : clock(ms);
}

function Fact({ name, value, title }: { name: string; value: ReactNode; title?: string }) {
  return (
    <div className="call-fact" title={title}>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
