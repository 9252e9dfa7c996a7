import type { CallRow } from '../../messages.ts';
import { endingWords } from '../ending-words.ts';
import { WarningChip } from '../parts/warning-chip.tsx';

/** What is to be known of a call beside its figures: warnings of a live one, the ending of another. */
export function CallNotes({ row }: { row: CallRow }) {
  if (row.ending) {
    const { reason, words } = row.ending;
    return (
      <span className="ending" title={words}>
        {endingWords(reason)}
      </span>
    );
  }
  return (
    <>
      {row.muted && <span className="muted-chip">muted</span>}
      {row.warnings.map((warning) => (
        <WarningChip key={warning} warning={warning} />
      ))}
    </>
  );
}
