import { type FormEvent, useEffect, useRef, useState } from 'react';
import { Button } from '../parts/button.tsx';

interface WordsFormProps {
  kind: 'say' | 'addMessage';
  busy: boolean;
  close(): void;
  send(text: string, respond: boolean): void;
}

const words = {
  say: { label: 'What the agent is to say, in its own voice', button: 'Say it' },
  addMessage: { label: 'What the agent is to know: a system message', button: 'Add it' },
};

/** Asks for the words of an action. They are sent and not kept. */
export function WordsForm({ kind, busy, close, send }: WordsFormProps) {
  const [text, setText] = useState('');
  const [respond, setRespond] = useState(true);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus(), []);

  function submit(event: FormEvent): void {
    event.preventDefault();
    if (text.trim() !== '') send(text.trim(), respond);
  }

  return (
    <form className="words-form" onSubmit={submit}>
      <input
        ref={field}
        type="text"
        aria-label={words[kind].label}
        placeholder={words[kind].label}
        maxLength={2_000}
        value={text}
        onChange={({ target }) => setText(target.value)}
        onKeyDown={({ key }) => {
          if (key === 'Escape') close();
        }}
      />
      {kind === 'addMessage' && (
        <label className="check">
          <input type="checkbox" checked={respond} onChange={({ target }) => setRespond(target.checked)} />
          let it answer
        </label>
      )}
      <Button kind="strong" words={words[kind].button} type="submit" disabled={busy || text.trim() === ''} />
      <Button kind="quiet" icon="close" label="Never mind" onClick={close} />
    </form>
  );
}
