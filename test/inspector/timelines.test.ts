import { expect, it } from 'vitest';
import { stateName } from '../../src/call/state-name.ts';
import { createTimelines } from '../../src/inspector/timelines.ts';
import { stepOf } from './steps.ts';

const LISTENING = { live: 'streaming' };
const SPEAKING = { live: 'agentSpeaking' };
const PAUSED = { live: { bargeIn: { paused: 'voiced' } } };

it('has one entry for each change of state, in whole milliseconds', () => {
  const { hear, of } = createTimelines(stateName);
  const connecting = { live: { connecting: { caller: 'awaited', agent: 'called' } } };
  hear(stepOf('xstate.init', { at: 0, from: null, to: connecting }));
  hear(stepOf('agent.began', { at: 120.4, from: LISTENING, to: SPEAKING }));
  hear(stepOf('vapi.callerStarted', { at: 300.6, from: SPEAKING, to: PAUSED }));
  expect(of('call-1')).toEqual([
    { at: 0, event: 'xstate.init', from: '', to: 'connecting' },
    { at: 120, event: 'agent.began', from: 'streaming', to: 'agentSpeaking' },
    { at: 301, event: 'vapi.callerStarted', from: 'agentSpeaking', to: 'bargeIn.paused' },
  ]);
});

it('leaves out what changes no state that has a name', () => {
  const { hear, of } = createTimelines(stateName);
  hear(stepOf('vapi.callerStopped', { from: PAUSED, to: { live: { bargeIn: { paused: 'hushed' } } } }));
  hear(stepOf('caller.pressed', { from: LISTENING, to: LISTENING }));
  expect(of('call-1')).toEqual([]);
});

it('is about the call and not about its children', () => {
  const { hear, of } = createTimelines(stateName);
  hear(stepOf('socket.opened', { actor: 'vapiSocket', from: 'opening', to: 'open' }));
  expect(of('call-1')).toEqual([]);
});

it('keeps calls apart, and forgets one when it is told to', () => {
  const { hear, of, forget } = createTimelines(stateName);
  hear(stepOf('agent.began', { from: LISTENING, to: SPEAKING }));
  hear(stepOf('agent.began', { callId: 'call-2', from: LISTENING, to: SPEAKING }));
  forget('call-1');
  expect(of('call-1')).toEqual([]);
  expect(of('call-2')).toHaveLength(1);
  expect(of('never-heard-of')).toEqual([]);
});

it('ends at 2,000 entries, the oldest of which are kept', () => {
  const { hear, of } = createTimelines(stateName);
  for (let at = 0; at < 2_500; at += 1) hear(stepOf('x', { at, from: LISTENING, to: SPEAKING }));
  expect(of('call-1')).toHaveLength(2_000);
  expect(of('call-1').at(-1)?.at).toBe(1_999);
});
