import { describe, expect, it } from 'vitest';
import { createSharedViewers } from '../../src/cluster/shared-viewers.ts';
import type { FeedMessage } from '../../src/inspector/messages.ts';
import type { ViewerEar, ViewerLine } from '../../src/inspector/viewer.ts';
import { createMemoryCluster } from './memory-cluster.ts';

/** One worker's own viewers: who has come, and what was heard of them. */
function worker(calls: string[]) {
  const here: Array<{ line: ViewerLine; heard: unknown[]; left: boolean }> = [];
  return {
    here,
    isHere: (callId: string) => calls.includes(callId),
    arrive(line: ViewerLine): ViewerEar {
      const one = { line, heard: [] as unknown[], left: false };
      here.push(one);
      line.send('[{"type":"hello"}]');
      return {
        heard: (text) => one.heard.push(JSON.parse(text)),
        ponged() {},
        gone() {
          one.left = true;
        },
      };
    },
  };
}

/** A viewer's line, and what it was told. */
function viewerLine() {
  const told: FeedMessage[] = [];
  const world = { told, unsent: 0, closed: '' };
  const line: ViewerLine = {
    send: (text) => void told.push(...JSON.parse(text)),
    unsentBytes: () => world.unsent,
    ping() {},
    close(_, words) {
      world.closed = words;
    },
  };
  return Object.assign(world, { line });
}

async function lookOn() {
  const cluster = createMemoryCluster({ '1': 9, '2': 9 });
  await cluster.clock.settle();
  const [one, two] = [worker(['a']), worker(['b'])];
  const arrive = createSharedViewers({ cluster: cluster.port('1'), ...one });
  createSharedViewers({ cluster: cluster.port('2'), ...two });
  const viewer = viewerLine();
  const ear = arrive(viewer.line);
  await cluster.clock.settle();
  const say = async (message: object) => {
    ear.heard(JSON.stringify(message));
    await cluster.clock.settle();
  };
  const guest = two.here[0];
  if (!guest) throw new Error('The other worker was not told.');
  return { cluster, one, two, viewer, ear, say, guest };
}

describe('a viewer of one worker', () => {
  it('is told by the others, too, and greeted once', async () => {
    const { cluster, viewer, guest } = await lookOn();
    guest.line.send(JSON.stringify([{ type: 'rows', now: 0, rows: [{ callId: 'b' }] }]));
    await cluster.clock.settle();
    expect(viewer.told.map(({ type }) => type)).toEqual(['hello', 'rows']);
  });

  it('watches a call wherever it is, and no other any more', async () => {
    const { say, one, guest } = await lookOn();
    const [none, a, b] = [null, 'a', 'b'].map((callId) => ({ type: 'watch', callId }));
    await say(b ?? {});
    expect([one.here[0]?.heard.at(-1), guest.heard.at(-1)]).toEqual([none, b]);
    await say(a ?? {});
    expect([one.here[0]?.heard.at(-1), guest.heard.at(-1)]).toEqual([a, none]);
    await say(none ?? {});
    expect([one.here[0]?.heard.at(-1), guest.heard.at(-1)]).toEqual([none, none]);
  });

  it('is refused by its own worker what nobody has', async () => {
    const { say, one } = await lookOn();
    await say({ type: 'watch', callId: 'of-nobody' });
    expect(one.here[0]?.heard.at(-1)).toEqual({ type: 'watch', callId: 'of-nobody' });
  });

  it('has its meters from all', async () => {
    const { say, one, guest } = await lookOn();
    const meter = { type: 'meter', callIds: ['a', 'b'] };
    await say(meter);
    expect([one.here[0]?.heard, guest.heard]).toEqual([[meter], [meter]]);
  });

  it('is told no levels while it lags, and is dropped when it takes nothing', async () => {
    const { cluster, viewer, guest } = await lookOn();
    viewer.unsent = 65 * 1024;
    guest.line.send('[{"type":"levels","of":[]}]');
    await cluster.clock.settle();
    expect(viewer.told.map(({ type }) => type)).toEqual(['hello']);
    viewer.unsent = 5 * 1024 * 1024;
    guest.line.send('[{"type":"rows","now":0,"rows":[]}]');
    await cluster.clock.settle();
    expect(viewer.closed).toContain('too little');
  });

  it('forgets the calls of a worker that died, and meets the one that follows', async () => {
    const { cluster, viewer, say, guest } = await lookOn();
    await say({ type: 'meter', callIds: ['b'] });
    guest.line.send(JSON.stringify([{ type: 'rows', now: 0, rows: [{ callId: 'b' }, { callId: 'c' }] }]));
    guest.line.send(JSON.stringify([{ type: 'forgotten', callIds: ['c'] }]));
    await cluster.clock.settle();
    cluster.dies('2');
    await cluster.clock.settle();
    expect(viewer.told.at(-1)).toEqual({ type: 'forgotten', callIds: ['b'] });

    const three = worker([]);
    createSharedViewers({ cluster: cluster.joins('3', 9), ...three });
    await cluster.clock.settle();
    expect(three.here[0]?.heard).toEqual([{ type: 'meter', callIds: ['b'] }]);
  });

  it('is gone everywhere when it is gone, also with its worker', async () => {
    const { cluster, ear, one, guest } = await lookOn();
    ear.gone();
    await cluster.clock.settle();
    expect([one.here[0]?.left, guest.left]).toEqual([true, true]);

    const other = await lookOn();
    other.cluster.dies('1');
    await other.cluster.clock.settle();
    expect(other.guest.left).toBe(true);
  });
});
