import type { ActorName, Warning } from './messages.ts';

type Values = Partial<Record<ActorName, unknown>>;

/** What is true of a call for some time only. */
export interface Passing {
  /** Whether a ping of that end is out too long. */
  unanswered(actor: ActorName): boolean;
  /** Whether only words interrupt the agent for a while. */
  backedOff: boolean;
}

/** What is wrong with a call, by the states that its actors are in. */
export function warningsOf(values: Values, { unanswered, backedOff }: Passing): Warning[] {
  const { twilioSocket, vapiSocket, callerBuffer, agentBuffer } = values;
  const warnings: Array<[Warning, boolean]> = [
    ['callerHalfOpen', isIn(twilioSocket, 'open', 'examining') || unanswered('twilioSocket')],
    ['agentHalfOpen', unanswered('vapiSocket')],
    ['callerOverflow', overflows(callerBuffer)],
    ['agentOverflow', overflows(agentBuffer) || isIn(agentBuffer, 'backlogged')],
    ['agentBackedUp', isIn(callerBuffer, 'backlogged')],
    ['retrying', isIn(vapiSocket, 'line', 'retrying')],
    ['bargeInBackedOff', backedOff],
  ];
  return warnings.flatMap(([warning, holds]) => (holds ? [warning] : []));
}

function overflows(buffer: unknown): boolean {
  return isIn(buffer, 'holding', 'overflowing') || isIn(buffer, 'backlogged', 'overflowing');
}

/** Whether a state value is within the state of this path. */
export function isIn(value: unknown, ...path: string[]): boolean {
  let inner = value;
  for (const [depth, key] of path.entries()) {
    if (typeof inner === 'string') return inner === key && depth === path.length - 1;
    if (typeof inner !== 'object' || inner === null || !(key in inner)) return false;
    inner = (inner as Record<string, unknown>)[key];
  }
  return true;
}
