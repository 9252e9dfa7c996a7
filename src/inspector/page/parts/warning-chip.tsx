import type { Warning } from '../../messages.ts';
import { Icon } from './icon.tsx';

const words: Record<Warning, readonly [short: string, whole: string]> = {
  callerHalfOpen: [
    'caller silent',
    'Twilio’s socket has been silent and is being examined, or left a ping unanswered.',
  ],
  agentHalfOpen: ['agent silent', 'Vapi’s socket left a ping unanswered.'],
  callerOverflow: ['caller overflow', 'The caller’s audio is being dropped for want of room.'],
  agentOverflow: ['agent overflow', 'The agent’s audio came so far ahead that its socket is not read.'],
  agentBackedUp: ['agent backed up', 'The agent’s socket pushes back.'],
  retrying: ['retrying agent', 'Another agent is being fetched.'],
  bargeInBackedOff: ['barge-in backed off', 'Three false pauses: only transcripts interrupt for a while.'],
};

/** A warning in two words; the sentence is told on pointing at it. */
export function WarningChip({ warning }: { warning: Warning }) {
  const [brief, whole] = words[warning] ?? [warning, warning];
  return (
    <span className="warning-chip" title={whole}>
      <Icon name="warning" />
      {brief}
    </span>
  );
}
