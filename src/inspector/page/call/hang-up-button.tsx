import { useEffect, useState } from 'react';
import { Button } from '../parts/button.tsx';

const ASKED_MS = 4_000;

/** Hangs up on the second press: the first only asks, and is forgotten after a while. */
export function HangUpButton({ disabled, hangUp }: { disabled: boolean; hangUp(): void }) {
  const [asking, setAsking] = useState(false);
  useEffect(() => {
    if (!asking) return;
    const timer = window.setTimeout(() => setAsking(false), ASKED_MS);
    return () => window.clearTimeout(timer);
  }, [asking]);

  return (
    <Button
      className="hang-up"
      icon="phoneDown"
      kind={asking ? 'danger' : 'plain'}
      words={asking ? 'Really hang up?' : 'Hang up'}
      disabled={disabled}
      onClick={() => {
        setAsking(!asking);
        if (asking) hangUp();
      }}
    />
  );
}
