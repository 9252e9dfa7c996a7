/** Where the page is. The address says it, so that a call, and a moment of it, can be sent to somebody. */
export type Route =
  | { at: 'board' }
  /** `moment`: ms since the call's start; `null`: as it is now. */
  | { at: 'call'; callId: string; moment: number | null }
  | { at: 'recording' };

const CALL = /^#\/call\/([^/?]+)(?:\?at=(\d+(?:\.\d+)?))?$/;

/** The route of an address's hash; anything unknown is the board. */
export function routeOf(hash: string): Route {
  if (hash === '#/recording') return { at: 'recording' };
  const [, callId, moment] = CALL.exec(hash) ?? [];
  const id = callId && decoded(callId);
  if (!id) return { at: 'board' };
  return { at: 'call', callId: id, moment: moment === undefined ? null : Number(moment) };
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** The hash of a route. */
export function hashOf(route: Route): string {
  if (route.at === 'board') return '#/';
  if (route.at === 'recording') return '#/recording';
  const moment = route.moment === null ? '' : `?at=${Math.round(route.moment * 10) / 10}`;
  return `#/call/${encodeURIComponent(route.callId)}${moment}`;
}
