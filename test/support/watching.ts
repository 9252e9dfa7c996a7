import { machines } from '../../src/call/machines.ts';

/** What a watch is told where a test has nothing special to look at. */
export const usualWatch = {
  machines,
  agentKind: 'simulated',
  maxCalls: 10,
  mayAct: false,
  shows: { numbers: false, transcripts: false },
  settings: {},
} as const;
