import { useContext } from 'react';
import { Button } from './parts/button.tsx';
import { ConnectionPill } from './parts/connection-pill.tsx';
import { Icon, Mark } from './parts/icon.tsx';
import { InspectorContext } from './state/context.ts';
import { useStore } from './state/use-store.ts';

interface TopBarProps {
  openFile(): void;
  showKeys(): void;
  toggleTheme(): void;
}

/** What is the same on every page: where you are, how the page stands with the server, files, theme and keys. */
export function TopBar({ openFile, showKeys, toggleTheme }: TopBarProps) {
  const { inspector } = useContext(InspectorContext);
  const { hello } = useStore(inspector.board);
  return (
    <header className="top-bar">
      <a className="home" href="#/">
        <Mark />
        <span>Inspector</span>
      </a>
      {hello?.agent === 'simulated' && (
        <span className="tag" title="No VAPI_API_KEY is set: the server’s own agent answers.">
          simulated agent
        </span>
      )}
      <span className="spring" />
      <ConnectionPill />
      <Button
        kind="quiet"
        icon="open"
        words="Open"
        label="Open a saved call"
        title="Open a saved call (o)"
        onClick={openFile}
      />
      <button
        type="button"
        className="button quiet square theme-toggle"
        aria-label="Dark or light (t)"
        title="Dark or light (t)"
        onClick={toggleTheme}
      >
        <Icon name="sun" />
        <Icon name="moon" />
      </button>
      <Button className="keys-button" kind="quiet" icon="keys" label="Keys (?)" onClick={showKeys} />
    </header>
  );
}
