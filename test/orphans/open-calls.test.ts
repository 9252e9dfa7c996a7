import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openCallsFolder } from '../../src/orphans/open-calls.ts';
import { createVirtualClock } from '../support/virtual-clock.ts';

const newFolder = () => mkdtempSync(join(tmpdir(), 'open-calls-'));

/** A process on a folder, whose time is told. */
async function startProcess(folder: string, account = 'aaaa') {
  const clock = createVirtualClock();
  const orphans: string[] = [];
  const failures: string[] = [];
  const calls = await openCallsFolder({
    clock,
    randomBytes,
    folder,
    account,
    orphaned: (id) => void orphans.push(id),
    failed: (words) => void failures.push(words),
  });
  /** Lets the disk catch up, and time go on in steps of a beat. */
  async function beats(count: number) {
    for (let beat = 0; beat < count; beat += 1) {
      await expect.poll(() => clock.armed).toBe(1);
      clock.advance(2_000);
    }
    await expect.poll(() => clock.armed).toBe(1);
  }
  await beats(0);
  return { calls, clock, orphans, failures, beats };
}

/** Every call that is written down, whoever wrote it. */
const written = (folder: string) =>
  readdirSync(folder)
    .flatMap((process) => readdirSync(join(folder, process)))
    .sort();

describe('the calls that are open at Vapi', () => {
  it('are written down while they are, by their ids alone', async () => {
    const folder = newFolder();
    const { calls } = await startProcess(folder);
    calls.opened('call-1');
    calls.opened('call-2');
    calls.ended('call-1');
    await expect.poll(() => written(folder)).toEqual(['call-2']);
    const [process = ''] = readdirSync(folder);
    expect(statSync(join(folder, process, 'call-2')).size).toBe(0);
    expect(statSync(join(folder, process)).mode & 0o077).toBe(0);
  });

  it('are struck out in the order in which they were told, however soon', async () => {
    const folder = newFolder();
    const { calls, failures } = await startProcess(folder);
    for (let call = 0; call < 50; call += 1) {
      calls.opened(`call-${call}`);
      calls.ended(`call-${call}`);
    }
    await calls.close();
    expect(readdirSync(folder)).toEqual([]);
    expect(failures).toEqual([]);
  });

  it.each(['../evil', 'a/b', '', '.', 'x'.repeat(65)])(
    'are none if their id names no file: "%s"',
    async (id) => {
      const folder = newFolder();
      const { calls, failures } = await startProcess(folder);
      calls.opened(id);
      calls.ended(id);
      await calls.close();
      expect(readdirSync(folder)).toEqual([]);
      expect(failures).toEqual([]);
    },
  );

  it('are written down again if somebody cleans up', async () => {
    const folder = newFolder();
    const { calls, beats } = await startProcess(folder);
    calls.opened('call-1');
    await expect.poll(() => written(folder)).toEqual(['call-1']);
    for (const process of readdirSync(folder)) rmSync(join(folder, process), { recursive: true });
    await beats(1);
    expect(written(folder)).toEqual(['call-1']);
  });

  it('cannot be written down where there is no folder to be had', async () => {
    const file = join(newFolder(), 'file');
    writeFileSync(file, '');
    await expect(startProcess(file)).rejects.toThrow();
  });
});

describe('a process that was killed', () => {
  it('is inherited from once ten seconds have passed without a sign of life, and not before', async () => {
    const folder = newFolder();
    const killed = await startProcess(folder);
    killed.calls.opened('call-1');
    killed.calls.opened('call-2');
    await expect.poll(() => written(folder)).toHaveLength(2);
    // From here on nobody tells its time: it makes no beat any more.
    const heir = await startProcess(folder);
    await heir.beats(4);
    expect(heir.orphans).toEqual([]);
    await heir.beats(1);
    expect(heir.orphans.sort()).toEqual(['call-1', 'call-2']);
    expect(readdirSync(folder)).toHaveLength(1);
    expect(written(folder)).toEqual(['call-1', 'call-2']);

    heir.calls.ended('call-1');
    heir.calls.ended('call-2');
    await heir.calls.close();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('leaves its calls to one heir, not to two', async () => {
    const folder = newFolder();
    const killed = await startProcess(folder);
    for (let call = 0; call < 20; call += 1) killed.calls.opened(`call-${call}`);
    await expect.poll(() => written(folder)).toHaveLength(20);
    const heirs = [await startProcess(folder), await startProcess(folder)];
    await Promise.all(heirs.map(({ beats }) => beats(5)));
    await expect.poll(() => heirs.flatMap(({ orphans }) => orphans)).toHaveLength(20);
    expect(new Set(heirs.flatMap(({ orphans }) => orphans)).size).toBe(20);
    expect(heirs.flatMap(({ failures }) => failures)).toEqual([]);
  });

  it('is inherited from also where another has left something that cannot be taken', async () => {
    const folder = newFolder();
    const killed = await startProcess(folder);
    killed.calls.opened('call-1');
    await expect.poll(() => written(folder)).toEqual(['call-1']);
    // Sorted before and after it: whoever looks meets one of them first.
    for (const other of ['aaaa-0', 'aaaa-z'])
      mkdirSync(join(folder, other, 'nobodys.file'), { recursive: true });
    const heir = await startProcess(folder);
    await heir.beats(30);
    expect(heir.orphans).toEqual(['call-1']);
    expect(heir.failures).toEqual([expect.stringContaining('cannot be taken over')]);
  });

  it('leaves calls that the heir, if it is killed too, hands on', async () => {
    const folder = newFolder();
    const first = await startProcess(folder);
    first.calls.opened('call-1');
    await expect.poll(() => written(folder)).toHaveLength(1);
    const second = await startProcess(folder);
    await second.beats(5);
    expect(second.orphans).toEqual(['call-1']);
    const third = await startProcess(folder);
    await third.beats(5);
    expect(third.orphans).toEqual(['call-1']);
  });
});

describe('a process that lives', () => {
  it('is left alone for as long as it gives signs of life, wherever its clock stands', async () => {
    const folder = newFolder();
    const alive = await startProcess(folder);
    const epochMs = alive.clock.epochMs;
    alive.clock.epochMs = () => epochMs() - 86_400_000;
    alive.calls.opened('call-1');
    const other = await startProcess(folder);
    for (let look = 0; look < 4; look += 1) {
      await alive.beats(1);
      await other.beats(5);
    }
    expect(other.orphans).toEqual([]);
    expect(written(folder)).toEqual(['call-1']);
  });

  it('is left alone if it belongs to another account', async () => {
    const folder = newFolder();
    const theirs = await startProcess(folder, 'bbbb');
    theirs.calls.opened('call-1');
    await expect.poll(() => written(folder)).toHaveLength(1);
    const ours = await startProcess(folder, 'aaaa');
    await ours.beats(12);
    expect(ours.orphans).toEqual([]);
  });

  it('takes its folder with it when it leaves in order, and leaves what is still open', async () => {
    const folder = newFolder();
    const tidy = await startProcess(folder);
    await tidy.calls.close();
    expect(readdirSync(folder)).toEqual([]);
    const hasty = await startProcess(folder);
    hasty.calls.opened('call-1');
    await hasty.calls.close();
    expect(written(folder)).toEqual(['call-1']);
    expect(hasty.clock.armed).toBe(0);
  });
});
