import { describe, expect, it } from 'vitest';
import type { AnyTransitionDefinition } from 'xstate';
import { createActor } from 'xstate';
import { callMachine } from '../../machines/call.ts';
import { jitterBufferMachine } from '../../machines/jitter-buffer.ts';
import { machines } from '../../src/call/machines.ts';
import { createDefinitions } from '../../src/inspector/definitions.ts';
import { statesOf, transitionsOf } from '../model/transitions.ts';

const { machines: defined, placeOf } = createDefinitions(machines);
const definitionOf = (name: string) => {
  const found = defined.find(({ machine }) => machine === name);
  if (!found) throw new Error(`There is no definition of ${name}.`);
  return found;
};

describe('the definitions of the machines', () => {
  it.each(machines.map((machine) => [machine.id, machine] as const))(
    'of %s have every state and every transition that the machine has',
    (id, machine) => {
      const { states, transitions } = definitionOf(id);
      expect(states.map((state) => state.id)).toEqual(statesOf(machine).map((state) => state.id));
      expect(transitions).toHaveLength(transitionsOf(machine).length);
      expect(new Set(transitions.map(({ name }) => name)).size).toBe(transitions.length);
    },
  );

  it('name only states that there are', () => {
    for (const { states, transitions } of defined) {
      const ids = new Set(states.map(({ id }) => id));
      const named = [
        ...states.flatMap(({ parent, initial }) => [parent, initial]),
        ...transitions.flatMap(({ source, targets }) => [source, ...targets]),
      ];
      expect(named.filter((id) => id !== null && !ids.has(id))).toEqual([]);
    }
  });

  it('tell parents before their children', () => {
    for (const { states } of defined) {
      for (const [place, { parent }] of states.entries()) {
        expect(states.findIndex(({ id }) => id === parent)).toBeLessThan(place);
      }
    }
  });

  it('tell of a transition what a person wants to know', () => {
    const { transitions } = definitionOf('jitter-buffer');
    expect(transitions.find(({ event }) => event === 'after fillTimeout')).toEqual({
      name: 'jitter-buffer.filling.gathering ─ after fillTimeout',
      source: 'jitter-buffer.filling.gathering',
      event: 'after fillTimeout',
      guard: '',
      targets: ['jitter-buffer.flowing'],
      actions: [],
      delay: 'fillTimeout',
    });
    const flushes = transitions.filter(
      ({ source, event }) => source === 'jitter-buffer' && event === 'buffer.flush',
    );
    expect(flushes.map(({ name, guard, actions }) => ({ name, guard, actions }))).toEqual([
      { name: 'jitter-buffer ─ buffer.flush #1', guard: 'refuses', actions: ['order pipe.flush'] },
      { name: 'jitter-buffer ─ buffer.flush #2', guard: 'else', actions: ['order pipe.flush'] },
    ]);
  });

  it('tell of a state what runs in it, and what is done at its door', () => {
    const { states } = definitionOf('jitter-buffer');
    expect(states[0]).toMatchObject({ id: 'jitter-buffer', parent: null, invokes: ['pipe'] });
    expect(states.find(({ key }) => key === 'flowing')).toMatchObject({ entry: ['order pipe.release'] });
    // Arming a timer is XState's own business.
    expect(states.find(({ id }) => id === 'jitter-buffer.filling.gathering')).toMatchObject({
      entry: [],
      exit: [],
    });
  });

  it('have another version when the machine is another', () => {
    const changed = createDefinitions([
      jitterBufferMachine.provide({}),
      { ...callMachine, id: 'call', root: jitterBufferMachine.root } as unknown as typeof callMachine,
    ]);
    expect(changed.machines[0]?.version).toBe(definitionOf('jitter-buffer').version);
    expect(changed.machines[1]?.version).not.toBe(definitionOf('call').version);
  });
});

it('finds a taken transition in the list, also of a copy with other actors', () => {
  const copy = jitterBufferMachine.provide({});
  const taken: AnyTransitionDefinition[] = [];
  const actor = createActor(copy, {
    input: { callId: 'call-1', direction: 'agent', fillTimeoutMs: 100, refuseTimeoutMs: 100 },
    inspect(event) {
      if (event.type === '@xstate.microstep') taken.push(...event._transitions);
    },
  });
  actor.start();
  actor.send({ type: 'pipe.started' });
  actor.send({ type: 'buffer.open' });
  actor.stop();
  const names = taken.map(
    (transition) => definitionOf('jitter-buffer').transitions[placeOf(transition) ?? -1]?.name,
  );
  expect(names).toEqual([
    'jitter-buffer.holding.empty ─ pipe.started',
    'jitter-buffer.holding.gathering ─ buffer.open',
  ]);
});
