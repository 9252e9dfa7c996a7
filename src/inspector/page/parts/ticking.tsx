import { span } from '../format.ts';
import { useNow } from '../state/use-now.ts';

/** How long ago `since` was, in ms since 1970, ticking. */
export function Since({ since }: { since: number }) {
  const passed = useNow(200) - since;
  return <>{span(passed)}</>;
}
