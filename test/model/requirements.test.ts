import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { requirements } from '../../machines/requirements.ts';
import { requirementEntries, requirementsPage } from './requirements-table.ts';
import { subjects } from './subjects.ts';
import { namedTransitions } from './transitions.ts';

const page = fileURLToPath(new URL('../../docs/requirements.md', import.meta.url));

describe('the requirements', () => {
  it.each(requirementEntries())('$requirement is served by a transition and proven by a test', (entry) => {
    expect(entry.transitions).not.toEqual([]);
    expect(entry.proofs).not.toEqual([]);
  });

  it('are the only ones that transitions claim to serve', () => {
    const claimed = Object.values(subjects).flatMap(({ machine }) => namedTransitions(machine));
    expect(claimed.filter(({ serves }) => !(serves in requirements))).toEqual([]);
  });

  it('are told on a page that is fresh', async () => {
    await expect(requirementsPage()).toMatchFileSnapshot(page);
  });
});
