/** How the page stands with the server. */
export type Connection =
  | { phase: 'connecting' }
  | { phase: 'live' }
  /** Tried again at `until`, ms since 1970. */
  | { phase: 'waiting'; until: number; failures: number }
  /** The server asks who looks. */
  | { phase: 'refused' }
  /** The page is older or newer than the server. */
  | { phase: 'otherVersion'; version: unknown };
