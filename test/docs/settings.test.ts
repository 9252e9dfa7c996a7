import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { variableNames } from '../../src/variables.ts';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const example = read('.env.example');
const readme = read('README.md');

describe('every setting', () => {
  it.each(variableNames)('%s is told in the README, and stands commented in .env.example', (name) => {
    expect(readme).toContain(`\`${name}\``);
    expect(example).toMatch(new RegExp(`^#${name}=`, 'm'));
  });

  it('in .env.example is one that is read', () => {
    const named = [...example.matchAll(/^#([A-Z_]+)=/gm)].map(([, name]) => name);
    expect(named.toSorted()).toEqual([...variableNames].sort());
  });
});
