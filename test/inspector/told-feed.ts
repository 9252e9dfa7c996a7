import type { Step } from '../../src/inspector/feed.ts';
import type { MachineDefinition } from '../../src/inspector/messages.ts';
import { createNotebook } from '../../src/inspector/notebook.ts';
import { createRedactor } from '../../src/inspector/redact.ts';
import type { WindowFeed } from '../../src/inspector/windows/window.ts';

const state = { parent: 'call', kind: 'atomic', initial: null, invokes: [], entry: [], exit: [] } as const;
const way = { guard: '', targets: [], actions: [], delay: null } as const;

/** A small call: enough for a state within a state, a guard, a delay, and a child that is done. */
const CALL: MachineDefinition = {
  machine: 'call',
  version: '1',
  states: [
    {
      ...state,
      id: 'call',
      key: 'call',
      parent: null,
      kind: 'compound',
      initial: 'call.live',
      invokes: ['agentBuffer'],
    },
    { ...state, id: 'call.live', key: 'live', kind: 'compound', initial: 'call.live.streaming' },
    { ...state, id: 'call.live.streaming', key: 'streaming', parent: 'call.live', exit: ['noteTime'] },
    { ...state, id: 'call.live.bargeIn', key: 'bargeIn', parent: 'call.live', entry: ['orderAgentBuffer'] },
    { ...state, id: 'call.closed', key: 'closed', kind: 'final' },
  ],
  transitions: [
    { ...way, name: '1', source: 'call.live', event: 'agentBuffer done', targets: ['call.closed'] },
    {
      ...way,
      name: '2',
      source: 'call.live',
      event: 'after sessionTtl',
      delay: 'sessionTtl',
      targets: ['call.closed'],
    },
    {
      ...way,
      name: '3',
      source: 'call.live.streaming',
      event: 'vapi.interrupted',
      guard: 'isDecisive',
      targets: ['call.live.bargeIn'],
      actions: ['noteBargeIn'],
    },
    {
      ...way,
      name: '4',
      source: 'call.live.streaming',
      event: 'vapi.interrupted',
      guard: 'else',
      actions: ['noteWords'],
    },
    {
      ...way,
      name: '5',
      source: 'call.live.bargeIn',
      event: 'always',
      guard: 'isOver',
      targets: ['call.live.streaming'],
    },
  ],
};

const BUFFER: MachineDefinition = {
  machine: 'jitter-buffer',
  version: '1',
  states: [
    {
      ...state,
      id: 'jitter-buffer',
      key: 'jitter-buffer',
      parent: null,
      kind: 'compound',
      initial: 'jitter-buffer.flowing',
    },
    { ...state, id: 'jitter-buffer.flowing', key: 'flowing', parent: 'jitter-buffer' },
  ],
  transitions: [],
};

export interface ToldFeed extends WindowFeed {
  /** A call begins, with one child. */
  open(callId: string): void;
  step(callId: string, step?: Partial<Step>): void;
  /** The call's own statechart comes to its end, as it does in life. */
  finish(callId: string): void;
  /** The call is gone without a last word of its statecharts. */
  close(callId: string): void;
  readonly listeners: number;
}

/** A feed whose calls do what a test tells them to. */
export function createToldFeed(): ToldFeed {
  const redactor = createRedactor({ transcripts: false });
  let order = 0;
  let listeners = 0;
  const notebook = createNotebook({
    redactor,
    machines: [CALL, BUFFER],
    placeOf: () => ({ order, settled: true }),
  });

  function step(callId: string, told: Partial<Step> = {}): void {
    order += 1;
    notebook.step({
      callId,
      at: order,
      beganAt: order,
      actor: 'call',
      event: { type: 'vapi.interrupted', at: 1_000 },
      from: null,
      to: { live: 'bargeIn' },
      context: { callSid: 'CA456', note: 'what the caller said', bargeIns: 1 },
      edges: [2],
      timers: [],
      status: 'active',
      order,
      settled: true,
      ...told,
    });
  }

  return {
    ...notebook.windowFeed,
    listen(ear) {
      const stop = notebook.windowFeed.listen(ear);
      listeners += 1;
      return () => {
        listeners -= 1;
        stop();
      };
    },
    open(callId) {
      notebook.opened(callId);
      const event = { type: 'xstate.init' };
      const context = { callSid: 'CA456', note: 'what the caller said', bargeIns: 0 };
      step(callId, { event, to: { live: 'streaming' }, context });
      step(callId, { event, actor: 'agentBuffer', to: 'flowing', context: {} });
    },
    step,
    finish(callId) {
      step(callId, { event: { type: 'xstate.done.actor.agentBuffer' }, to: 'closed', status: 'done' });
      notebook.closed(callId);
      // The children of a statechart that is over are stopped.
      step(callId, {
        actor: 'agentBuffer',
        event: { type: 'xstate.stop' },
        to: 'flowing',
        status: 'stopped',
      });
    },
    close: (callId) => void notebook.closed(callId),
    get listeners() {
      return listeners;
    },
  };
}
