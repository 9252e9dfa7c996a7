import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { CLAIMS } from './claims.ts';
import { emptyClaims, faultEntries, faultsPage, titlesWithIds } from './coverage.ts';

const page = fileURLToPath(new URL('../../docs/faults.md', import.meta.url));
const known = new Set(faultEntries().map(({ id }) => id));

describe('the catalogue of faults', () => {
  it('knows every id that a title begins with, or that is claimed', () => {
    const used = [...titlesWithIds().map(({ id }) => id), ...Object.keys(CLAIMS)];
    expect(used.filter((id) => !known.has(id))).toEqual([]);
  });

  it('claims tests that there are', () => {
    expect(emptyClaims()).toEqual([]);
  });

  it('asks of one process nothing that is proven beyond it', () => {
    expect(faultEntries().filter(({ outside, lacks }) => outside && lacks)).toEqual([]);
  });

  it('is told on a page that is fresh', async () => {
    await expect(faultsPage()).toMatchFileSnapshot(page);
  });
});
