import { Counter, Gauge, type Registry } from 'prom-client';

/** How things stand between the server and Vapi. */
export interface AgentDesk {
  breaker: keyof typeof BREAKER_STATES;
  slots: { used: number; cap: number | undefined };
  /** Requests for calls, by the status of the answer. */
  creates: Readonly<Record<string, number>>;
}

/** So that whatever is above 0 is trouble. */
const BREAKER_STATES = { closed: 0, probing: 1, open: 2 };

/** Those that are told from the start, so that the first of its kind is an increase. */
const NO_CREATES = { 201: 0, 401: 0, 402: 0, 403: 0, 429: 0, none: 0, notAsked: 0 };

/** Adds what Prometheus is told of the requests for agents. */
export function addDeskMetrics(registry: Registry, desk: () => AgentDesk): void {
  const registers = [registry];
  new Gauge({
    name: 'bridge_vapi_breaker_state',
    help: 'Whether Vapi is asked for calls: 0 it is, 1 one call tries, 2 it is not.',
    registers,
    collect() {
      this.set(BREAKER_STATES[desk().breaker]);
    },
  });
  new Gauge({
    name: 'bridge_vapi_slots',
    help: "Slots of Vapi's account: used by this server, and its cap, which there is once Vapi has told of it.",
    labelNames: ['slot'],
    registers,
    collect() {
      const { used, cap } = desk().slots;
      this.set({ slot: 'used' }, used);
      if (cap !== undefined) this.set({ slot: 'cap' }, cap);
    },
  });
  new Counter({
    name: 'bridge_vapi_create_total',
    help: "Requests for calls, by the status of Vapi's answer: none without one, notAsked where none was made.",
    labelNames: ['status'],
    registers,
    collect() {
      this.reset();
      for (const [status, count] of Object.entries({ ...NO_CREATES, ...desk().creates }))
        this.inc({ status }, count);
    },
  });
}
