import type {
  ActorName,
  ActorRecord,
  Facts,
  JournalRecord,
  StateValue,
  Timer,
  TransitionRecord,
} from '../../src/inspector/messages.ts';
import { MACHINE_OF } from '../../src/inspector/page/moment.ts';

/** Writes a journal for tests, record by record. */
export function createJournal() {
  const records: JournalRecord[] = [];
  const next = () => records.length + 1;
  const put = <T extends JournalRecord>(record: T): T => {
    records.push(record);
    return record;
  };
  return {
    records,
    begins(at: number, value: StateValue, context: Facts = {}, actor: ActorName = 'call'): ActorRecord {
      const machine = MACHINE_OF[actor];
      return put({ type: '@xstate.actor', seq: next(), at, actor, machine, value, context, timers: [] });
    },
    moves(
      at: number,
      event: string,
      value: StateValue,
      more: { actor?: ActorName; edges?: number[]; changed?: Facts; timers?: Timer[] } & Partial<
        Pick<TransitionRecord, 'status'>
      > = {},
    ): TransitionRecord {
      return put({
        type: '@xstate.transition',
        seq: next(),
        at,
        actor: more.actor ?? 'call',
        event: { type: event },
        edges: more.edges ?? [0],
        value,
        changed: more.changed ?? {},
        ...(more.timers ? { timers: more.timers } : {}),
        status: more.status ?? 'active',
      });
    },
    sounds(side: 'caller' | 'agent', from: number, to: number): void {
      put({ type: 'sound', seq: next(), at: to, side, from });
    },
    says(at: number, from: 'twilio' | 'bridge' | 'vapi', message: string, facts: Facts = {}): void {
      const to = from === 'bridge' ? 'vapi' : 'bridge';
      put({ type: 'wire', seq: next(), at, from, to, message, facts });
    },
  };
}
