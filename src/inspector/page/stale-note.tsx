import { useContext } from 'react';
import type { Connection } from './feed/connection.ts';
import { Icon } from './parts/icon.tsx';
import { InspectorContext } from './state/context.ts';
import { useStore } from './state/use-store.ts';

/** Says that what is shown is old, and since when nothing new has come. */
export function StaleNote() {
  const { inspector } = useContext(InspectorContext);
  const connection = useStore(inspector.connection);
  const { known } = useStore(inspector.board);
  const words = wordsOf(connection, known);
  if (words === null) return null;
  const at = new Date(inspector.serverNow()).toLocaleTimeString();
  return (
    <p className="stale-note" role="alert" data-phase={connection.phase}>
      <Icon name={connection.phase === 'refused' ? 'lock' : 'offline'} />
      <span>
        {words}
        {known && ` What you see is as it was at ${at}.`}
      </span>
    </p>
  );
}

function wordsOf(connection: Connection, known: boolean): string | null {
  switch (connection.phase) {
    case 'waiting':
      return 'The server is not answering.';
    case 'connecting':
      return known ? 'The server is being called again.' : null;
    case 'refused':
      return 'The server asks who you are. Reload the page to sign in with ADMIN_TOKEN.';
    case 'otherVersion':
      return 'The server speaks another version than this page. Reload the page.';
    default:
      return null;
  }
}
