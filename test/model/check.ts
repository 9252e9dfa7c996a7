import type { AnyEventObject, AnyStateMachine, InspectionEvent } from 'xstate';
import { type Edge, edgesOf, stateText } from './explore.ts';
import { eventText, play } from './play.ts';
import type { Subject } from './subjects.ts';
import { type Coverage, createCoverage } from './transitions.ts';

/** Stands for the event with which a machine begins. */
export const BEGINS = 'xstate.init';

/** An edge that was replayed on the real interpreter, and what came of it. */
export interface Replayed {
  start: string;
  path: AnyEventObject[];
  event: AnyEventObject;
  /** The states that are active before it. */
  within: string[];
  /** The transitions that the interpreter took for it; none where it means nothing. */
  took: string[];
  /** From, event, to, and what parent and children were told: one line. */
  line: string;
}

export interface Checked {
  edges: number;
  /** Edges whose event means nothing in their state. */
  ignored: number;
  replayed: Replayed[];
  coverage: Coverage;
  faults: string[];
}

interface Outcome {
  /** The states that were active before the event. */
  within: string[];
  to: string;
  /** What parent and children were told. */
  said: string[];
  line: string;
}

/** Replays a path and then an event, and writes down what comes of the event; without one, how the machine begins. */
export function replay(
  { machine, subject, start }: { machine: AnyStateMachine; subject: Subject; start: string },
  path: readonly AnyEventObject[],
  event: AnyEventObject | undefined,
  coverage?: Coverage,
): Outcome {
  const inspect: (inspected: InspectionEvent) => void = coverage?.inspect ?? (() => {});
  const run = play(machine, subject.starts[start] ?? {}, Object.keys(subject.outputs), inspect);
  try {
    for (const step of path) run.tell(step);
    const before = run.snapshot();
    const from = stateText(subject, before);
    const armed = event ? run.armed() : new Map();
    const within = before._nodes.map(({ id }) => id);
    if (event) {
      run.said();
      coverage?.latest();
      run.tell(event);
    }
    const after = run.snapshot();
    subject.holds(after);
    const to = stateText(subject, after);
    const said = run.said();
    const notes = event ? changesOf(before.context, after.context) : [];
    const arms = [...run.armed()].filter(([id]) => !armed.has(id)).map(([, delay]) => `arms ${delay}`);
    const outcome = [`→ ${to}`, ...arms, ...notes.map((note) => `notes ${note}`), ...said];
    return {
      within,
      to,
      said,
      line: `${from} · ${event ? eventText(event) : 'begins'}\n  ${outcome.join('\n  ')}`,
    };
  } finally {
    run.stop();
  }
}

/** What is written down differently afterwards. */
function changesOf(before: Record<string, unknown>, after: Record<string, unknown>, under = ''): string[] {
  return Object.entries(after).flatMap(([name, value]) => {
    const known = before?.[name];
    if (JSON.stringify(known) === JSON.stringify(value)) return [];
    const isGroup =
      typeof value === 'object' && value !== null && !Array.isArray(value) && typeof known === 'object';
    if (isGroup && known !== null)
      return changesOf(known as typeof before, value as typeof after, `${under}${name}.`);
    return [`${under}${name} = ${JSON.stringify(value)}`];
  });
}

/** Replays every edge of the pure model on the real interpreter; they must agree. */
export function check(subject: Subject): Checked {
  const { machine } = subject;
  const coverage = createCoverage();
  const faults: string[] = [];
  const replayed: Replayed[] = [];
  let edges = 0;
  let ignored = 0;

  function judge(start: string, { path, event, from, to: modelled }: Edge): void {
    const before = stateText(subject, from);
    const { line, to, said, within } = replay({ machine, subject, start }, path, event, coverage);
    const took = coverage.latest();
    const expected = stateText(subject, modelled);
    replayed.push({ start, path, event, within, took, line });
    if (to !== expected)
      faults.push(`${before} · ${eventText(event)}: the model says ${expected}, it is ${to}`);
    if (took.length > 0) return;
    ignored += 1;
    if (to !== before || said.length > 0)
      faults.push(`${before} · ${eventText(event)} is ignored, but has effects`);
  }

  for (const [start, input] of Object.entries(subject.starts)) {
    coverage.latest();
    const { line, within } = replay({ machine, subject, start }, [], undefined, coverage);
    replayed.push({ start, path: [], event: { type: BEGINS }, within, took: coverage.latest(), line });
    for (const edge of edgesOf(subject, input)) {
      edges += 1;
      judge(start, edge);
    }
  }
  return { edges, ignored, replayed, coverage, faults };
}

/**
 * What a machine does, as text to be kept and compared: for each way in which transitions are taken together, the
 * first edge that takes them so, and what parent and children are told.
 */
export function bookOf(replayed: readonly Replayed[]): string {
  const pages = new Map<string, string>();
  for (const { took, line } of replayed) {
    if (took.length === 0) continue;
    const names = took.map((name) => `  by ${name}`).join('\n');
    const heading = [...new Set(names.split('\n'))].join('\n');
    if (!pages.has(heading)) pages.set(heading, `${line}\n${heading}`);
  }
  return `${[...pages.values()].sort().join('\n\n')}\n`;
}
