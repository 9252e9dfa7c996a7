import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CATALOGUE, OUTSIDE, type Row } from './catalogue.ts';
import { CLAIMS } from './claims.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** A test that proves a row. */
export interface Proof {
  file: string;
  title: string;
}

/** One row with what proves it. */
export interface Entry extends Row {
  id: string;
  heading: string;
  state: 'proven' | 'open' | 'outside';
  proofs: Proof[];
}

/** A title as it stands in a test file, between its quotes. */
const TITLE = /(['"`])((?:F\d{2}[a-g]?|S\d{1,2}) (?:(?!\1)[^\n\\]|\\.)*)\1/g;

/** A test file's text, with … for whatever is put into a title. */
function textOf(file: string): string {
  return readFileSync(join(root, file), 'utf8').replace(/\$\{[^}]*\}/g, '…');
}

/** Every title that begins with an id, in all test files. */
export function titlesWithIds(): (Proof & { id: string })[] {
  const files = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' });
  return files
    .filter((name) => name.endsWith('.test.ts'))
    .sort()
    .flatMap((name) => {
      const file = join('test', name);
      return [...textOf(file).matchAll(TITLE)].map(([, , title = '']) => {
        const [id = ''] = title.split(' ', 1);
        return { id, file, title: title.slice(id.length + 1) };
      });
    });
}

/** Claims whose file has no test of that title. */
export function emptyClaims(): string[] {
  return Object.entries(CLAIMS).flatMap(([id, proofs]) =>
    proofs
      .filter(({ file, title }) => {
        const text = textOf(file);
        return !["'", '"', '`'].some((quote) => text.includes(quote + title + quote));
      })
      .map(({ file, title }) => `${id}: ${file} has no test "${title}"`),
  );
}

/** Every row, in the order in which they are written down. */
export function faultEntries(): Entry[] {
  const titles = titlesWithIds();
  return Object.entries(CATALOGUE).flatMap(([heading, rows]) =>
    Object.entries(rows).map(([id, row]) => {
      const own = titles.filter((title) => title.id === id).map(({ file, title }) => ({ file, title }));
      const proofs = [...own, ...(CLAIMS[id] ?? [])];
      const proven = proofs.length > 0 && row.lacks === undefined;
      const state = row.outside !== undefined ? 'outside' : proven ? 'proven' : 'open';
      return { ...row, id, heading, state, proofs } as const;
    }),
  );
}

/** Within a cell of a table. */
const cell = (text: string) => text.replaceAll('|', '\\|');

function line({ id, asks, state, outside, lacks, proofs }: Entry): string {
  const tests = proofs.map(({ file, title }) => `${cell(title)} (\`${file.replace(/^test\//, '')}\`)`);
  const why = outside !== undefined ? OUTSIDE[outside] : (lacks ?? '');
  const last = [why, ...tests].filter((text) => text !== '').join('<br>');
  return `| ${id} | ${cell(asks)} | ${state === 'open' ? '**open**' : state} | ${last} |`;
}

/** `docs/faults.md`. */
export function faultsPage(): string {
  const entries = faultEntries();
  const count = (state: Entry['state']) => entries.filter((entry) => entry.state === state).length;
  const sections = Object.keys(CATALOGUE).flatMap((heading) => [
    `## ${heading}`,
    '',
    '| | what is to happen | | what is missing; which tests prove it |',
    '|---|---|---|---|',
    ...entries.filter((entry) => entry.heading === heading).map(line),
    '',
  ]);
  return [
    '# What can go wrong, and who wants in',
    '',
    'Made from `test/faults/catalogue.ts` and the tests whose titles begin with an id of it, or that',
    '`test/faults/claims.ts` names. A test keeps this page fresh: `npx vitest run test/faults -u` writes it anew.',
    '',
    `${count('proven')} are proven, ${count('open')} are open, ${count('outside')} are not asked of one process.`,
    '',
    ...sections,
  ].join('\n');
}
