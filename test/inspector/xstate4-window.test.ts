import { createRequire } from 'node:module';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { openXState4Window } from '../../src/inspector/windows/xstate4-window.ts';
import { CONVERSATION, createRealCalls } from './real-calls.ts';
import { createToldFeed } from './told-feed.ts';
import { openTestWindow, openViewer, statusFor } from './window-world.ts';

interface Matching {
  value: unknown;
  context: Record<string, unknown>;
  event: { type: string };
  done: boolean;
  matches(value: unknown): boolean;
}

/** What the tool's own receiver makes of a message. */
interface Received {
  type: string;
  sessionId: string;
  id?: string;
  parent?: string;
  machine?: {
    id: string;
    stateIds: string[];
    resolveState(state: unknown): Matching & { nextEvents: string[] };
  };
  state?: Matching;
  event?: { name: string };
}

interface Receiver {
  send(event: object): void;
  subscribe(hear: (event: Received) => void): unknown;
}

/** The tools' own code, with the xstate 4 that it needs. */
const toolRequire = createRequire(new URL('../../src/inspector/xstate4/index.js', import.meta.url));
const tools: { createWebSocketReceiver(options: { server: string }): Receiver } =
  toolRequire('@xstate/inspect');

const open = () => openTestWindow(openXState4Window, {});

function receive(port: number) {
  const received: Received[] = [];
  const receiver = tools.createWebSocketReceiver({ server: `127.0.0.1:${port}` });
  receiver.subscribe((event) => void received.push(event));
  return { receiver, received, of: (type: string) => received.filter((event) => event.type === type) };
}

const portOf = (window: { port: number } | null) => window?.port ?? expect.fail('there is no window');

/** Waits until what has been sent so far has been heard. */
const heard = (what: () => boolean) => vi.waitUntil(what, { timeout: 2_000, interval: 2 });

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  collect();
}

beforeAll(() => {
  // The receiver is a browser's code.
  vi.stubGlobal('WebSocket', WebSocket);
  // It has advice on machines that somebody else made.
  vi.spyOn(console, 'warn').mockImplementation(() => {});
  return () => {
    vi.unstubAllGlobals();
    vi.restoreAllMocks();
  };
});

