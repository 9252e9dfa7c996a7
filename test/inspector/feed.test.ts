import { describe, expect, it } from 'vitest';
import { createActor, fromCallback, raise, sendTo, setup } from 'xstate';
import { createDefinitions } from '../../src/inspector/definitions.ts';
import { createFeed, type Step } from '../../src/inspector/feed.ts';
import { createVirtualClock } from '../support/virtual-clock.ts';

const link = fromCallback(() => {});

const socketMachine = setup({ actors: { link } }).createMachine({
  id: 'twilio-socket',
  context: { words: 'known' },
  invoke: { src: 'link', id: 'twilioLink' },
  initial: 'closed',
  states: { closed: { on: { 'socket.open': 'open' } }, open: {} },
});

const otherMachine = setup({}).createMachine({ initial: 'idle', states: { idle: {} } });

const machine = setup({
  types: { events: {} as { type: 'ring' | 'answer' | 'nothing' | 'over' | 'end' } },
  actors: { twilioSocket: socketMachine, other: otherMachine },
  delays: { patience: 100 },
}).createMachine({
  id: 'call',
  context: { callSid: 'CA456' },
  invoke: [
    { src: 'twilioSocket', id: 'twilioSocket' },
    { src: 'other', id: 'wiring' },
  ],
  initial: 'idle',
  states: {
    idle: { on: { ring: { target: 'ringing', actions: sendTo('twilioSocket', { type: 'socket.open' }) } } },
    ringing: {
      entry: raise({ type: 'over' }, { id: 'session', delay: 1_000 }),
      after: { patience: 'over' },
      on: { answer: 'talking' },
    },
    talking: { on: { end: 'over' } },
    over: { type: 'final' },
  },
});

const definitions = createDefinitions([machine]);

function createWatchedCall(failed: (error: unknown) => void = () => {}) {
  const clock = createVirtualClock();
  clock.advance(5_000);
  const feed = createFeed(clock.now, failed, definitions.placeOf);
  const steps: Step[] = [];
  const stop = feed.listen((step) => void steps.push(step));
  const actor = createActor(machine, {
    clock,
    inspect: feed.observe({ callId: 'call-1', openedAt: clock.now() }),
  });
  const told = () => steps.map(({ actor: who, event, from, to }) => `${who} ${event.type} ${from} ${to}`);
  return { clock, feed, steps, stop, actor, told };
}

