import { randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createOrphans } from '../../src/orphans/orphans.ts';
import { createVirtualClock } from '../support/virtual-clock.ts';

const KEY = 'vapi-key-canary-5f2c91';
const newFolder = () => mkdtempSync(join(tmpdir(), 'orphans-'));

function start(folder: string, end: (id: string, signal: AbortSignal) => Promise<boolean>, uid?: number) {
  const clock = createVirtualClock();
  const asked: string[] = [];
  const counted: string[] = [];
  const lines: string[] = [];
  const line = (_: object, words: string) => void lines.push(words);
  const orphans = createOrphans({
    clock,
    randomBytes,
    folder,
    uid,
    apiKey: KEY,
    end(id, signal) {
      asked.push(id);
      return end(id, signal);
    },
    counted: (outcome) => void counted.push(outcome),
    log: { info: line, warn: line },
  });
  return { clock, asked, counted, lines, orphans };
}

const written = (folder: string) =>
  readdirSync(folder).flatMap((process) => readdirSync(join(folder, process)));

/** Calls that were open when their process was killed: nothing touches their folder any more. */
async function killedWith(folder: string, ...ids: string[]) {
  const killed = start(folder, () => Promise.resolve(true));
  for (const id of ids) killed.orphans.opened(id);
  await expect.poll(() => written(folder)).toHaveLength(ids.length);
}

/** Tells time in beats of the folder until `done` holds. */
const until = ({ clock }: ReturnType<typeof start>, done: () => void) =>
  expect
    .poll(
      () => {
        clock.advance(2_000);
        done();
        return true;
      },
      { timeout: 10_000, interval: 10 },
    )
    .toBe(true);

describe('calls that a killed process has left open', () => {
  it('are ended, one after the other, and struck out', async () => {
    const folder = newFolder();
    await killedWith(folder, 'call-1', 'call-2', 'call-3');
    let at = 0;
    let most = 0;
    const heir = start(folder, async () => {
      at += 1;
      most = Math.max(most, at);
      await new Promise((resolve) => setImmediate(resolve));
      at -= 1;
      return true;
    });
    await until(heir, () => expect(heir.counted).toEqual(['ended', 'ended', 'ended']));
    expect(most).toBe(1);
    expect(heir.asked.sort()).toEqual(['call-1', 'call-2', 'call-3']);
    await expect.poll(() => written(folder)).toEqual([]);
    expect(heir.lines[0]).toMatch(/^\[Orphans\] Ended call call-\d at Vapi, which had been left open$/);
  });

  it('are tried again while Vapi cannot be reached, with pauses that grow', async () => {
    const folder = newFolder();
    await killedWith(folder, 'call-1');
    const at: number[] = [];
    const heir = start(folder, () => Promise.resolve(at.push(heir.clock.now()) === 4));
    await until(heir, () => expect(heir.counted).toEqual(['ended']));
    const pauses = at.slice(1).map((time, index) => time - (at[index] ?? 0));
    expect(pauses.map((pause) => Math.round(pause / 1_000))).toEqual([
      expect.toSatisfy((s: number) => s >= 1 && s <= 4),
      expect.toSatisfy((s: number) => s >= 5 && s <= 8),
      expect.toSatisfy((s: number) => s >= 30 && s <= 34),
    ]);
  });

  it('are left to the next process and to Vapi after six attempts', async () => {
    const folder = newFolder();
    await killedWith(folder, 'call-1');
    const heir = start(folder, () => Promise.resolve(false));
    await until(heir, () => expect(heir.counted).toEqual(['failed']));
    expect(heir.asked).toHaveLength(6);
    expect(heir.lines).toEqual([
      '[Orphans] Call call-1, which had been left open, could not be ended at Vapi',
    ]);
    expect(written(folder)).toEqual(['call-1']);
  }, 20_000);

  it('are not waited for longer than five seconds each', async () => {
    const folder = newFolder();
    await killedWith(folder, 'call-1');
    const heir = start(
      folder,
      (_, signal) => new Promise((resolve) => signal.addEventListener('abort', () => resolve(true))),
    );
    await until(heir, () => expect(heir.counted).toEqual(['ended']));
  });
});

