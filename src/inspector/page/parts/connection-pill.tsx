import { useContext } from 'react';
import type { Connection } from '../feed/connection.ts';
import { InspectorContext } from '../state/context.ts';
import { useBrowserNow } from '../state/use-now.ts';
import { useStore } from '../state/use-store.ts';

/** How the page stands with the server, always in sight. */
export function ConnectionPill() {
  const { inspector, feed } = useContext(InspectorContext);
  const connection = useStore(inspector.connection);
  const waiting = connection.phase === 'waiting';
  return (
    <span className="connection" data-phase={connection.phase}>
      <span className="connection-dot" />
      <span role="status">{waiting ? <Countdown until={connection.until} /> : wordsOf(connection)}</span>
      {waiting && (
        <button type="button" className="link" onClick={feed.retry}>
          Now
        </button>
      )}
      {(connection.phase === 'refused' || connection.phase === 'otherVersion') && (
        <button type="button" className="link" onClick={() => window.location.reload()}>
          {connection.phase === 'refused' ? 'Sign in' : 'Reload'}
        </button>
      )}
    </span>
  );
}

function Countdown({ until }: { until: number }) {
  const seconds = Math.max(0, Math.ceil((until - useBrowserNow(200)) / 1_000));
  return <>Reconnecting in {seconds} s</>;
}

function wordsOf({ phase }: Connection): string {
  switch (phase) {
    case 'live':
      return 'Live';
    case 'refused':
      return 'Signed out';
    case 'otherVersion':
      return 'Another version';
    default:
      return 'Connecting';
  }
}
