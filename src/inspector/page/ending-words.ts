const words: Readonly<Record<string, string>> = {
  callerHungUp: 'caller hung up',
  callerLost: 'caller lost',
  callerNeverCame: 'caller never came',
  callerRefused: 'caller refused',
  agentEnded: 'agent ended it',
  agentLost: 'agent lost',
  agentUnavailable: 'no agent to be had',
  timeToLive: 'time was up',
  hungUp: 'hung up by operator',
  drained: 'server went down',
};

/** Why a call ended, in two or three words. */
export function endingWords(reason: string): string {
  return words[reason] ?? reason;
}
