import { describe, expect, it } from 'vitest';
import { bookFileOf } from './books.ts';
import { examine, linesOf } from './report.ts';
import { subjects } from './subjects.ts';

describe.each(Object.keys(subjects))('the machine %s', (name) => {
  const finding = examine(name);

  it('takes every one of its transitions and enters every one of its states', () => {
    process.stdout.write(`${linesOf(finding).join('\n')}\n`);
    expect(finding.missing).toEqual([]);
  });

  it('does on the interpreter what its model says, and nothing at all on an ill-timed event', () => {
    expect(finding.faults).toEqual([]);
    expect(finding.ignored).toBeGreaterThan(0);
  });

  it('does what its book says', async () => {
    await expect(finding.book).toMatchFileSnapshot(bookFileOf(name));
  });

  it('cannot lose, retarget, misguard or silence a transition unnoticed', () => {
    expect(finding.mutants.survivors).toEqual([]);
  });
});
