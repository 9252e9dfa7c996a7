import { useEffect, useRef } from 'react';

/** What keys do, by their names; `?` and `/` as they are typed. */
export type Keys = Readonly<Record<string, () => unknown>>;

const TYPING = 'input:not([type="range"]), textarea, select, [contenteditable="true"]';
/** Where Enter and the space bar have their own meaning already. */
const PRESSED = 'button, a, summary';

/** Answers keys while the part is on the page, but not while somebody types, in a dialog, or with a modifier held. */
export function useKeys(keys: Keys): void {
  const current = useRef(keys);
  current.current = keys;
  useEffect(() => {
    const hear = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      const target = event.target instanceof Element ? event.target : null;
      if (target?.closest(TYPING) || document.querySelector('dialog[open]')) return;
      if ((event.key === 'Enter' || event.key === ' ') && target?.closest(PRESSED)) return;
      const act = current.current[event.key];
      if (!act) return;
      event.preventDefault();
      act();
    };
    window.addEventListener('keydown', hear);
    return () => window.removeEventListener('keydown', hear);
  }, []);
}