describe('the window for xstate 4', () => {
  it("is read by the tools' own receiver: each statechart of a live call is a service", async () => {
    const { feed, window } = await open();
    feed.open('call-1');
    const { received, of } = receive(portOf(window));
    await heard(() => of('service.register').length === 2);

    const [call, buffer] = of('service.register');
    expect([call?.sessionId, call?.id, call?.parent]).toEqual(['call-1/call', 'call', undefined]);
    expect([buffer?.sessionId, buffer?.id, buffer?.parent]).toEqual([
      'call-1/agentBuffer',
      'agentBuffer',
      'call-1/call',
    ]);
    expect(call?.machine?.stateIds).toContain('call.live.bargeIn');
    expect(call?.state?.matches({ live: 'streaming' })).toBe(true);
    expect(call?.state?.context).toEqual({ callSid: 'CA456', note: '[redacted]', bargeIns: 0 });

    feed.step('call-1');
    await heard(() => of('service.state').length === 1);
    expect(received.slice(-2).map(({ type, sessionId }) => [type, sessionId])).toEqual([
      ['service.event', 'call-1/call'],
      ['service.state', 'call-1/call'],
    ]);
    expect(of('service.event')[0]?.event?.name).toBe('vapi.interrupted');
    const { state } = of('service.state')[0] ?? {};
    expect(state?.matches({ live: 'bargeIn' })).toBe(true);
    expect(state?.context).toEqual({ callSid: 'CA456', note: '[redacted]', bargeIns: 1 });
    expect(state?.event.type).toBe('vapi.interrupted');
  });

  it('gives machines in which the tools find what can happen next', async () => {
    const { feed, window } = await open();
    feed.open('call-1');
    const { of } = receive(portOf(window));
    await heard(() => of('service.register').length === 2);
    const { machine, state } = of('service.register')[0] ?? {};
    // As the hosted tool does with every state that it gets.
    expect(machine?.resolveState(state).nextEvents.toSorted()).toEqual([
      'done.invoke.agentBuffer',
      'vapi.interrupted',
      'xstate.after(sessionTtl)#call.live',
    ]);
  });

  it('says of a call that ends how it ended, and that its services are over', async () => {
    const { feed, window } = await open();
    feed.open('call-1');
    const { received, of } = receive(portOf(window));
    await heard(() => of('service.register').length === 2);
    feed.finish('call-1');
    await heard(() => of('service.stop').length === 2);
    const last = of('service.state').at(-1)?.state;
    expect([last?.value, last?.done, last?.event.type]).toEqual(['closed', true, 'done.invoke.agentBuffer']);
    expect(received.slice(-2).map(({ sessionId }) => sessionId)).toEqual([
      'call-1/agentBuffer',
      'call-1/call',
    ]);
  });

  it('says that the services are over of a call whose statecharts could not', async () => {
    const { feed, window } = await open();
    feed.open('call-1');
    const { of } = receive(portOf(window));
    await heard(() => of('service.register').length === 2);
    feed.close('call-1');
    await heard(() => of('service.stop').length === 2);
  });

  it('shows several receivers the same, and one that comes late all that lives by then', async () => {
    const { feed, window } = await open();
    feed.open('call-1');
    feed.open('call-2');
    const first = receive(portOf(window));
    await heard(() => first.of('service.register').length === 4);
    feed.finish('call-1');
    feed.step('call-2');
    feed.open('call-3');
    const late = receive(portOf(window));
    await heard(() => late.of('service.register').length === 4);
    expect(late.received.map(({ sessionId }) => sessionId)).toEqual([
      'call-2/call',
      'call-2/agentBuffer',
      'call-3/call',
      'call-3/agentBuffer',
    ]);
    expect(late.received[0]?.state?.matches({ live: 'bargeIn' })).toBe(true);

    feed.step('call-3');
    await heard(() => late.of('service.state').length === 1 && first.of('service.state').length === 3);
    expect(first.of('service.register')).toHaveLength(6);
  });

  it('shows a call of the real statecharts, in states that its own machine has', async () => {
    const { clock, windowFeed, ring } = createRealCalls();
    const { window } = await openTestWindow(openXState4Window, { feed: windowFeed });
    const { received, of } = receive(portOf(window));
    ring('call-0');
    await heard(() => of('service.register').length === 5);
    const call = ring('call-1');
    for (const event of CONVERSATION) call.send(event);
    await heard(() =>
      of('service.state').some(({ state }) => state?.matches({ live: { bargeIn: 'flushed' } })),
    );

    const register = of('service.register').slice(5);
    expect(register.map(({ id }) => id).toSorted()).toEqual(
      ['agentBuffer', 'call', 'callerBuffer', 'twilioSocket', 'vapiSocket'].toSorted(),
    );
    const machines = new Map(register.map(({ sessionId, machine }) => [sessionId, machine]));
    const states = received.filter(({ state, sessionId }) => state && sessionId.startsWith('call-1/'));
    for (const { sessionId, state } of states) {
      const resolved = machines.get(sessionId)?.resolveState(state);
      expect(resolved?.value).toEqual(state?.value);
    }
    const ofCall = states.filter(({ sessionId }) => sessionId === 'call-1/call');
    expect(ofCall.some(({ state }) => state?.matches({ live: { connecting: { agent: 'called' } } }))).toBe(
      true,
    );
    expect(ofCall.at(-1)?.state?.context).toMatchObject({ callSid: 'CA456', streamSid: 'MZ123' });

    call.send({ type: 'call.hangUp', reason: 'hungUp', words: 'An operator ended the call.' });
    await clock.run(60_000);
    const stops = () => of('service.stop').filter(({ sessionId }) => sessionId.startsWith('call-1/'));
    await heard(() => stops().length === 5);
    expect(of('service.state').findLast(({ sessionId }) => sessionId === 'call-1/call')?.state).toMatchObject(
      {
        value: 'closed',
        done: true,
      },
    );
  });

  it('leaves nothing of calls that are over', async () => {
    const feed = createToldFeed();
    const contexts: WeakRef<object>[] = [];
    const journalOf = (callId: string) => {
      const journal = feed.journalOf(callId);
      if (!journal) return undefined;
      const noted = <Told extends object>(told: readonly Told[]) => {
        for (const one of told) if ('context' in one) contexts.push(new WeakRef(one.context as object));
        return told;
      };
      return {
        newest: journal.newest,
        actors: () => noted(journal.actors()),
        since: (seq: number) => noted(journal.since(seq)),
      };
    };
    const { window } = await openTestWindow(openXState4Window, { feed: { ...feed, journalOf } });
    const watcher = await openViewer(portOf(window));
    feed.open('a call before');
    watcher.socket.send('{"type":"xstate.inspecting"}');
    await heard(() => watcher.heard.length === 2);
    for (let call = 0; call < 30; call += 1) {
      feed.open(`call-${call}`);
      await new Promise((resolve) => setImmediate(resolve));
      feed.step(`call-${call}`);
      feed.finish(`call-${call}`);
    }
    feed.close('a call before');
    await heard(() => watcher.heard.filter(({ type }) => type === 'service.stop').length === 62);

    await new Promise((resolve) => setImmediate(resolve));
    collectGarbage();
    expect(contexts).toHaveLength(62);
    expect(contexts.filter((context) => context.deref() !== undefined)).toEqual([]);

    const late = receive(portOf(window));
    feed.open('the next call');
    await heard(() => late.received.length >= 2);
    expect(late.received.map(({ sessionId }) => sessionId)).toEqual([
      'the next call/call',
      'the next call/agentBuffer',
    ]);
  });

  it('refuses an event that a viewer sends to a service, and whatever else it says', async () => {
    const { feed, window, refusals } = await open();
    feed.open('call-1');
    const { receiver, received, of } = receive(portOf(window));
    await heard(() => of('service.register').length === 2);
    const stranger = await openViewer(portOf(window));

    const event = JSON.stringify({
      name: 'call.hangUp',
      data: { type: 'call.hangUp' },
      origin: 'call-1/call',
    });
    receiver.send({ type: 'xstate.event', event, service: 'call-1/call' });
    stranger.socket.send('no JSON');
    stranger.socket.send('null');
    // In the tool's own server these two end the inspection for everybody, and speak to the other viewers.
    stranger.socket.send('{"type":"disconnect"}');
    stranger.socket.send('{"type":"service.stop","sessionId":"call-1/call"}');
    await heard(() => refusals.length === 5);
    expect(new Set(refusals)).toEqual(
      new Set(['The window for xstate 4: what a viewer said; it can only look']),
    );

    feed.step('call-1');
    await heard(() => of('service.state').length === 1);
    expect(received.map(({ type }) => type)).toEqual([
      'service.register',
      'service.register',
      'service.event',
      'service.state',
    ]);
    expect(stranger.heard).toEqual([]);
  });

  it('takes nothing from the feed while nobody looks', async () => {
    const { feed, window } = await open();
    feed.open('call-1');
    expect(feed.listeners).toBe(0);
    const { socket, heard: told } = await openViewer(portOf(window));
    expect(feed.listeners).toBe(0);
    socket.send('{"type":"xstate.inspecting"}');
    await heard(() => told.length === 2);
    expect(feed.listeners).toBe(1);
    socket.close();
    await heard(() => feed.listeners === 0);
  });

  it('lets pages of the hosted tool and of this machine look, and no other page', async () => {
    const { window, refusals } = await open();
    const port = portOf(window);
    expect(await statusFor(port, { origin: 'https://stately.ai' })).toBe(101);
    expect(await statusFor(port, { origin: 'http://localhost:3000' })).toBe(101);
    for (const origin of [
      'https://evil.example',
      'https://stately.ai.evil.example',
      'http://localhost.evil',
      'null',
    ]) {
      expect(await statusFor(port, { origin }), origin).toBe(403);
    }
    expect(await statusFor(port, { headers: { Host: 'rebound.example' } })).toBe(403);
    expect(await statusFor(port, { headers: { 'X-Forwarded-For': '1.2.3.4' } })).toBe(403);
    expect(new Set(refusals)).toEqual(
      new Set([
        'The window for xstate 4: a viewer on a page of another site',
        'The window for xstate 4: a viewer from another machine',
      ]),
    );
  });

  it('sends its viewers away when it fails, and nothing else comes of that', async () => {
    const { feed, window, lines } = await open();
    feed.open('call-1');
    const watcher = await openViewer(portOf(window));
    watcher.socket.send('{"type":"xstate.inspecting"}');
    await heard(() => watcher.heard.length === 2);
    feed.step('call-1', { event: { type: undefined as unknown as string } });
    await heard(() => watcher.socket.readyState === WebSocket.CLOSED);
    expect(lines.at(-1)).toContain('[Bug] The window for xstate 4 failed');
  });

  it('is left out where its package is not installed, and the log says so', async () => {
    const { window, lines } = await openTestWindow(openXState4Window, {
      load: () => Promise.reject(new Error('Cannot find package')),
    });
    expect(window).toBeNull();
    expect(lines).toEqual([expect.stringContaining('The window for xstate 4 is not installed')]);
  });

  it('is left out where its port is taken, and the log says so', async () => {
    const { window } = await open();
    const port = portOf(window);
    const second = await openTestWindow(openXState4Window, { port });
    expect(second.window).toBeNull();
    expect(second.lines).toEqual([expect.stringContaining(`has no port ${port} (EADDRINUSE)`)]);
  });

  it('closes while viewers look, and forgets the feed', async () => {
    const { feed, window } = await open();
    feed.open('call-1');
    const { of } = receive(portOf(window));
    await heard(() => of('service.register').length === 2);
    await window?.close();
    await heard(() => feed.listeners === 0);
  });
});
