import { useContext, useState } from 'react';
import type { CallRow, OperatorAction } from '../../messages.ts';
import { ask } from '../browser.ts';
import { Button } from '../parts/button.tsx';
import { Icon } from '../parts/icon.tsx';
import { InspectorContext } from '../state/context.ts';
import { useStore } from '../state/use-store.ts';
import { answerOf, doneWords, whyNot } from './acting.ts';
import { HangUpButton } from './hang-up-button.tsx';
import { WordsForm } from './words-form.tsx';

const LONGER_MS = 300_000;

/** What an operator can do to the call, and what came of it. */
export function ActBar({ row }: { row: CallRow }) {
  const { inspector, notices } = useContext(InspectorContext);
  const { hello } = useStore(inspector.board);
  const { phase } = useStore(inspector.connection);
  const [busy, setBusy] = useState(false);
  const [asked, setAsked] = useState<'say' | 'addMessage' | null>(null);
  const reason = whyNot(row, hello, phase);
  const off = reason !== null || busy;

  async function act(action: OperatorAction): Promise<boolean> {
    setBusy(true);
    const answer = answerOf(await ask(`/calls/${encodeURIComponent(row.callId)}/act`, action));
    setBusy(false);
    notices.say(answer.ok ? 'good' : 'bad', answer.ok ? doneWords[action.action] : answer.words);
    return answer.ok;
  }

  const form = (which: 'say' | 'addMessage') => setAsked(asked === which ? null : which);
  return (
    <section className="act-bar" aria-label="Act on this call">
      <div className="act-buttons">
        <Button icon="say" words="Say" disabled={off} pressed={asked === 'say'} onClick={() => form('say')} />
        <Button
          icon="message"
          words="Add message"
          disabled={off}
          pressed={asked === 'addMessage'}
          onClick={() => form('addMessage')}
        />
        <Button
          icon={row.muted ? 'loud' : 'muted'}
          words={row.muted ? 'Unmute agent' : 'Mute agent'}
          disabled={off}
          onClick={() => void act({ action: row.muted ? 'unmute' : 'mute' })}
        />
        <Button
          icon="flush"
          words="Flush"
          title="Drop what the agent has left to say"
          disabled={off}
          onClick={() => void act({ action: 'flush' })}
        />
        <Button
          icon="longer"
          words="5 min more"
          disabled={off}
          onClick={() => void act({ action: 'extend', ms: LONGER_MS })}
        />
        <HangUpButton disabled={off} hangUp={() => void act({ action: 'hangUp' })} />
      </div>
      {reason !== null && (
        <p className="act-reason">
          <Icon name="lock" />
          {reason}
        </p>
      )}
      {asked !== null && reason === null && (
        <WordsForm
          key={asked}
          kind={asked}
          busy={busy}
          close={() => setAsked(null)}
          send={async (text, respond) => {
            const action: OperatorAction =
              asked === 'say' ? { action: 'say', text } : { action: asked, text, respond };
            if (await act(action)) setAsked(null);
          }}
        />
      )}
    </section>
  );
}
