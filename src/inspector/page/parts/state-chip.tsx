import { callStateOf, wordsOf } from '../state-words.ts';

/** A state of a call in its colour. `word` is as the board has it, such as `bargeIn.paused`. */
export function StateChip({ word, large = false }: { word: string; large?: boolean }) {
  return (
    <span
      className={large ? 'state-chip large' : 'state-chip'}
      data-state={callStateOf(word)}
      data-word={word}
    >
      <span className="state-dot" />
      <span className="state-words">{wordsOf(word)}</span>
    </span>
  );
}
