import { useContext, useState } from 'react';
import type { StateValue } from '../../messages.ts';
import { ask, download } from '../browser.ts';
import { Button } from '../parts/button.tsx';
import { readRecording } from '../recording/read-recording.ts';
import { InspectorContext } from '../state/context.ts';
import type { CallFile } from '../state/inspector.ts';
import { wordOf } from '../state-words.ts';

/** Keeps the call as a file, to be opened again anywhere, or as a test that plays it anew. */
export function SaveButtons({ call }: { call: CallFile }) {
  const { notices } = useContext(InspectorContext);
  const [busy, setBusy] = useState(false);

  async function save(as: 'call' | 'test'): Promise<void> {
    setBusy(true);
    const fetched = call.file ?? (await fetchRecording(call.callId));
    setBusy(false);
    if (typeof fetched !== 'string') return notices.say('bad', fetched.words);
    const name = `call-${call.row?.callSid ?? call.callId}`;
    if (as === 'call') return download(`${name}.json`, fetched);
    const read = readRecording(fetched);
    if (!read.ok) return notices.say('bad', read.words);
    const { storyOf } = await import('../../story.ts');
    const made = storyOf(read.recording, (value) => wordOf(value as StateValue), name);
    if (!made.ok) return notices.say('bad', made.words);
    download(`${name}.story.json`, `${JSON.stringify(made.story, null, 2)}\n`);
  }

  return (
    <span className="save-buttons">
      <Button
        icon="save"
        words="Save"
        disabled={busy}
        title="Save this call as a file"
        onClick={() => void save('call')}
      />
      <Button
        icon="test"
        words="Save as test"
        disabled={busy}
        title="Save what happened as a test that plays it anew"
        onClick={() => void save('test')}
      />
    </span>
  );
}

async function fetchRecording(callId: string): Promise<string | { words: string }> {
  const { status, text } = await ask(`/calls/${encodeURIComponent(callId)}/recording`);
  if (status === 200) return text;
  if (status === 0) return { words: 'The server does not answer: the call could not be saved.' };
  if (status === 401) return { words: 'The server asks who you are. Reload the page to sign in.' };
  return { words: `The call could not be saved: the server answered ${status}.` };
}
