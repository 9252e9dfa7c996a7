import { createWebSocketReceiver, type StatelyInspectionEvent } from '@statelyai/inspect';
import { describe, expect, it, vi } from 'vitest';
import { openStatelyWindow } from '../../src/inspector/windows/stately-window.ts';
import { openTestWindow, openViewer, statusFor } from './window-world.ts';

const open = () => openTestWindow(openStatelyWindow, { epochMs: () => 1_767_225_600_000 });

const portOf = (window: { port: number } | null) => window?.port ?? expect.fail('there is no window');

const heard = (what: () => boolean) => vi.waitUntil(what, { timeout: 2_000, interval: 2 });

function receive(port: number) {
  const received: StatelyInspectionEvent[] = [];
  const receiver = createWebSocketReceiver({ server: `ws://127.0.0.1:${port}` });
  receiver.subscribe((event) => void received.push(event));
  return received;
}

describe('the window for the Stately Inspector', () => {
  it("is read by the tool's own receiver: each statechart of a live call is an actor", async () => {
    const { feed, window } = await open();
    feed.open('call-1');
    const received = receive(portOf(window));
    await heard(() => received.length === 2);
    expect(received).toEqual([
      expect.objectContaining({
        type: '@xstate.actor',
        name: 'call-1',
        sessionId: 'call-1/call',
        rootId: 'call-1/call',
        createdAt: '1767225600000',
        snapshot: {
          status: 'active',
          value: { live: 'streaming' },
          context: { callSid: 'CA456', note: '[redacted]', bargeIns: 0 },
        },
      }),
      expect.objectContaining({
        type: '@xstate.actor',
        name: 'agentBuffer',
        sessionId: 'call-1/agentBuffer',
        rootId: 'call-1/call',
        parentId: 'call-1/call',
      }),
    ]);

    feed.step('call-1');
    feed.finish('call-1');
    await heard(() => received.length === 6);
    expect(received.slice(2)).toEqual([
      expect.objectContaining({ type: '@xstate.event', event: { type: 'vapi.interrupted', at: 1_000 } }),
      expect.objectContaining({
        type: '@xstate.snapshot',
        snapshot: {
          status: 'active',
          value: { live: 'bargeIn' },
          context: { callSid: 'CA456', note: '[redacted]', bargeIns: 1 },
        },
      }),
      expect.objectContaining({ type: '@xstate.event', event: { type: 'xstate.done.actor.agentBuffer' } }),
      expect.objectContaining({
        type: '@xstate.snapshot',
        sessionId: 'call-1/call',
        snapshot: {
          status: 'done',
          value: 'closed',
          context: { callSid: 'CA456', note: '[redacted]', bargeIns: 1 },
        },
      }),
    ]);
  });

  it('tells a machine as XState 5 writes it', async () => {
    const { feed, window } = await open();
    feed.open('call-1');
    const received = receive(portOf(window));
    await heard(() => received.length === 2);
    const [call] = received;
    const definition = JSON.parse((call?.type === '@xstate.actor' && call.definition) || '{}');
    expect(definition).toEqual({
      id: 'call',
      initial: 'live',
      invoke: [{ id: 'agentBuffer', src: 'agentBuffer' }],
      states: {
        live: {
          id: 'call.live',
          initial: 'streaming',
          on: { 'xstate.done.actor.agentBuffer': [{ target: ['#call.closed'] }] },
          after: { sessionTtl: [{ target: ['#call.closed'] }] },
          states: {
            streaming: {
              id: 'call.live.streaming',
              exit: ['noteTime'],
              on: {
                'vapi.interrupted': [
                  { target: ['#call.live.bargeIn'], guard: 'isDecisive', actions: ['noteBargeIn'] },
                  { actions: ['noteWords'] },
                ],
              },
            },
            bargeIn: {
              id: 'call.live.bargeIn',
              entry: ['orderAgentBuffer'],
              always: [{ target: ['#call.live.streaming'], guard: 'isOver' }],
            },
          },
        },
        closed: { id: 'call.closed', type: 'final' },
      },
    });
  });

  it('gives one that comes late every actor, however much has happened', async () => {
    const { feed, window } = await open();
    feed.open('call-1');
    const first = receive(portOf(window));
    await heard(() => first.length === 2);
    for (let step = 0; step < 300; step += 1) feed.step('call-1', { context: { bargeIns: step } });
    const late = receive(portOf(window));
    await heard(() => late.length === 2);
    expect(late.map(({ type }) => type)).toEqual(['@xstate.actor', '@xstate.actor']);
    expect(late[0]).toMatchObject({ snapshot: { value: { live: 'bargeIn' }, context: { bargeIns: 299 } } });
    expect(first).toHaveLength(602);
  });

  it('passes on nothing that a viewer says', async () => {
    const { feed, window, refusals } = await open();
    const listener = receive(portOf(window));
    const stranger = await openViewer(portOf(window));
    stranger.socket.send('{"type":"@xstate.snapshot","sessionId":"call-1/call","_version":"0.7.2"}');
    await heard(() => refusals.length === 1);
    feed.open('call-1');
    await heard(() => listener.length === 2);
    expect(listener.map(({ type }) => type)).toEqual(['@xstate.actor', '@xstate.actor']);
  });

  it('shows its page to this machine alone, and lets no other page look', async () => {
    const { window } = await open();
    const port = portOf(window);
    const page = await fetch(`http://localhost:${port}/`);
    expect(page.status).toBe(200);
    expect(page.headers.get('content-security-policy')).toContain('frame-src https://stately.ai;');
    expect(await page.text()).toContain('https://stately.ai/inspect');
    expect((await fetch(`http://localhost:${port}/other`)).status).toBe(404);
    const tunnelled = await fetch(`http://localhost:${port}/`, { headers: { 'X-Forwarded-For': '1.2.3.4' } });
    expect(tunnelled.status).toBe(404);

    expect(await statusFor(port, { origin: `http://localhost:${port}` })).toBe(101);
    expect(await statusFor(port, { origin: 'https://stately.ai' })).toBe(403);
    expect(await statusFor(port, { origin: 'https://evil.example' })).toBe(403);
  });

  it('closes at once while somebody looks', async () => {
    const { feed, window } = await open();
    const { socket } = await openViewer(portOf(window));
    expect(feed.listeners).toBe(1);
    await window?.close();
    await heard(() => socket.readyState === socket.CLOSED && feed.listeners === 0);
  });
});
