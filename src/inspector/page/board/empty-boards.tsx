import { count } from '../format.ts';
import { Button } from '../parts/button.tsx';
import { CopyCommand } from '../parts/copy-command.tsx';

const FIRST_CALL = 'npm run call -- src/simulation/speech/caller/appointment.wav';
const LINES = ['a', 'b', 'c', 'd', 'e', 'f'];

/** What is seen until the calls have come. */
export function Skeleton() {
  return (
    <div className="skeleton" aria-busy="true">
      <span className="hidden-words">The calls are being fetched.</span>
      {LINES.map((line) => (
        <div key={line} className="skeleton-line" aria-hidden="true" />
      ))}
    </div>
  );
}

/** A board that is still bare: how to place the first call. */
export function NoCalls({ agent }: { agent: 'vapi' | 'simulated' }) {
  return (
    <section className="nothing" aria-label="No calls yet">
      <svg viewBox="0 0 240 72" width="240" height="72" aria-hidden="true" focusable="false">
        <circle cx="28" cy="36" r="11" />
        <circle cx="212" cy="36" r="11" />
        <rect x="98" y="20" width="44" height="32" rx="8" />
        <path className="wire" d="M39 36h59M142 36h59" />
        <path d="M108 42v-3a12 12 0 0 1 24 0v3M104 42h32" />
      </svg>
      <h2>No calls yet</h2>
      <p>
        A call appears here the moment its first word arrives. Place one from another terminal, no account
        needed:
      </p>
      <CopyCommand command={FIRST_CALL} />
      <p className="faint">
        {agent === 'simulated'
          ? 'The simulated agent answers. With VAPI_API_KEY set it is your assistant at Vapi.'
          : 'Or dial your Twilio number: your assistant at Vapi answers.'}
      </p>
    </section>
  );
}

/** There are calls, but none of them passes the filter. */
export function FilteredOut({ count: all, clear }: { count: number; clear(): void }) {
  return (
    <section className="nothing" aria-label="Nothing passes the filter">
      <h2>Nothing passes this filter</h2>
      <p>{count(all, 'call')} on the board, none of them like this.</p>
      <Button words="Clear the filter" onClick={clear} />
    </section>
  );
}
