import { useContext, useState } from 'react';
import { type Filter, noFilter } from './board/arrange.ts';
import { Board } from './board/board.tsx';
import { CallPage, RecordingPage } from './call/call-page.tsx';
import { KeysDialog } from './keys-dialog.tsx';
import { FailureFence } from './parts/failure-fence.tsx';
import { NoticesView } from './parts/notices-view.tsx';
import { useOpenFile } from './recording/use-open-file.ts';
import { StaleNote } from './stale-note.tsx';
import { InspectorContext } from './state/context.ts';
import { toggleTheme } from './state/theme.ts';
import { useKeys } from './state/use-keys.ts';
import { useRoute } from './state/use-route.ts';
import { useStore } from './state/use-store.ts';
import { TopBar } from './top-bar.tsx';

/** The page: a bar on top, and the board, a call or a recording below. */
export function App() {
  const route = useRoute();
  const [filter, setFilter] = useState<Filter>(noFilter);
  const [showsKeys, setShowsKeys] = useState(false);
  const { field, chosen, choose, dragging } = useOpenFile();
  const { inspector } = useContext(InspectorContext);
  const { phase } = useStore(inspector.connection);

  useKeys({
    '?': () => setShowsKeys(true),
    '/': () => window.dispatchEvent(new Event('inspector:find')),
    t: toggleTheme,
    o: choose,
  });

  return (
    <div className="page" data-phase={phase} data-at={route.at}>
      <TopBar openFile={choose} showKeys={() => setShowsKeys(true)} toggleTheme={toggleTheme} />
      {route.at !== 'recording' && <StaleNote />}
      <FailureFence key={route.at} what="This page">
        {route.at === 'board' && <Board filter={filter} setFilter={setFilter} />}
        {route.at === 'call' && <CallPage key={route.callId} callId={route.callId} moment={route.moment} />}
        {route.at === 'recording' && <RecordingPage />}
      </FailureFence>
      <input
        ref={field}
        type="file"
        accept=".json,application/json"
        aria-label="A saved call"
        hidden
        onChange={chosen}
      />
      <NoticesView />
      {showsKeys && <KeysDialog close={() => setShowsKeys(false)} />}
      {dragging && (
        <div className="drop" aria-hidden="true">
          <p>Drop a saved call to open it</p>
        </div>
      )}
    </div>
  );
}
