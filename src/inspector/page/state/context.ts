import { createContext } from 'react';
import type { FeedClient } from '../feed/feed-client.ts';
import type { Inspector } from './inspector.ts';
import type { Notices } from './notices.ts';

/** What every part of the page may use. */
export interface Around {
  inspector: Inspector;
  feed: FeedClient;
  notices: Notices;
}

const unset = (): never => {
  throw new Error('The page has not begun.');
};

/** The page's own; set once, at its start. */
export const InspectorContext = createContext<Around>({
  get inspector() {
    return unset();
  },
  get feed() {
    return unset();
  },
  get notices() {
    return unset();
  },
});
