type StateValue = string | { readonly [state: string]: StateValue | undefined };

/** A service of xstate 4 at a moment, and the event that brought it there. */
export interface Moment {
  sessionId: string;
  value: StateValue;
  context: object;
  event: { readonly type: string };
  /** Whether its machine has come to its end. */
  done: boolean;
}

/** Makes of a machine's configuration, as xstate 5 writes it, the JSON of its definition in xstate 4. */
export function definitionOf(config: object): string;

/** `service.register`: a service is there. `machine` is what `definitionOf` gave, `parent` a session id. */
export function registered(
  service: { id: string; parent: string | undefined; machine: string },
  moment: Moment,
): string;

/** `service.event`: a service is told an event. */
export function told(moment: Pick<Moment, 'sessionId' | 'event'>): string;

/** `service.state`: where that has led. */
export function stepped(moment: Moment): string;

/** `service.stop`: a service is over. */
export function stopped(sessionId: string): string;

/** Whether a viewer's message is its `xstate.inspecting`. Every other one would act on the services. */
export function asksToInspect(message: string): boolean;
