import type { Socket } from 'node:net';
import type { ClusterPort, WorkerName } from '../../src/cluster/cluster-port.ts';
import { createMember, type Member } from '../../src/cluster/member.ts';
import { createSwitchboard } from '../../src/cluster/switchboard.ts';
import { createVirtualClock } from '../support/virtual-clock.ts';

/** What is written as JSON on its way between processes. */
const written = <Message>(message: Message): Message => JSON.parse(JSON.stringify(message));

/** Workers that are all in this process, on one switchboard; what they say is heard a moment later. */
export function createMemoryCluster(maxCalls: Record<WorkerName, number>) {
  const clock = createVirtualClock();
  const switchboard = createSwitchboard(clock);
  const failures: unknown[] = [];
  const frozen = new Set<WorkerName>();

  function join(name: WorkerName, share: number): Member {
    const member = createMember({
      name,
      clock,
      send: (message, line) => queueMicrotask(() => switchboard.hear(name, written(message), line)),
      failed: (error) => void failures.push(error),
    });
    const send = (message: Parameters<Member['hear']>[0], line?: Socket) =>
      queueMicrotask(() => {
        if (!frozen.has(name)) member.hear(written(message), line);
      });
    switchboard.join(name, { send, maxCalls: share });
    switchboard.hear(name, { type: 'state', live: 0, ready: true });
    return member;
  }

  const members = new Map(Object.entries(maxCalls).map(([name, share]) => [name, join(name, share)]));

  return {
    clock,
    failures,
    /** The worker of this name hears nothing any more. */
    freeze: (name: WorkerName) => void frozen.add(name),
    dies: (name: WorkerName) => switchboard.leave(name),
    joins: (name: WorkerName, share: number) => join(name, share).port,
    says: (name: WorkerName, live: number, ready = true) =>
      switchboard.hear(name, { type: 'state', live, ready }),
    port(name: WorkerName): ClusterPort {
      const member = members.get(name);
      if (!member) throw new Error(`There is no worker ${name}.`);
      return member.port;
    },
  };
}