describe('calls that this process tried to end in vain', () => {
  it('are tried again, and struck out once they are ended', async () => {
    const folder = newFolder();
    let up = false;
    const it = start(folder, () => Promise.resolve(up));
    const settled: string[] = [];
    for (const id of ['call-1', 'call-2']) {
      it.orphans.opened(id);
      it.orphans.notEnded(id, () => settled.push(id));
    }
    await expect.poll(() => written(folder).sort()).toEqual(['call-1', 'call-2']);
    await until(it, () => expect(it.asked.length).toBeGreaterThanOrEqual(4));
    expect([settled, it.counted]).toEqual([[], []]);
    up = true;
    await until(it, () => expect(settled.sort()).toEqual(['call-1', 'call-2']));
    expect(it.counted).toEqual(['ended', 'ended']);
    await expect.poll(() => written(folder)).toEqual([]);
  });

  it('are let go after six attempts, within a quarter of an hour, however many they are', async () => {
    const it = start(newFolder(), () => Promise.resolve(false));
    const settled: number[] = [];
    for (let n = 0; n < 50; n += 1) it.orphans.notEnded(`call-${n}`, () => settled.push(n));
    await until(it, () => expect(settled).toHaveLength(50));
    expect(it.asked).toHaveLength(300);
    expect(it.clock.now()).toBeLessThan(900_000);
  }, 20_000);

  it('are not tried again where they turn out to be over', async () => {
    const it = start(newFolder(), () => Promise.resolve(true));
    it.orphans.opened('call-1');
    it.orphans.notEnded('call-1', () => {});
    it.orphans.ended('call-1');
    it.orphans.notEnded('call-2', () => {});
    await until(it, () => expect(it.counted).toEqual(['ended']));
    expect(it.asked).toEqual(['call-2']);
  });
});

describe('calls of a process that was held up', () => {
  it('are left alone, though it gave no sign of life for longer than a dead one, if it claims them', async () => {
    const folder = newFolder();
    const heldUp = start(folder, () => Promise.resolve(true));
    heldUp.orphans.opened('call-1');
    await expect.poll(() => written(folder)).toEqual(['call-1']);
    const [place = ''] = readdirSync(folder);
    const isClaimed = () => existsSync(join(folder, place, 'call-1'));
    const other = start(folder, () => Promise.resolve(true));
    await until(other, () => expect(isClaimed()).toBe(false));
    // It goes on, and writes its calls down again.
    await until(heldUp, () => expect(isClaimed()).toBe(true));
    await until(other, () => expect(other.lines).toHaveLength(1));
    expect(other.lines).toEqual(['[Orphans] Call call-1 is left alone: its process was slow, and lives']);
    expect(other.asked).toEqual([]);
    await expect.poll(() => written(folder)).toEqual(['call-1']);
    expect(isClaimed()).toBe(true);
  });
});

describe('what is written down', () => {
  it('holds neither the key nor anything else but ids', async () => {
    const folder = newFolder();
    const { orphans } = start(folder, () => Promise.resolve(true));
    orphans.opened('call-1');
    await expect.poll(() => written(folder)).toEqual(['call-1']);
    const [process = ''] = readdirSync(folder);
    expect(process).toMatch(/^[0-9a-f]{8}-[0-9a-f]{16}$/);
    expect(process).not.toContain(KEY);
    expect(readFileSync(join(folder, process, 'call-1'), 'utf8')).toBe('');
  });

  it('is nothing where the folder cannot be used, which is said, and calls do not mind', async () => {
    const folder = newFolder();
    writeFileSync(join(folder, 'file'), '');
    const { orphans, lines } = start(join(folder, 'file'), () => Promise.resolve(true));
    orphans.opened('call-1');
    orphans.ended('call-1');
    await orphans.close();
    expect(lines).toEqual([
      expect.stringMatching(
        /^\[Orphans\] Open calls are not written down: STATE_DIR cannot be used \(EEXIST\)/,
      ),
    ]);
  });

  it('is nothing where the folder must be our own and is not', async () => {
    const folder = newFolder();
    const uid = statSync(folder).uid;
    const mine = start(folder, () => Promise.resolve(true), uid);
    mine.orphans.opened('call-1');
    await expect.poll(() => written(folder)).toEqual(['call-1']);
    const { orphans, lines } = start(folder, () => Promise.resolve(true), uid + 1);
    orphans.opened('call-2');
    await orphans.close();
    expect(lines).toEqual([expect.stringContaining('cannot be used (that folder belongs to another user)')]);
    expect(written(folder)).toEqual(['call-1']);
  });

  it('leaves alone what others have put there', async () => {
    const folder = newFolder();
    await killedWith(folder, 'call-1');
    mkdirSync(join(folder, 'lost+found'));
    writeFileSync(join(folder, 'notes.txt'), 'mine');
    const heir = start(folder, () => Promise.resolve(true));
    await until(heir, () => expect(heir.counted).toEqual(['ended']));
    expect(readdirSync(folder)).toEqual(expect.arrayContaining(['lost+found', 'notes.txt']));
    expect(readFileSync(join(folder, 'notes.txt'), 'utf8')).toBe('mine');
  });
});