describe('the feed', () => {
  it('tells what each machine was told, and where that led', () => {
    const { actor, told } = createWatchedCall();
    actor.start();
    actor.send({ type: 'ring' });
    actor.send({ type: 'answer' });
    expect(told().toSorted()).toEqual(
      [
        'call xstate.init null idle',
        'twilioSocket xstate.init null closed',
        'call ring idle ringing',
        'twilioSocket socket.open closed open',
        'call answer ringing talking',
      ].toSorted(),
    );
  });

  it('tells also of what changed nothing', () => {
    const { actor, told } = createWatchedCall();
    actor.start();
    actor.send({ type: 'nothing' });
    expect(told()).toContain('call nothing idle idle');
  });

  it('dates each step from the call’s start, by the clock of the calls', () => {
    const { actor, steps, clock } = createWatchedCall();
    actor.start();
    clock.advance(1_234);
    actor.send({ type: 'ring' });
    expect(steps.find(({ event }) => event.type === 'ring')).toMatchObject({ callId: 'call-1', at: 1_234 });
    expect(steps[0]?.at).toBe(0);
  });

  it('shows what a machine knows after a step', () => {
    const { actor, steps } = createWatchedCall();
    actor.start();
    expect(steps.find(({ actor: who }) => who === 'call')?.context).toEqual({ callSid: 'CA456' });
    expect(steps.find(({ actor: who }) => who === 'twilioSocket')?.context).toEqual({ words: 'known' });
  });

  it('leaves out the wiring: whatever is not one of a call’s machines', () => {
    const { actor, steps } = createWatchedCall();
    actor.start();
    actor.send({ type: 'ring' });
    expect(new Set(steps.map(({ actor: who }) => who))).toEqual(new Set(['call', 'twilioSocket']));
  });

  it('tells the delays that run: armed, ended by leaving their state, and fired', () => {
    const { actor, steps, clock } = createWatchedCall();
    const timers = () =>
      steps
        .findLast(({ actor: who }) => who === 'call')
        ?.timers.map(({ delay, state, from, due }) => [delay, state, from, due]);
    actor.start();
    clock.advance(10);
    actor.send({ type: 'ring' });
    expect(timers()).toEqual([
      ['session', 'call', 10, 1_010],
      ['patience', 'call.ringing', 10, 110],
    ]);
    actor.send({ type: 'answer' });
    expect(timers()).toEqual([['session', 'call', 10, 1_010]]);
    clock.advance(1_000);
    expect(actor.getSnapshot().value).toBe('talking');
    expect(timers()).toEqual([]);
  });

  it('keeps the same list of delays while none begins or ends', () => {
    const { actor, steps } = createWatchedCall();
    actor.start();
    actor.send({ type: 'ring' });
    actor.send({ type: 'nothing' });
    const [before, after] = steps.filter(({ actor: who }) => who === 'call').slice(-2);
    expect(after?.timers).toBe(before?.timers);
  });

  it('numbers steps by when they began, so that a cause comes before what it brings about', () => {
    const { actor, steps } = createWatchedCall();
    actor.start();
    steps.length = 0;
    actor.send({ type: 'ring' });
    expect(steps.map(({ actor: who, settled }) => [who, settled])).toEqual([
      ['twilioSocket', false],
      ['call', true],
    ]);
    const [child, call] = steps;
    expect(child?.order).toBeGreaterThan(call?.order ?? Number.POSITIVE_INFINITY);
  });

  it('tells the edges that were taken, and none for an event that means nothing', () => {
    const { actor, steps } = createWatchedCall();
    actor.start();
    actor.send({ type: 'ring' });
    actor.send({ type: 'nothing' });
    const names = definitions.machines[0]?.transitions.map(({ name }) => name) ?? [];
    const taken = steps
      .filter(({ actor: who }) => who === 'call')
      .map(({ edges }) => edges.map((edge) => names[edge]));
    expect(taken).toEqual([[], ['call.idle ─ ring'], []]);
  });

  it('keeps two calls apart', () => {
    const { feed, steps, actor, clock } = createWatchedCall();
    const second = createActor(machine, {
      inspect: feed.observe({ callId: 'call-2', openedAt: clock.now() }),
    });
    actor.start();
    second.start();
    second.send({ type: 'ring' });
    actor.send({ type: 'nothing' });
    const last = (callId: string) =>
      steps.filter((step) => step.callId === callId && step.actor === 'call').at(-1);
    expect(last('call-1')).toMatchObject({ from: 'idle', to: 'idle' });
    expect(last('call-2')).toMatchObject({ from: 'idle', to: 'ringing' });
  });

  it('tells everybody who listens, and nobody who has ceased to', () => {
    const { feed, steps, stop, actor } = createWatchedCall();
    const others: Step[] = [];
    feed.listen((step) => void others.push(step));
    actor.start();
    const before = steps.length;
    stop();
    actor.send({ type: 'ring' });
    expect(steps).toHaveLength(before);
    expect(others.map(({ event }) => event.type)).toContain('ring');
  });

  it('lets a call go on whose watcher makes a mistake, and tells the other watchers', () => {
    const failures: unknown[] = [];
    const { feed, actor } = createWatchedCall((error) => void failures.push(error));
    const mistake = new Error('a mistake');
    feed.listen(() => {
      throw mistake;
    });
    const after: string[] = [];
    feed.listen(({ event }) => void after.push(event.type));
    actor.start();
    actor.send({ type: 'ring' });
    expect(actor.getSnapshot()).toMatchObject({ status: 'active', value: 'ringing' });
    expect(after).toContain('ring');
    expect(failures.length).toBe(after.length);
    expect(failures[0]).toBe(mistake);
  });
});
