import { useEffect, useState } from 'react';
import { type CallState, callStates } from '../../state-words.ts';

/** The page's colours, as a canvas needs them. */
export interface Colours {
  states: Record<CallState | 'bargeInText', string>;
  onState: string;
  caller: string;
  agent: string;
  good: string;
  warn: string;
  bad: string;
  grid: string;
  lineStrong: string;
  surface: string;
  textSoft: string;
  textFaint: string;
}

function readColours(): Colours {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string) => style.getPropertyValue(name).trim() || 'gray';
  const states = Object.fromEntries(callStates.map((state) => [state, colour(`--state-${state}`)]));
  return {
    states: { ...(states as Record<CallState, string>), bargeInText: colour('--state-bargeIn-text') },
    onState: colour('--on-accent'),
    caller: colour('--caller'),
    agent: colour('--agent'),
    good: colour('--good'),
    warn: colour('--warn'),
    bad: colour('--bad'),
    grid: colour('--grid'),
    lineStrong: colour('--line-strong'),
    surface: colour('--surface'),
    textSoft: colour('--text-soft'),
    textFaint: colour('--text-faint'),
  };
}

/** The colours of the theme that the page has now. */
export function useColours(): Colours {
  const [colours, setColours] = useState(readColours);
  useEffect(() => {
    const observer = new MutationObserver(() => setColours(readColours()));
    observer.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] });
    return () => observer.disconnect();
  }, []);
  return colours;
}
