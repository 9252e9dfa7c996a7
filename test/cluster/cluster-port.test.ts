import { describe, expect, it } from 'vitest';
import { askOthers, whoHas } from '../../src/cluster/cluster-port.ts';
import { createMemoryCluster } from './memory-cluster.ts';

describe('a new call', () => {
  it('goes to the worker with the most room, and stays where it is asked for if there is as much', async () => {
    const { clock, port, says } = createMemoryCluster({ '1': 10, '2': 10 });
    await clock.settle();
    says('1', 3);
    says('2', 1);
    expect(await port('1').place('CA1')).toBe('2');
    expect(await port('1').place('CA2')).toBe('2');
    // Now both have three, as far as is known.
    expect(await port('1').place('CA3')).toBeUndefined();
    expect(await port('2').place('CA4')).toBeUndefined();
  });

  it('has one place however often, and by whomever, it is asked for', async () => {
    const { clock, port, says } = createMemoryCluster({ '1': 10, '2': 10 });
    await clock.settle();
    expect(await port('1').place('CA1')).toBeUndefined();
    says('1', 9);
    expect(await port('2').place('CA1')).toBe('1');
    expect(await port('1').place('CA1')).toBeUndefined();
  });

  it('goes to nobody who takes none, or whose share is used up', async () => {
    const { clock, port, says } = createMemoryCluster({ '1': 10, '2': 2, '3': 10 });
    await clock.settle();
    says('1', 9);
    says('2', 2, false);
    says('3', 0, false);
    expect(await port('2').place('CA1')).toBe('1');
    says('1', 10, false);
    // Nobody: whoever was asked says so to the caller.
    expect(await port('2').place('CA2')).toBeUndefined();
  });

  it('counts where it goes until its worker tells of it, and no longer if it never does', async () => {
    const { clock, port, says } = createMemoryCluster({ '1': 10, '2': 10 });
    await clock.settle();
    says('2', 3);
    for (const callSid of ['CA1', 'CA2', 'CA3']) expect(await port('1').place(callSid)).toBeUndefined();
    expect(await port('2').place('CA4')).toBeUndefined();
    clock.advance(500);
    expect(await port('2').place('CA5')).toBe('1');
    expect(port('1').live).toBe(3);
  });

  it('is given another place when the worker that had it is gone', async () => {
    const { clock, port, says, dies } = createMemoryCluster({ '1': 10, '2': 10 });
    await clock.settle();
    says('2', 5);
    expect(await port('2').place('CA1')).toBe('1');
    dies('1');
    expect(await port('2').place('CA1')).toBeUndefined();
  });

  it('is taken here when nobody says where else', async () => {
    const { clock, port, freeze } = createMemoryCluster({ '1': 10, '2': 10 });
    await clock.settle();
    freeze('1');
    const placed = port('1').place('CA1');
    clock.advance(5_000);
    expect(await placed).toBeUndefined();
  });
});

describe('a question', () => {
  it('is answered by the worker that it is put to', async () => {
    const { clock, port } = createMemoryCluster({ '1': 1, '2': 1, '3': 1 });
    await clock.settle();
    port('2').answer('has', (id, from) => id === 'CA2' && from === '1');
    port('3').answer('has', () => false);
    expect(await port('1').ask('2', 'has', 'CA2')).toBe(true);
    expect(await whoHas(port('1'), 'CA2')).toBe('2');
    expect(await whoHas(port('1'), 'CA9')).toBeUndefined();
    expect(await askOthers(port('1'), 'has', 'CA2')).toEqual([true, false]);
  });

  it('to a worker that has died, before or meanwhile, waits for nothing', async () => {
    const { clock, port, dies } = createMemoryCluster({ '1': 1, '2': 1 });
    await clock.settle();
    port('2').answer('has', () => new Promise(() => {}));
    const asked = port('1').ask('2', 'has', 'CA1');
    await clock.settle();
    dies('2');
    expect(await asked).toBeUndefined();
    expect(await port('1').ask('2', 'has', 'CA1')).toBeUndefined();
    expect(clock.armed).toBe(0);
  });

  it('to a worker that is stuck is given up after two seconds; who else has it is known at once', async () => {
    const { clock, port, freeze } = createMemoryCluster({ '1': 1, '2': 1, '3': 1 });
    await clock.settle();
    port('3').answer('has', () => true);
    freeze('2');
    expect(await whoHas(port('1'), 'CA1')).toBe('3');
    const asked = port('1').ask('2', 'has', 'CA1');
    clock.advance(2_000);
    expect(await asked).toBeUndefined();
  });

  it('that cannot be answered by a mistake of ours has no answer, and is told of', async () => {
    const { clock, port, failures } = createMemoryCluster({ '1': 1, '2': 1 });
    await clock.settle();
    const mistake = new Error('a mistake');
    port('2').answer('has', () => {
      throw mistake;
    });
    expect(await port('1').ask('2', 'has', 'CA1')).toBeUndefined();
    expect(failures).toEqual([mistake]);
  });
});

describe('each worker', () => {
  it('knows how many calls there are in all, and whether anybody takes more', async () => {
    const { clock, port, says, dies } = createMemoryCluster({ '1': 10, '2': 10 });
    says('1', 3);
    says('2', 4, false);
    await clock.settle();
    expect([port('1').live, port('1').ready]).toEqual([7, true]);
    dies('1');
    await clock.settle();
    expect([port('2').live, port('2').ready]).toEqual([4, false]);
  });

  it('is told who comes and who is gone', async () => {
    const { clock, port, dies, joins } = createMemoryCluster({ '1': 1, '2': 1 });
    await clock.settle();
    const heard: string[] = [];
    port('1').listen({ came: (name) => heard.push(`+${name}`), gone: (name) => heard.push(`-${name}`) });
    dies('2');
    joins('3', 1);
    await clock.settle();
    expect(heard).toEqual(['-2', '+3']);
    expect([...port('1').others]).toEqual(['3']);
  });
});
