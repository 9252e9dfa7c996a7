import { useContext, useEffect } from 'react';
import { InspectorContext } from '../state/context.ts';
import { useStore } from '../state/use-store.ts';
import { CallBody } from './call-body.tsx';
import { CallMissing } from './call-missing.tsx';

/** One call of the feed in full. */
export function CallPage({ callId, moment }: { callId: string; moment: number | null }) {
  const { inspector, feed } = useContext(InspectorContext);
  const call = useStore(inspector.call);
  const { known, rows } = useStore(inspector.board);

  useEffect(() => {
    inspector.show(callId);
    feed.watch(callId);
    return () => {
      feed.watch(null);
      inspector.close();
    };
  }, [inspector, feed, callId]);

  if (call?.callId !== callId) return null;
  const row = rows.get(callId) ?? call.row;
  if (row === null) {
    if (call.missing === null && !known) return <div className="call-loading" aria-busy="true" />;
    return (
      <CallMissing words={call.missing ?? 'This server knows no such call, or no longer remembers it.'} />
    );
  }
  return <CallBody key={callId} call={call} row={row} first={moment} />;
}

/** A call from a file. */
export function RecordingPage() {
  const { inspector } = useContext(InspectorContext);
  const call = useStore(inspector.recording);
  if (call === null || call.row === null)
    return <CallMissing words="A saved call is held by the page alone. Open its file again." />;
  return <CallBody key={`${call.callId} ${call.savedAt}`} call={call} row={call.row} first={0} />;
}
