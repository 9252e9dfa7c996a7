/**
 * The words of @xstate/inspect, for machines of xstate 5. It stands in a package of its own because it needs xstate 4,
 * which cannot be installed beside xstate 5; it is JavaScript because it runs as it is, from the sources and from the
 * compiled program alike.
 */
import serializers from '@xstate/inspect/lib/serialize.js';
import xstate from 'xstate';

/** The machine's definition as xstate 4 has it, as JSON. */
export function definitionOf(config) {
  const machine = xstate.createMachine({ ...stateIn4(config), predictableActionArguments: true });
  return serializers.stringifyMachine(machine);
}

/** A service is there: `machine` is what `definitionOf` gave. */
export function registered({ id, parent, machine }, moment) {
  const { sessionId } = moment;
  const state = stateOf(moment);
  return JSON.stringify({ type: 'service.register', machine, state, id, sessionId, parent });
}

/** A service is told an event. */
export function told({ sessionId, event }) {
  return JSON.stringify({ type: 'service.event', event: JSON.stringify(eventIn4(event)), sessionId });
}

/** Where that has led. */
export function stepped(moment) {
  const { sessionId } = moment;
  return JSON.stringify({ type: 'service.state', state: stateOf(moment), sessionId });
}

/** A service is over. */
export function stopped(sessionId) {
  return JSON.stringify({ type: 'service.stop', sessionId });
}

/** A viewer's message that asks to be shown the services. Every other one would act on them. */
export function asksToInspect(message) {
  try {
    return JSON.parse(message)?.type === 'xstate.inspecting';
  } catch {
    return false;
  }
}

function stateOf({ sessionId, value, context, event, done }) {
  const state = xstate.State.create({
    value,
    context,
    _event: eventIn4(event),
    _sessionid: sessionId,
    historyValue: undefined,
    history: undefined,
    actions: [],
    activities: {},
    meta: {},
    events: [],
    configuration: [],
    transitions: [],
    children: {},
    done,
  });
  return JSON.stringify(state);
}

function eventIn4(event) {
  return xstate.toSCXMLEvent({ ...event, type: eventTypeIn4(event.type) });
}

/** What xstate 4 calls an event that XState itself makes. */
function eventTypeIn4(type) {
  const [, delay, state] = /^xstate\.after\.([^.]+)\.(.+)$/.exec(type) ?? [];
  if (delay) return `xstate.after(${delay})#${state}`;
  return type
    .replace(/^xstate\.done\.actor\./, 'done.invoke.')
    .replace(/^xstate\.error\.actor\./, 'error.platform.')
    .replace(/^xstate\.done\.state\./, 'done.state.');
}

function stateIn4({ on, after, always, states, ...same }) {
  return {
    ...same,
    ...(on && { on: mapped(on, eventTypeIn4, transitionsIn4) }),
    ...(after && { after: mapped(after, (delay) => delay, transitionsIn4) }),
    ...(always && { always: transitionsIn4(always) }),
    ...(states && { states: mapped(states, (key) => key, stateIn4) }),
  };
}

function transitionsIn4(transitions) {
  return transitions.map(({ guard, ...same }) => (guard === undefined ? same : { ...same, cond: guard }));
}

function mapped(record, rename, rewrite) {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [rename(key), rewrite(value)]));
}
