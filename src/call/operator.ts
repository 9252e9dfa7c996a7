import type { CallCommand } from '../../machines/call-facts.ts';
import type { AgentLine } from '../agent/agent-line.ts';

/** What an operator can do to a live call. */
export type OperatorAction =
  | { action: 'hangUp' }
  /** The agent says `text` in its own voice. */
  | { action: 'say'; text: string }
  /** Silences the agent at the caller's ear, and lets it be heard again. */
  | { action: 'mute' }
  | { action: 'unmute' }
  /** Adds a system message to the conversation; with `respond` the agent answers it. */
  | { action: 'addMessage'; text: string; respond: boolean }
  /** Drops what the agent has left to say. */
  | { action: 'flush' }
  /** Lets the call live `ms` longer. */
  | { action: 'extend'; ms: number };

/** Whether it could be done, and if not, why. */
export type ActionAnswer = { ok: true } | { ok: false; words: string };

export interface OperatorOptions {
  /** Milliseconds since the call's start. */
  sinceStart(): number;
  /** Whether the call lives. */
  alive(): boolean;
  /** Whether the call's chart answers this now. */
  heeds(command: CallCommand): boolean;
  tell(command: CallCommand): void;
  agentLine: Pick<AgentLine, 'leave'>;
  /** Whether this agent can be told anything. */
  takesOrders: boolean;
}

/**
 * Makes the operator's hand on one call: each action is an event of the call's chart, which decides whether it can be
 * done now. Words stay beside the chart, in the agent's line.
 */
export function createOperator(options: OperatorOptions): (action: OperatorAction) => ActionAnswer {
  const { sinceStart, alive, heeds, tell, agentLine, takesOrders } = options;

  /** `leave` is asked for words that the agent is to have; the command itself carries their number alone. */
  function commandOf(action: OperatorAction, leave: AgentLine['leave']): CallCommand {
    switch (action.action) {
      case 'hangUp':
        return { type: 'call.hangUp', reason: 'hungUp', words: 'An operator hung up.' };
      case 'say':
        return { type: 'call.say', slip: leave({ say: action.text }) };
      case 'addMessage':
        return { type: 'call.add', slip: leave({ add: action.text, respond: action.respond }) };
      case 'mute':
        return { type: 'call.mute' };
      case 'unmute':
        return { type: 'call.unmute' };
      case 'flush':
        return { type: 'call.flush', at: sinceStart() };
      case 'extend':
        return { type: 'call.extend', at: sinceStart(), ms: action.ms };
    }
  }

  return (action) => {
    if (!alive()) return { ok: false, words: 'The call is over.' };
    const { action: name } = action;
    if ((name === 'say' || name === 'addMessage') && !takesOrders)
      return { ok: false, words: 'This agent takes nothing but audio (VAPI_DIALECT=direct).' };
    // Words are left only where they are fetched: else they would stay for as long as the call.
    if (!heeds(commandOf(action, () => 0))) return { ok: false, words: REFUSED[name] };
    tell(commandOf(action, agentLine.leave));
    return { ok: true };
  };
}

/** Why the chart does not answer an action. */
const REFUSED: Record<OperatorAction['action'], string> = {
  hangUp: 'The call is ending already.',
  say: 'The agent is not there.',
  addMessage: 'The agent is not there.',
  mute: 'The caller or the agent is not there yet.',
  unmute: 'The caller or the agent is not there yet.',
  flush: 'The call is ending.',
  extend: 'The call is ending, or was extended by half an hour already.',
};
