import { type ReactNode, useEffect, useRef } from 'react';
import { Button } from './button.tsx';

/** A dialog in the middle of the page; Esc closes it. */
export function Dialog({ title, close, children }: { title: string; close(): void; children: ReactNode }) {
  const element = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    element.current?.showModal();
  }, []);

  return (
    <dialog ref={element} className="dialog" aria-label={title} onClose={close}>
      <div className="dialog-head">
        <h2>{title}</h2>
        <Button kind="quiet" icon="close" label="Close" onClick={() => element.current?.close()} />
      </div>
      {children}
    </dialog>
  );
}
