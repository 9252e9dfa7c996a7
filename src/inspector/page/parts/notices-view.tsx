import { useContext } from 'react';
import { InspectorContext } from '../state/context.ts';
import { useStore } from '../state/use-store.ts';
import { Button } from './button.tsx';
import { Icon } from './icon.tsx';

/** What the page has to say of its own: that something was done, or why it was not. */
export function NoticesView() {
  const { notices } = useContext(InspectorContext);
  const shown = useStore(notices.shown);
  return (
    <div className="notices" role="status" aria-live="polite">
      {shown.map(({ id, kind, words }) => (
        <div key={id} className="notice" data-kind={kind}>
          <Icon name={kind === 'good' ? 'done' : 'warning'} />
          <span>{words}</span>
          <Button kind="quiet" icon="close" label="Dismiss" onClick={() => notices.dismiss(id)} />
        </div>
      ))}
    </div>
  );
}
