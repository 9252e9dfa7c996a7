import { useContext, useEffect, useState } from 'react';
import { time } from '../browser.ts';
import { InspectorContext } from './context.ts';

/** Whatever `read` says, read anew every `everyMs` while the page is looked at. */
export function useRead(read: () => number, everyMs: number): number {
  const [now, setNow] = useState(read);
  useEffect(() => {
    const tick = () => {
      if (document.visibilityState === 'visible') setNow(read());
    };
    tick();
    const id = window.setInterval(tick, everyMs);
    return () => window.clearInterval(id);
  }, [read, everyMs]);
  return now;
}

/** The server's clock, ms since 1970. Stands still while nothing is heard of the server. */
export function useNow(everyMs: number): number {
  return useRead(useContext(InspectorContext).inspector.serverNow, everyMs);
}

/** The browser's clock, ms since 1970. */
export function useBrowserNow(everyMs: number): number {
  return useRead(time.now, everyMs);
}
