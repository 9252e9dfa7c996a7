/** `npm run test:model`: every transition of every machine, replayed and counted, and the machines' mutants. */
import { existsSync, readFileSync } from 'node:fs';
import { bookFileOf } from './books.ts';
import { examine, linesOf, totalOf } from './report.ts';
import { subjects } from './subjects.ts';

const findings = Object.keys(subjects).map(examine);
const lines = findings.flatMap(linesOf);
const stale = findings.filter(({ name, book }) => {
  const file = bookFileOf(name);
  return !existsSync(file) || readFileSync(file, 'utf8') !== book;
});
lines.push(
  ...stale.map(
    ({ name }) => `  the book of ${name} tells otherwise: see what changed with npx vitest run test/model`,
  ),
);

const killed = findings.reduce((sum, { mutants }) => sum + mutants.killed, 0);
const mutants = findings.reduce((sum, finding) => sum + finding.mutants.all, 0);
lines.push(
  `mutants killed: ${killed}/${mutants} (${((100 * killed) / mutants).toFixed(1)} %)`,
  totalOf(findings),
);
process.stdout.write(`${lines.join('\n')}\n`);

const sound = findings.every(({ missing, faults, mutants: { survivors } }) =>
  [missing, faults, survivors].every((list) => list.length === 0),
);
process.exit(sound && stale.length === 0 ? 0 : 1);
