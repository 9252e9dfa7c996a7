import { Button } from '../parts/button.tsx';
import { goTo } from '../state/use-route.ts';

/** A call that is not to be had, and why. */
export function CallMissing({ words }: { words: string }) {
  return (
    <main className="nothing">
      <h2>This call is not here</h2>
      <p>{words}</p>
      <Button icon="back" words="To the board" onClick={() => goTo({ at: 'board' })} />
    </main>
  );
}
