import type { ActionAnswer, CallRow, OperatorAction } from '../../messages.ts';
import type { Connection } from '../feed/connection.ts';
import type { Answer } from '../ports.ts';
import type { Hello } from '../state/inspector.ts';

/** What is told once it is done. */
export const doneWords: Record<OperatorAction['action'], string> = {
  hangUp: 'The call is being hung up.',
  say: 'The agent says it.',
  mute: 'The caller hears the agent no longer.',
  unmute: 'The caller hears the agent again.',
  addMessage: 'The message is part of the conversation.',
  flush: 'What the agent had left to say is dropped.',
  extend: 'The call may last five minutes longer.',
};

/** Why nothing can be done to a call, in words; `null`: something can. */
export function whyNot(
  { endedAt, state }: Pick<CallRow, 'endedAt' | 'state'>,
  hello: Pick<Hello, 'acting'> | null,
  phase: Connection['phase'],
): string | null {
  if (endedAt !== null || state === 'closed') return 'The call has ended.';
  if (phase !== 'live' || hello === null) return 'The server is not connected.';
  return hello.acting.allowed ? null : hello.acting.words;
}

/** What the server made of an action. An answer that is not its own is told by its status. */
export function answerOf({ status, text }: Answer): ActionAnswer {
  if (status === 0) return { ok: false, words: 'The server does not answer. Nothing was done.' };
  const words = wordsIn(text);
  if (status === 200 && words === undefined) return { ok: true };
  if (words !== undefined) return { ok: false, words };
  if (status === 401) return { ok: false, words: 'The server asks who you are. Reload the page to sign in.' };
  return { ok: false, words: `It was not done: the server answered ${status}.` };
}

function wordsIn(text: string): string | undefined {
  try {
    const answer: unknown = JSON.parse(text);
    if (typeof answer !== 'object' || answer === null || !('words' in answer)) return undefined;
    return typeof answer.words === 'string' ? answer.words : undefined;
  } catch {
    return undefined;
  }
}
