import { bookOf, check } from './check.ts';
import { isNoticed, mutantsOf } from './mutants.ts';
import { subjects } from './subjects.ts';
import { statesOf, transitionsOf } from './transitions.ts';

/** What the model tests found out about one machine. */
export interface Finding {
  name: string;
  states: { entered: number; all: number };
  transitions: { taken: number; all: number };
  /** Names of transitions that were never taken and states that were never entered. */
  missing: string[];
  edges: number;
  ignored: number;
  /** Where model and interpreter disagree, or something that should be ignored is not. */
  faults: string[];
  mutants: { killed: number; all: number; survivors: string[] };
  /** All that the machine does, as text. */
  book: string;
}

/** Explores a machine, replays all its edges, and lets its mutants try to go unnoticed. */
export function examine(name: string): Finding {
  const subject = subjects[name];
  if (!subject) throw new Error(`There is no machine ${name}.`);
  const { machine } = subject;
  const { coverage, edges, ignored, faults, replayed } = check(subject);
  const transitions = transitionsOf(machine);
  const states = statesOf(machine);
  const never = transitions.filter(({ name: transition }) => !coverage.taken.has(transition));
  const nowhere = states.filter(({ id }) => !coverage.entered.has(id));

  let all = 0;
  const survivors: string[] = [];
  for (const mutant of mutantsOf(machine)) {
    all += 1;
    if (!isNoticed(subject, mutant, replayed)) survivors.push(`${mutant.how} ${mutant.of}`);
  }
  return {
    name,
    states: { entered: states.length - nowhere.length, all: states.length },
    transitions: { taken: transitions.length - never.length, all: transitions.length },
    missing: [...never.map((transition) => transition.name), ...nowhere.map(({ id }) => id)],
    edges,
    ignored,
    faults,
    mutants: { killed: all - survivors.length, all, survivors },
    book: bookOf(replayed),
  };
}

/** One machine's finding, in lines for a person. */
export function linesOf(finding: Finding): string[] {
  const { name, transitions, states, edges, ignored, mutants } = finding;
  return [
    `${name}: ${transitions.taken}/${transitions.all} transitions, ${states.entered}/${states.all} states; ` +
      `${edges} edges replayed, ${ignored} of them ill-timed events; ${mutants.killed}/${mutants.all} mutants killed`,
    ...finding.missing.map((missing) => `  never taken: ${missing}`),
    ...finding.faults.map((fault) => `  fault: ${fault}`),
    ...mutants.survivors.map((survivor) => `  survives: ${survivor}`),
  ];
}

/** The total over all machines, in one line. */
export function totalOf(findings: readonly Finding[]): string {
  const sum = (count: (finding: Finding) => number) =>
    findings.reduce((total, finding) => total + count(finding), 0);
  return `${sum(({ transitions }) => transitions.taken)}/${sum(({ transitions }) => transitions.all)} transitions`;
}
