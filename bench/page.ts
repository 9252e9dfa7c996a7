import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { barChart, lineChart, type Series } from './chart.ts';
import { median, table } from './figures.ts';
import { measuredContenders, reportOf } from './report.ts';
import { type BenchResults, ratiosOf, type Step, validSteps } from './results.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** Where the figures are kept from which the page is made. */
export const RESULTS_FILE = `${ROOT}bench/results/latest.json`;
const PAGE = `${ROOT}docs/performance.md`;
const PICTURES = `${ROOT}docs/pictures/performance/`;
/** What stands between these is made anew; all the rest of the page is written by hand and kept. */
const BEGIN = '<!-- measured: written by `npm run bench -- --write` -->';
const END = '<!-- /measured -->';

/** Keeps the figures, to a thousandth. */
export async function keepResults(results: BenchResults, file: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const short = (_: string, value: unknown) =>
    typeof value === 'number' ? Math.round(value * 1000) / 1000 : value;
  await writeFile(file, `${JSON.stringify(results, short, 2)}\n`);
}

/** The figures that the page was last made from. */
export async function keptResults(): Promise<BenchResults> {
  return JSON.parse(await readFile(RESULTS_FILE, 'utf8'));
}

/** The page's text with its measured part made anew, and its pictures by their file names. */
export function pageOf(results: BenchResults, page: string): { page: string; pictures: Map<string, string> } {
  const [before, rest] = page.split(BEGIN);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined)
    throw new Error(`${PAGE} has lost the marks of its measured part.`);
  const pictures = picturesOf(results);
  const shown = [...pictures.keys()].map((file) => `![${titleOf(file)}](pictures/performance/${file})\n\n`);
  const profile = results.profile
    ? `\n### Where the busy time goes\n\n\`--cpu-prof\` on the bridge at ${results.profile.calls} calls, time in the functions themselves.\n\n${table(
        ['%', 'what'],
        results.profile.shares.map(({ category, share }) => [(100 * share).toFixed(1), category]),
      )}`
    : '';
  const measured = `\n\n${shown.join('')}${reportOf(results)}${profile}\n`;
  return { page: before + BEGIN + measured + END + after, pictures };
}

/** Writes the page and its pictures. */
export async function writePage(results: BenchResults): Promise<void> {
  const { page, pictures } = pageOf(results, await readFile(PAGE, 'utf8'));
  await writeFile(PAGE, page);
  await mkdir(PICTURES, { recursive: true });
  for (const [file, svg] of pictures) await writeFile(PICTURES + file, svg);
  // The file of figures is checked in, so it has the form of all others.
  await promisify(execFile)(`${ROOT}node_modules/.bin/biome`, ['format', '--write', RESULTS_FILE]);
}

const TITLES: Readonly<Record<string, string>> = {
  'ratio.svg': 'CPU of a frame, as a multiple of the bare relay’s',
  'cost.svg': 'CPU of a frame by the number of calls',
  'to-agent.svg': 'Delay added from the caller to the agent, p99',
  'to-caller.svg': 'Delay added from the agent to the caller, p99',
  'profile.svg': 'Where the busy time of the bridge goes',
};

function titleOf(file: string): string {
  return TITLES[file] ?? file;
}

function picturesOf(results: BenchResults): Map<string, string> {
  const contenders = measuredContenders(results);
  const over = (valuesOf: (server: string, calls: number) => number[]): Series[] =>
    contenders.map(({ name, words }) => ({
      name: words.replaceAll('`', ''),
      points: results.loads.flatMap((calls) => {
        const values = valuesOf(name, calls).filter(Number.isFinite);
        if (values.length === 0) return [];
        return [{ x: calls, y: median(values), least: Math.min(...values), most: Math.max(...values) }];
      }),
    }));
  const of = (pick: (step: Step) => number) =>
    over((server, calls) => validSteps(results, server, calls).map(pick));
  const chart = (file: string, y: string, series: Series[], logarithmic = false) =>
    [file, lineChart({ title: titleOf(file), x: 'calls', y, series, logarithmic })] as const;

  const ratios = over((server, calls) => {
    const yardstick = contenders.find(({ name }) => name === server)?.yardstick ?? '';
    if (yardstick === server) return [];
    return ratiosOf(results, { server, yardstick, calls }, (step) => step.usPerFrame);
  }).filter(({ points }) => points.length > 0);
  const pictures = new Map([
    chart('ratio.svg', 'times', ratios),
    chart(
      'cost.svg',
      'µs',
      of((step) => step.usPerFrame),
    ),
    chart(
      'to-agent.svg',
      'ms',
      of((step) => step.toAgent.p99),
      true,
    ),
    chart(
      'to-caller.svg',
      'ms',
      of((step) => step.toCaller.p99),
      true,
    ),
  ]);
  const shares = results.profile?.shares.map(({ category, share }) => ({
    name: category.replaceAll('`', ''),
    share,
  }));
  if (shares) pictures.set('profile.svg', barChart(titleOf('profile.svg'), shares));
  return pictures;
}
