import type { CallRecording } from '../../messages.ts';
import { type CallFile, emptyCall } from '../state/inspector.ts';

/** A saved call as the page shows it. `text` is the file it came in. */
export function callFileOf(recording: CallRecording, text: string): CallFile {
  const { row, machines, dropped, records, levels, figures, savedAt } = recording;
  const call = emptyCall(row.callId);
  call.moments.add(records);
  return {
    ...call,
    source: 'file',
    row,
    machines,
    dropped,
    records,
    levels,
    figures,
    file: text,
    savedAt,
    known: true,
  };
}
