import { type RefObject, useCallback, useContext, useEffect, useRef, useState } from 'react';
import { InspectorContext } from '../state/context.ts';
import { goTo } from '../state/use-route.ts';
import { callFileOf } from './call-file-of.ts';
import { readRecording } from './read-recording.ts';

export interface OpenFile {
  /** The field of the page that asks for a file. */
  field: RefObject<HTMLInputElement | null>;
  /** Opens what was chosen in it. */
  chosen(): void;
  choose(): void;
  /** Whether a file hangs over the page just now. */
  dragging: boolean;
}

/** Opens saved calls: chosen from a list of files, or dropped anywhere on the page. */
export function useOpenFile(): OpenFile {
  const { inspector, notices } = useContext(InspectorContext);
  const field = useRef<HTMLInputElement>(null);

  const open = useCallback(
    async (file: File) => {
      const text = await file.text();
      const read = readRecording(text);
      if (!read.ok) return notices.say('bad', read.words);
      inspector.keep(callFileOf(read.recording, text));
      goTo({ at: 'recording' });
    },
    [inspector, notices],
  );
  return {
    field,
    chosen() {
      const [file] = field.current?.files ?? [];
      // The same file may be chosen again, changed or not.
      if (file) void open(file).finally(() => field.current && Object.assign(field.current, { value: '' }));
    },
    choose: () => field.current?.click(),
    dragging: useDrop(open),
  };
}

/** Whether a file hangs over the page just now; `open` is given it when it is let go. */
function useDrop(open: (file: File) => void): boolean {
  const [dragging, setDragging] = useState(false);
  useEffect(() => {
    const over = (event: DragEvent) => {
      if (!event.dataTransfer?.types.includes('Files')) return;
      event.preventDefault();
      setDragging(true);
    };
    const out = (event: DragEvent) => {
      if (event.relatedTarget === null) setDragging(false);
    };
    const drop = (event: DragEvent) => {
      const [file] = event.dataTransfer?.files ?? [];
      setDragging(false);
      if (!file) return;
      event.preventDefault();
      open(file);
    };
    window.addEventListener('dragover', over);
    window.addEventListener('dragleave', out);
    window.addEventListener('drop', drop);
    return () => {
      window.removeEventListener('dragover', over);
      window.removeEventListener('dragleave', out);
      window.removeEventListener('drop', drop);
    };
  }, [open]);
  return dragging;
}
