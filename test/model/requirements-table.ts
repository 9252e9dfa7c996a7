import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Requirement, requirements } from '../../machines/requirements.ts';
import { subjects } from './subjects.ts';
import { namedTransitions } from './transitions.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** A test that proves a requirement: it has the requirement's name in its title, in brackets. */
interface Proof {
  file: string;
  title: string;
}

/** What serves a requirement, and what proves it. */
export interface Entry {
  requirement: Requirement;
  transitions: string[];
  proofs: Proof[];
}

function proofsIn(folder: string): (Proof & { requirement: string })[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return proofsIn(path);
    if (!entry.name.endsWith('.test.ts')) return [];
    const titles = readFileSync(path, 'utf8').matchAll(/(['"`])([^'"`\n]*?) \[([a-z-]+)\]\1/g);
    return [...titles].map(([, , title = '', requirement = '']) => ({
      file: relative(root, path),
      title,
      requirement,
    }));
  });
}

/** Every requirement, in the order in which they are written down. */
export function requirementEntries(): Entry[] {
  const transitions = Object.values(subjects).flatMap(({ machine }) => namedTransitions(machine));
  const proofs = proofsIn(join(root, 'test'));
  return (Object.keys(requirements) as Requirement[]).map((requirement) => ({
    requirement,
    transitions: transitions.filter(({ serves }) => serves === requirement).map(({ name }) => name),
    proofs: proofs.filter((proof) => proof.requirement === requirement),
  }));
}

/** `docs/requirements.md`. */
export function requirementsPage(): string {
  const sections = requirementEntries().map(({ requirement, transitions, proofs }) =>
    [
      `## ${requirement}`,
      '',
      requirements[requirement],
      '',
      '| transition |',
      '|---|',
      ...transitions.map((name) => `| \`${name}\` |`),
      '',
      '| test | in |',
      '|---|---|',
      ...proofs.map(({ title, file }) => `| ${title} | \`${file}\` |`),
    ].join('\n'),
  );
  return [
    '# What the statecharts promise',
    '',
    'Made from `machines/requirements.ts`, the transitions that serve each promise (`meta.serves`) and the tests that',
    'carry its name. A test keeps this page fresh: `npx vitest run test/model -u` writes it anew.',
    '',
    ...sections.flatMap((section) => [section, '']),
  ].join('\n');
}
