import type { InspectionEvent } from 'xstate';

/** One step of one of a call's machines: what it was told, and where that led. */
export interface Step {
  callId: string;
  /** Milliseconds since the call's start. */
  at: number;
  /** `call`, or the name of a child: `twilioSocket`, `vapiSocket`, `callerBuffer`, `agentBuffer`. */
  actor: string;
  /** The event as the machine saw it. Events hold no secrets, no numbers and no words of the conversation. */
  event: { readonly type: string; readonly [field: string]: unknown };
  /** State values before and after. */
  from: unknown;
  to: unknown;
  /** The machine's context after the step: facts, as they could be written on paper. */
  context: Readonly<Record<string, unknown>>;
}

export interface Feed {
  /** The observer of one call's actors. */
  observe(call: { callId: string; openedAt: number }): (event: InspectionEvent) => void;
  /** Tells `hear` every step from now on. Returns what ends that. */
  listen(hear: (step: Step) => void): () => void;
}

/** The actors that a call's chart is made of; what they invoke themselves is wiring. */
const MACHINES: ReadonlySet<string> = new Set(['twilioSocket', 'vapiSocket', 'callerBuffer', 'agentBuffer']);

/**
 * Turns what the statecharts do into steps, for logs, timelines and whoever else looks on. `now` is the clock of the
 * calls. Whoever fails to hear a step, `failed` is told and the call goes on.
 */
export function createFeed(now: () => number, failed: (error: unknown) => void): Feed {
  const ears = new Set<(step: Step) => void>();

  // An error that got back into the statechart would end the call, and with it whoever is on the phone.
  function tell(hear: (step: Step) => void, step: Step): void {
    try {
      hear(step);
    } catch (error) {
      failed(error);
    }
  }

  return {
    observe({ callId, openedAt }) {
      const last = new Map<string, unknown>();
      return (inspected) => {
        if (inspected.type !== '@xstate.snapshot') return;
        const { actorRef, snapshot } = inspected;
        const id = 'id' in actorRef ? String(actorRef.id) : '';
        const actor = actorRef.sessionId === inspected.rootId ? 'call' : id;
        if (actor !== 'call' && !MACHINES.has(actor)) return;
        if (!('value' in snapshot) || !('context' in snapshot)) return;
        const step: Step = {
          callId,
          at: now() - openedAt,
          actor,
          event: inspected.event,
          from: last.get(actor) ?? null,
          to: snapshot.value,
          context: snapshot.context as Step['context'],
        };
        last.set(actor, snapshot.value);
        for (const hear of ears) tell(hear, step);
      };
    },
    listen(hear) {
      ears.add(hear);
      return () => ears.delete(hear);
    },
  };
}
